"""People of each role who are signed in, for the tests of the way in."""

from __future__ import annotations

import time

from core import people, sign_ins
from core.db import Database
from core.roles import Role


def signed_in(db: Database, role: Role, login: str | None = None) -> str:
    """Somebody new who is signed in; returns what their browser keeps."""
    now = time.time()
    with db.write() as connection:
        # No password fits: they are in already, and working one out takes its time.
        new = people.add(connection, login or f"the-{role}", f"The {role}", role, "-", now=now)
        return sign_ins.begin(connection, new, now=now)
