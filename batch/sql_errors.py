"""What a destination's database has said, in words: whose fault it is, and what to do about it."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from batch.destination_options import SqlOptions, SqlSystem
from core.errors import DestinationError, DestinationRefused
from core.postgres import first_line

#: What may go wrong while a database is spoken to, whoever raises it.
DRIVER_ERRORS = (sa.exc.SQLAlchemyError, psycopg.Error, OSError)

#: Of Postgres, by the beginning of its code: connection lost, no room, stopped by its
#: administrator, deadlock or conflict, lock not got, idle for too long.
_PASSING_STATES = ("08", "53", "57", "40", "55P03", "25P03")
#: Too many connections, stopping, lock not got, deadlock, and every trouble of the connection.
_PASSING_NUMBERS = (1040, 1053, 1205, 1213, *range(2000, 2100))
_NAME_WORDS = ("resolve host", "name or service not known", "name resolution", "nodename nor")
_KEY_WORDS = ("password", "access denied", "authentication", "role ")
_DATABASE_WORDS = ("unknown database", "does not exist", "no such")


class RowRefused(DestinationRefused):
    """The database does not take what a row holds; another row may be fine."""


def told(error: Exception, options: SqlOptions, password: str) -> DestinationError:
    """What went wrong, for people, and without the password."""
    said = _said(error).rstrip(".")
    if password:
        said = said.replace(password, "…")
    if _of_a_row(error):
        return RowRefused(f"The database does not take it: {said}.")
    where = options.host or options.database
    if not _connected(error):
        if any(word in said.lower() for word in _NAME_WORDS):
            said = "no server of this name is found"
        message = f"The database at {where} cannot be used: {said}. {_advice(said, options)}"
        for_good = any(word in said.lower() for word in (*_KEY_WORDS, *_DATABASE_WORDS))
        return DestinationRefused(message) if for_good else DestinationError(message)
    if _passes(error):
        return DestinationError(f"The database at {where} could not do it now: {said}.")
    return DestinationRefused(f"The database at {where} refused it: {said}.")


def _said(error: Exception) -> str:
    """What the driver says, without the number that MySQL's puts before it."""
    inner = getattr(error, "orig", None) or error
    if _number(error) is not None and len(inner.args) > 1:
        return first_line(Exception(inner.args[1]))
    return first_line(error)


def _of_a_row(error: Exception) -> bool:
    # Both drivers tell it by the standard's codes.
    state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
    if state:
        return state.startswith(("22", "23"))
    return isinstance(error, (sa.exc.DataError, sa.exc.IntegrityError))


def _connected(error: Exception) -> bool:
    """Whether the database itself has answered, over a connection that stands."""
    if _state(error):
        # No connection, no right to one, no such database.
        return not _state(error).startswith(("08", "28", "3D", "57P"))
    number = _number(error)
    if number is not None:
        return not (number in (1040, 1044, 1045, 1049) or 2000 <= number < 2100)
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return False
    return not isinstance(error, (sa.exc.OperationalError, psycopg.OperationalError, OSError))


def _passes(error: Exception) -> bool:
    if _state(error):
        return _state(error).startswith(_PASSING_STATES)
    number = _number(error)
    return number in _PASSING_NUMBERS if number is not None else False


def _state(error: Exception) -> str:
    """Postgres' code for what went wrong."""
    inner = getattr(error, "orig", error)
    return str(inner.sqlstate or "") if isinstance(inner, psycopg.Error) else ""


def _number(error: Exception) -> int | None:
    """MySQL's number for what went wrong."""
    inner = getattr(error, "orig", error)
    first = inner.args[0] if inner is not None and inner.args else None
    return first if isinstance(first, int) and not isinstance(inner, OSError) else None


def _advice(said: str, options: SqlOptions) -> str:
    lower = said.lower()
    if any(word in lower for word in _KEY_WORDS):
        return f"Check the user “{options.user}” and the password."
    if any(word in lower for word in _DATABASE_WORDS):
        return f"Check the name of the database “{options.database}”."
    if options.system is SqlSystem.SQLITE:
        return "Check that it is a SQLite file and that the folder for exports can be written to."
    return "Check the server and the port, and that the database runs there."
