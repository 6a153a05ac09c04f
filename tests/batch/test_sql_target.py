from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from batch import deliveries, delivery_control, destinations, sql_errors, targets
from batch.choice import Choice
from batch.delivery_items import column_name, item_columns
from batch.destination_options import DestinationKind, SqlOptions, SqlSystem
from batch.destinations import Destination
from batch.fields import parse_fields
from core import ports
from core.db import Database
from core.errors import DestinationError, DestinationRefused
from core.settings import Settings
from core.statuses import DeliveryStatus
from core.values import Value
from tests import mysql
from tests.batch.delivering import (
    FIELDS,
    approve,
    asked,
    brought,
    counts,
    delivered,
    destination,
    finished,
    sql_options,
)
from tests.mysql import MySql
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def mysql_server() -> Iterator[MySql]:
    with mysql.running(ports.unused()) as server:
        yield server


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.processes),
        pytest.param("mysql", marks=pytest.mark.processes),
    ]
)
def where(request: pytest.FixtureRequest, settings: Settings) -> str:
    """The URL of somebody's database."""
    if request.param == "sqlite":
        return f"sqlite:///{settings.exports / 'shop.db'}"
    if request.param == "mysql":
        other: MySql = request.getfixturevalue("mysql_server")
        return other.new_database()
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def target(where: str, settings: Settings) -> Iterator[sa.Engine]:
    settings.exports.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(where, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def options(where: str, **more: Any) -> dict[str, Any]:
    given = sql_options(where, **more)
    if where.startswith("sqlite"):
        given["database"] = "shop.db"
    return given


@pytest.fixture
def to(settings: Settings, db: Database, where: str) -> Destination:
    return destination(settings, db, DestinationKind.SQL, options(where))


def stored(target: sa.Engine, table: str = "products") -> dict[str, Any]:
    with target.connect() as connection:
        described = sa.Table(table, sa.MetaData(), autoload_with=connection)
        found = connection.execute(described.select()).mappings()
        return {row["product_id"]: _read(dict(row)) for row in found}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    """A row; lists are texts where a database has no better type for them."""
    listed = {
        name: json.loads(value)
        for name, value in row.items()
        if isinstance(value, str) and value.startswith("[")
    }
    return row | listed


def run(target: sa.Engine, statement: str) -> None:
    with target.begin() as connection:
        connection.execute(sa.text(statement))


def test_the_table_is_made_and_filled_with_typed_values(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    job = finished(settings, db, 3, failed=[3])
    delivery = brought(settings, db, to, job)
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (2, 2, 2, 0)
    found = stored(target)
    assert sorted(found) == ["P1", "P2"]
    row = found["P2"]
    assert (row["title"], row["price"]) == ("Acme bottle 2", 2.5)
    assert (row["brand"], row["capacity_l"], row["tags"]) == ("Acme", 1.0, ["bottle", "no 2"])
    assert row["waterproof"] in (True, 1)
    assert (row["job_id"], row["delivery_id"]) == (job.id, delivery.id)
    assert row["delivered_at"] is not None


def test_a_second_delivery_changes_only_what_differs(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    first = brought(settings, db, to, finished(settings, db, 5))
    again = brought(settings, db, to, finished(settings, db, 5))
    assert (again.sent, again.changed) == (5, 0)
    assert {row["delivery_id"] for row in stored(target).values()} == {first.id}
    other = finished(
        settings, db, 6, changed={2: {"brand": Value("Zenit")}, 3: {"tags": Value([])}}
    )
    third = brought(settings, db, to, other)
    assert (third.sent, third.changed, third.unchanged) == (6, 3, 3)
    found = stored(target)
    assert len(found) == 6
    assert found["P2"]["brand"] == "Zenit"
    assert {key for key, row in found.items() if row["delivery_id"] == third.id} == {
        "P2",
        "P3",
        "P6",
    }


def test_a_value_that_is_no_longer_found_is_taken_away(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    brought(settings, db, to, finished(settings, db, 1))
    fields = parse_fields([{"name": "brand"}, {"name": "tags", "type": "list"}])
    fewer = finished(settings, db, 1, fields=fields, changed={1: {"brand": Value("")}})
    brought(settings, db, to, fewer)
    row = stored(target)["P1"]
    assert row["brand"] == ""
    assert row["capacity_l"] == 0.5, "columns of fields that this job has not stay as they are"


def test_only_approved_rows_are_sent_where_that_is_asked(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    job = finished(settings, db, 4)
    approve(db, job, [2, 4])
    delivery = brought(settings, db, to, job, Choice.APPROVED)
    assert counts(delivery) == (2, 2, 2, 0)
    assert sorted(stored(target)) == ["P2", "P4"]


def test_columns_that_are_missing_are_added_or_named(
    settings: Settings, db: Database, to: Destination, target: sa.Engine, where: str
) -> None:
    job = finished(settings, db, 1)
    run(target, "CREATE TABLE products (product_id VARCHAR(200) PRIMARY KEY, title TEXT, mine INT)")
    run(target, "INSERT INTO products VALUES ('P9', 'Old', 7)")
    destinations.change(settings, db, to.id, "Strict", options(where, adds_columns=False))
    trial = targets.attempt(settings, db, to.id)
    assert not trial.works
    assert "has no columns “price”, “currency”, “brand”" in trial.said
    assert "capacity_l" in trial.missing
    delivery = asked(db, to, job)
    with pytest.raises(DestinationRefused, match="brand"):
        delivered(settings, db, delivery)
    assert targets.attempt(settings, db, to.id, adds=True).works
    assert delivered(settings, db, delivery).status is DeliveryStatus.DONE
    found = stored(target)
    assert found["P9"]["mine"] == 7
    assert (found["P1"]["brand"], found["P1"]["mine"]) == ("Acme", None)


def test_a_column_of_another_type_is_named(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    run(target, "CREATE TABLE products (product_id VARCHAR(200) PRIMARY KEY, price TEXT)")
    trial = targets.attempt(settings, db, to.id)
    assert "“price” of the table “products” holds text, but a number" in trial.said


def test_a_table_without_the_key_is_refused(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    run(target, "CREATE TABLE products (product_id VARCHAR(200), title TEXT)")
    assert "is no key" in targets.attempt(settings, db, to.id).said
    run(target, "DROP TABLE products")
    run(target, "CREATE TABLE products (sku VARCHAR(200) PRIMARY KEY)")
    assert "has no column “product_id”" in targets.attempt(settings, db, to.id).said


def test_trying_leaves_no_row_behind(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    assert targets.attempt(settings, db, to.id).works
    assert targets.attempt(settings, db, to.id).works
    assert stored(target) == {}
    known = destinations.get(db, to.id)
    assert known.problem == "" and known.tried_at


def test_a_row_that_the_table_does_not_take_fails_alone_and_can_be_sent_again(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    if target.dialect.name == "sqlite":
        check = "CHECK (length(brand) < 6)"
    else:
        check = "CHECK (char_length(brand) < 6)"
    run(
        target,
        f"CREATE TABLE products (product_id VARCHAR(200) PRIMARY KEY, brand TEXT {check})",
    )
    job = finished(settings, db, 5, changed={3: {"brand": Value("Far too long")}})
    delivery = brought(settings, db, to, job)
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (5, 4, 4, 1)
    (failure,) = deliveries.failures(db, delivery.id)
    assert (failure.row_no, failure.product_id) == (3, "P3")
    assert re.search(r"constraint.*brand|brand.*constraint", failure.reason, re.I)
    assert "P3" not in stored(target)
    run(target, "DELETE FROM products")
    run(target, "DROP TABLE products")
    delivery_control.retry_failed(db, delivery.id)
    again = delivered(settings, db, delivery)
    assert counts(again) == (5, 5, 5, 0)
    assert deliveries.failures(db, delivery.id) == []
    assert sorted(stored(target)) == ["P3"]


def test_a_table_that_takes_nothing_stops_the_delivery(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    run(
        target,
        "CREATE TABLE products (product_id VARCHAR(200) PRIMARY KEY, needed INT NOT NULL)",
    )
    with pytest.raises(DestinationRefused, match="needed"):
        delivered(settings, db, asked(db, to, finished(settings, db, 60)))
    assert stored(target) == {}


def test_of_rows_with_the_same_id_the_last_one_counts(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    job = finished(settings, db, 3, ids={1: "same", 2: "same"})
    delivery = brought(settings, db, to, job)
    assert delivery.sent == 3
    found = stored(target)
    assert len(found) == 2
    assert found["same"]["title"] == "Acme bottle 2"


def test_ids_that_differ_in_case_or_accents_are_different_products(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    brought(settings, db, to, finished(settings, db, 3, ids={1: "a1", 2: "A1", 3: "á1"}))
    assert sorted(stored(target)) == ["A1", "a1", "á1"]


HOSTILE = "'); DROP TABLE products; -- \\ \" % :x \x00 \U0001f600"


def test_hostile_words_are_only_words(
    settings: Settings, db: Database, to: Destination, target: sa.Engine
) -> None:
    fields = parse_fields(
        [
            {"name": '"; DROP TABLE x; --'},
            {"name": "title"},
            {"name": "99 % \\ bottles", "type": "list"},
            {"name": "サイズ"},
        ]
    )
    changed = {
        1: {
            '"; DROP TABLE x; --': Value(HOSTILE),
            "title": Value("\\N"),
            "99 % \\ bottles": Value([HOSTILE, "\t\n"]),
            "サイズ": Value("大"),
        }
    }
    job = finished(settings, db, 2, fields=fields, changed=changed, ids={1: "x'); DROP --"})
    assert brought(settings, db, to, job).changed == 2
    assert brought(settings, db, to, job).changed == 0
    row = stored(target)["x'); DROP --"]
    said = HOSTILE.replace("\x00", "")
    assert (row["drop_table_x"], row["title_extracted"]) == (said, "\\N")
    assert (row["_99_bottles"], row["サイズ"]) == ([said, "\t\n"], "大")


@pytest.mark.parametrize("table", ["a b", "x;--", 'x"y', "1st", "a.b.c", "", "x" * 61, "select*"])
def test_table_names_that_are_none_are_refused(
    settings: Settings, db: Database, table: str
) -> None:
    given = {"system": "sqlite", "database": "shop.db", "table": table}
    with pytest.raises(DestinationRefused, match="name"):
        destination(settings, db, DestinationKind.SQL, given)


def test_a_table_may_be_called_like_a_word_of_the_language(
    settings: Settings, db: Database, where: str, target: sa.Engine
) -> None:
    to = destination(settings, db, DestinationKind.SQL, options(where, table="select"))
    assert brought(settings, db, to, finished(settings, db, 1)).changed == 1
    assert sorted(stored(target, "select")) == ["P1"]


@pytest.mark.processes
@pytest.mark.parametrize("table", ["jobs", "Products", "events", "alembic_version", "dbos.x"])
def test_shopkeepers_own_tables_are_out_of_reach(
    settings: Settings, db: Database, postgres: Postgres, table: str
) -> None:
    ours = postgres.migrated_database()
    to = destination(settings, db, DestinationKind.SQL, sql_options(ours, table=table))
    assert "table of Shopkeeper itself" in targets.attempt(settings, db, to.id).said


@pytest.mark.processes
def test_a_wrong_password_is_told_without_it(
    settings: Settings, db: Database, postgres: Postgres
) -> None:
    url = sa.make_url(postgres.new_database())
    given = sql_options(str(url), password="hush-hush", user="nobody-here", host="127.0.0.1")
    to = destination(settings, db, DestinationKind.SQL, given | {"port": 1})
    trial = targets.attempt(settings, db, to.id)
    assert "cannot be used" in trial.said
    everywhere = f"{trial} {to!r} {destinations.get(db, to.id)!r} {destinations.listing(db)!r}"
    assert "hush-hush" not in everywhere
    with pytest.raises(DestinationError) as raised:
        targets.open_target(settings, db, to).prepare(())
    chain: BaseException | None = raised.value
    while chain is not None:
        assert "hush-hush" not in f"{chain} {chain!r}"
        chain = chain.__cause__
    with db.read() as connection:
        dump = str(connection.execute(sa.text("SELECT * FROM destinations")).all())
    assert "hush-hush" not in dump


def test_a_server_that_nobody_knows_is_named_in_words() -> None:
    options = SqlOptions(system=SqlSystem.POSTGRES, host="db.nowhere", database="shop", table="p")
    said = "failed to resolve host 'db.nowhere': [Errno -2] Name or service not known"
    error = sql_errors.told(psycopg.OperationalError(said), options, "")
    assert error.message == (
        "The database at db.nowhere cannot be used: no server of this name is found. Check the "
        "server and the port, and that the database runs there."
    )
    assert error.transient


@pytest.mark.processes
def test_what_is_wrong_with_the_way_to_a_database_is_told(
    settings: Settings, db: Database, mysql_server: MySql
) -> None:
    right = sql_options(mysql_server.new_database())
    wrong: dict[str, dict[str, Any]] = {
        "user “shop” and the password": {"password": "not-" + mysql.PASSWORD},
        "name of the database “elsewhere”": {"database": "elsewhere"},
        "server and the port": {"port": ports.unused()},
    }
    for number, (said, given) in enumerate(wrong.items()):
        name = f"Wrong {number}"
        to = destinations.add(settings, db, name, DestinationKind.SQL, right | given)
        trial = targets.attempt(settings, db, to.id)
        assert not trial.works
        assert said in trial.said, trial.said
        assert mysql.PASSWORD not in trial.said


@pytest.mark.parametrize("file", ["../shop.db", "/etc/shop.db", "a/../../b.db", "~/x.db", "."])
def test_a_database_file_stays_below_the_folder_for_exports(
    settings: Settings, db: Database, file: str
) -> None:
    given = {"system": "sqlite", "database": file, "table": "products"}
    with pytest.raises(DestinationRefused, match="below the folder for exports"):
        destination(settings, db, DestinationKind.SQL, given)


def test_a_link_out_of_the_folder_for_exports_leads_nowhere(
    settings: Settings, db: Database
) -> None:
    settings.exports.mkdir(parents=True)
    (settings.exports / "out").symlink_to(settings.home)
    given = {"system": "sqlite", "database": "out/shopkeeper.db", "table": "x"}
    to = destination(settings, db, DestinationKind.SQL, given)
    assert "is not below" in targets.attempt(settings, db, to.id).said


def test_columns_are_named_as_databases_like_it() -> None:
    names = [one.name for one in item_columns(FIELDS)]
    assert names == ["brand", "capacity_l", "waterproof", "tags"]
    assert column_name("price") == "price_extracted"
    assert column_name("--") != column_name("**")
    assert len(column_name("ü" * 60).encode()) <= 60
    with pytest.raises(DestinationRefused, match="would both be the column “size_eu”"):
        item_columns(parse_fields([{"name": "Size (EU)"}, {"name": "size EU"}]))
