"""A table of a database as a destination: Postgres, MySQL or a SQLite file.

Products are put in by their id: new ones are added, those whose values differ are
replaced, all others are left alone. So the same delivery can come twice and harms
nothing. How a database takes many rows quickly is :mod:`batch.sql_upsert`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from batch import sql_upsert
from batch.delivery_items import Item, ItemColumn
from batch.destination_options import Encryption, SqlOptions, SqlSystem
from batch.export_folder import place_below
from batch.sql_errors import DRIVER_ERRORS, RowRefused, told
from batch.sql_table import make_ready, wanted_table
from batch.target import Mark, Refusal, Sent
from core.engines import BUSY_TIMEOUT_S
from core.settings import Settings

#: Items in one transaction.
AT_ONCE = 2_000
CONNECT_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 120
#: Rows refused one by one, when the first of a delivery are all refused: the rest would be, too.
HOPELESS = 50
_SSL_MODES = {
    Encryption.OFFERED: "prefer",
    Encryption.ALWAYS: "require",
    Encryption.CHECKED: "verify-full",
}


class SqlTarget:
    """A table of a database.

    Args:
        settings: Names the folder for exports.
        options: Which database and table.
        password: Of the user.
    """

    at_once = AT_ONCE

    def __init__(self, settings: Settings, options: SqlOptions, password: str) -> None:
        self._options = options
        self._password = password
        self._engine = _engine(settings, options, password)
        self._connection: Connection | None = None
        self._table = wanted_table(options.table, ())
        self._upsert: sql_upsert.Upsert | None = None

    def prepare(self, columns: Sequence[ItemColumn]) -> None:
        """Create the table, or see that it takes what is delivered.

        Raises:
            DestinationRefused: It does not.
            DestinationError: The database cannot be reached.
        """
        self.make_ready(columns, adds=self._options.adds_columns)

    def make_ready(self, columns: Sequence[ItemColumn], *, adds: bool) -> tuple[str, ...]:
        """Create or check the table; returns the columns that were added to it."""
        self._table = wanted_table(self._options.table, columns)
        self._upsert = None
        with self._transaction() as connection:
            added = make_ready(connection, self._table, adds=adds)
        self._upsert = sql_upsert.Upsert(self._table, columns)
        return added

    def pick(self, items: Sequence[Item]) -> Sequence[Item]:
        """All of them: the table is asked what it has."""
        return items

    def send(self, items: Sequence[Item], mark: Mark, *, again: bool) -> Sent:
        """Put items into the table in one transaction; one by one, if it does not take them all.

        Raises:
            DestinationRefused: None of many was taken.
            DestinationError: The database cannot be reached.
        """
        try:
            return Sent(len(items), self._put(items, mark, again=again))
        except RowRefused:
            return self._one_by_one(items, mark, again=again)

    def probe(self) -> None:
        """See that a product can be written, and leave nothing of it there."""
        item = Item(0, "shopkeeper-try", "", None, None, {})
        with self._transaction(keep=False) as connection:
            self._ready.put(connection, [item], Mark("", ""), again=False)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    @property
    def _ready(self) -> sql_upsert.Upsert:
        assert self._upsert is not None, "prepare() comes first"
        return self._upsert

    def _put(self, items: Sequence[Item], mark: Mark, *, again: bool) -> int:
        with self._transaction() as connection:
            return self._ready.put(connection, items, mark, again=again)

    def _one_by_one(self, items: Sequence[Item], mark: Mark, *, again: bool) -> Sent:
        changed, refused = 0, list[Refusal]()
        for item in items:
            try:
                changed += self._put([item], mark, again=again)
            except RowRefused as error:
                refused.append(Refusal(item.row_no, item.product_id, error.message))
                if len(refused) == HOPELESS and refused[-1].row_no == items[HOPELESS - 1].row_no:
                    raise
        return Sent(len(items) - len(refused), changed, tuple(refused))

    @contextmanager
    def _transaction(self, *, keep: bool = True) -> Iterator[Connection]:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin() as transaction:
                yield self._connection
                if not keep:
                    transaction.rollback()
        except DRIVER_ERRORS as error:
            problem = told(error, self._options, self._password)
            if not isinstance(problem, RowRefused):
                self._let_go()
            raise problem from error

    def _let_go(self) -> None:
        broken, self._connection = self._connection, None
        if broken is not None:
            broken.invalidate()
            broken.close()


def _engine(settings: Settings, options: SqlOptions, password: str) -> Engine:
    makers: dict[SqlSystem, Callable[[Settings, SqlOptions, str], Engine]] = {
        SqlSystem.POSTGRES: _postgres,
        SqlSystem.MYSQL: _mysql,
        SqlSystem.SQLITE: _sqlite,
    }
    return makers[options.system](settings, options, password)


def _made(url: sa.URL, **connect: Any) -> Engine:
    # What is sent is nobody's business in an error; one connection is all that is used.
    return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, connect_args=connect)


def _address(options: SqlOptions, driver: str, password: str) -> sa.URL:
    return sa.URL.create(
        driver,
        username=options.user or None,
        password=password or None,
        host=options.host,
        port=options.port,
        database=options.database,
    )


def _postgres(_: Settings, options: SqlOptions, password: str) -> Engine:
    connect: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "shopkeeper delivery",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "options": f"-c statement_timeout={ANSWER_TIMEOUT_S * 1000}",
        "sslmode": _SSL_MODES[options.encryption],
    }
    if options.encryption is Encryption.CHECKED:
        connect["sslrootcert"] = "system"
    url = _address(options, "postgresql+psycopg", password)
    if options.host and options.host.startswith("/"):
        url, connect["host"] = url.set(host=None), options.host
    return _made(url, **connect)


def _mysql(_: Settings, options: SqlOptions, password: str) -> Engine:
    connect: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": ANSWER_TIMEOUT_S,
        "write_timeout": ANSWER_TIMEOUT_S,
        "charset": "utf8mb4",
    }
    if options.encryption is Encryption.CHECKED:
        connect["ssl_verify_cert"] = connect["ssl_verify_identity"] = True
    elif options.encryption is Encryption.ALWAYS:
        connect["ssl"] = {"check_hostname": False}
    return _made(_address(options, "mysql+pymysql", password), **connect)


def _sqlite(settings: Settings, options: SqlOptions, _: str) -> Engine:
    path = place_below(settings, options.database)
    engine = _made(sa.URL.create("sqlite", database=str(path)), timeout=BUSY_TIMEOUT_S)

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        # SQLAlchemy, not the driver, begins transactions, so that a table can be made in one.
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
