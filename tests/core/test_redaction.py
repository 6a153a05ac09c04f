"""Secrets stay out of logs, tracebacks and messages."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import redaction, sealed
from core.db import open_database
from core.endpoint_file import read_endpoints
from core.endpoints import Endpoint
from core.errors import ServiceError, SettingError
from core.settings import Settings, load_settings

CANARY = "canary-7d1f0c-secret"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql+psycopg://shop:{CANARY}@db/shop",
        f"cannot reach https://me:{CANARY}@example.com/v1: refused",
        "Authorization: Bearer abcdefghijklmnop0123",
        "Incorrect API key provided: sk-proj-abcdefghijklmnop.",
    ],
)
def test_what_looks_like_a_secret_is_left_out(text: str) -> None:
    shown = redaction.redacted(text)
    assert redaction.MASK in shown
    assert CANARY not in shown and "abcdefghijklmnop" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "Row 3, column price: 12:30 is not a number.",
        "https://shop.example.com/a:b?c=d@e",
        "A basic understandingofbearerbonds of it",
        "http://127.0.0.1:8501/jobs",
        "sk-8 skis",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert redaction.redacted(text) == text


def test_a_secret_is_found_however_it_is_written() -> None:
    redaction.hide("pass/word with+signs")
    for form in ("pass/word with+signs", "pass%2Fword%20with%2Bsigns"):
        assert redaction.redacted(f"<{form}>") == f"<{redaction.MASK}>"
    redaction.hide("short", "", None)
    assert redaction.redacted("a short word") == "a short word"


def test_logs_of_anybody_have_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    redaction.hide(CANARY)
    redaction.install()
    written = io.StringIO()
    logger = logging.getLogger("somebody.else")
    handler = logging.StreamHandler(written)
    logger.addHandler(handler)
    try:
        logger.warning("the key %s of %d", CANARY, 1)
        logger.warning({"key": CANARY})
        try:
            raise ValueError(CANARY)
        except ValueError:
            logger.exception("failed")
        logger.warning("where", stack_info=True)
        logger.warning("%d rows", 3)
    finally:
        logger.removeHandler(handler)
    assert CANARY not in written.getvalue()
    assert "the key ••• of 1" in written.getvalue()
    assert "ValueError: •••" in written.getvalue()
    assert "3 rows" in written.getvalue()


@pytest.mark.parametrize("how", ["raise ValueError(secret)", "thread"])
def test_a_process_that_ends_with_an_error_does_not_tell_its_secrets(
    tmp_path: Path, how: str
) -> None:
    script = (
        "import threading\nfrom core import logs\nfrom core.settings import load_settings\n"
        "logs.begin()\nsecret = load_settings().secret_key.get_secret_value()\n"
        "def fail(): raise ValueError(secret)\n"
    )
    script += "threading.Thread(target=fail).start()" if how == "thread" else how
    variables = {"SHOPKEEPER_HOME": str(tmp_path), "SHOPKEEPER_SECRET_KEY": CANARY}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=False
    )
    assert "ValueError: •••" in ended.stderr
    assert CANARY not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOPKEEPER_SECRET_KEY", "canary-short"),
        ("SHOPKEEPER_CHROMA_TOKEN", "canary with spaces in it"),
        ("SHOPKEEPER_CHROMA", "ftp://me:canary-short@example.com"),
    ],
)
def test_a_malformed_setting_is_named_without_what_is_secret_in_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name) as told:
        load_settings()
    assert "canary" not in str(told.value)
    assert "canary" not in str(told.value.__cause__)


def test_settings_show_no_secret_when_they_are_printed() -> None:
    url = f"postgresql+psycopg://shop:{CANARY}@db/shop"
    settings = load_settings(
        database=url, openai_api_key=CANARY, openai_base_url=f"https://a:{CANARY}@b/v1"
    )
    assert CANARY not in repr(settings) + str(settings)
    assert CANARY not in str(ServiceError(f"cannot reach {settings.database_url}"))


def test_keys_of_endpoints_and_unsealed_secrets_are_known(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(
        '[[endpoint]]\nname = "a"\nbase_url = "http://a/v1"\nmodel = "m"\nkey_env = "A_KEY"\n'
    )
    read_endpoints(path, Endpoint("e", "", ""), lambda _name: "the key of the endpoint")
    assert redaction.redacted("<the key of the endpoint>") == "<•••>"
    stored = sealed.seal(settings, "the password of a mail server")
    sealed.unseal(settings, stored)
    assert redaction.redacted("<the password of a mail server>") == "<•••>"


def test_an_error_of_the_database_does_not_tell_what_was_to_be_stored(settings: Settings) -> None:
    db = open_database(settings)
    with pytest.raises(sa.exc.IntegrityError) as told, db.write() as connection:
        insert = sa.text("INSERT INTO uploads (id, name) VALUES (:id, :name)")
        connection.execute(insert, {"id": "a", "name": "a customer's words"})
    db.close()
    assert "customer" not in str(told.value)
