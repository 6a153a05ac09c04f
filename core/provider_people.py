"""People who sign in at a provider of OpenID Connect: who they are here, by what it says of them.

Their role is found anew at each sign-in, so that the provider is where it is changed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import sign_ins
from core.db import Database
from core.errors import SignInError
from core.people import LONGEST_NAME
from core.people_tables import people as table
from core.roles import Role
from core.settings import Settings

log = logging.getLogger(__name__)

#: What a provider has said this long ago is nobody's sign-in any more. Clocks differ a little.
LASTS_S = 600.0
_CLOCKS_S = 120.0


def with_claims(settings: Settings, db: Database, claims: Mapping[str, Any], *, now: float) -> str:
    """Sign somebody in; returns the token that their browser keeps.

    Args:
        settings: Who is what.
        db: The database.
        claims: What a checked ID token says.
        now: Epoch seconds.

    Raises:
        SignInError: It says too little, or was said too long ago; or they were shut out here.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not issuer or not subject:
        raise SignInError("The provider did not say who you are. Please try again.")
    issued = claims.get("iat")
    if not isinstance(issued, int | float) or not -_CLOCKS_S <= now - issued <= LASTS_S:
        raise SignInError("This sign-in is too old. Please sign in again.")
    values = {
        "name": _name(claims),
        "email": _email(claims) or "",
        "role": role_of(settings, claims),
    }
    try:
        return _begin(db, f"{issuer} {subject}"[:400], values, now)
    except sa.exc.IntegrityError:
        # Somebody new has come in two windows at the same time; by now they are known.
        return _begin(db, f"{issuer} {subject}"[:400], values, now)


def _begin(db: Database, subject: str, values: dict[str, Any], now: float) -> str:
    with db.write() as connection:
        person_id = _known(connection, subject, values, now)
        log.info("person %s signed in at the provider as %s", person_id, values["role"])
        return sign_ins.begin(connection, person_id, now=now)


def role_of(settings: Settings, claims: Mapping[str, Any]) -> Role:
    """What somebody is here: by their address if it is verified, or by what the claim says."""
    email, said = _email(claims), _said(claims, settings.oidc_role_claim)
    named = {
        Role.ADMINISTRATOR: settings.oidc_administrators,
        Role.MERCHANDISER: settings.oidc_merchandisers,
    }
    for role, listed in named.items():
        names = {name.strip().casefold() for name in listed.split(",") if name.strip()}
        # A group that is called like an address is no address, and the other way round.
        addresses = {name for name in names if "@" in name}
        groups = (names - addresses) | {str(role)}
        if email in addresses or said & groups:
            return role
    return Role.SHOPPER


def _said(claims: Mapping[str, Any], claim: str | None) -> set[str]:
    """The values of a claim, which may lie inside another: ``realm_access.roles``."""
    if claim is None:
        return set()
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list) else [found]
    return {value.strip().casefold() for value in values if isinstance(value, str)}


def _email(claims: Mapping[str, Any]) -> str | None:
    """Their address, unless anybody could have claimed it."""
    email = claims.get("email")
    # Some providers write it as a text.
    verified = claims.get("email_verified") in (True, "true")
    return email.strip().casefold() if isinstance(email, str) and verified else None


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("name", "preferred_username", "email"):
        said = claims.get(claim)
        if isinstance(said, str) and said.strip():
            return said.strip()[:LONGEST_NAME]
    return "Somebody"


def _known(connection: Connection, subject: str, values: dict[str, Any], now: float) -> str:
    found = sa.select(table.c.id, table.c.enabled).where(table.c.subject == subject)
    row = connection.execute(found).first()
    if row is None:
        person_id = secrets.token_hex(8)
        new = values | {"id": person_id, "subject": subject, "created_at": now}
        connection.execute(sa.insert(table).values(new))
        return person_id
    if not row.enabled:
        raise SignInError("Your access to this shop was switched off. Ask its administrator.")
    connection.execute(sa.update(table).where(table.c.id == row.id).values(values))
    return str(row.id)
