"""The tables of who may come in; times are seconds since the epoch (UTC).

No password, token or link is stored, only what they are checked by.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Float, Integer, LargeBinary, Table

from core.schema import metadata
from core.storable import String, Text

people = Table(
    "people",
    metadata,
    Column("id", String(16), primary_key=True),
    #: By which they sign in here: a name or an e-mail address, folded; none for those who
    #: sign in elsewhere.
    Column("login", String(200), unique=True),
    Column("name", Text, nullable=False, server_default=""),
    #: As the provider has verified it; of those who sign in elsewhere.
    Column("email", Text, nullable=False, server_default=""),
    Column("role", String(16), nullable=False),
    #: Argon2; none for those who sign in elsewhere.
    Column("password_hash", Text),
    #: Issuer and subject of those who sign in elsewhere.
    Column("subject", String(400), unique=True),
    Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float),
)

#: Who is signed in, by a digest of the token that the browser keeps.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column(
        "person_id",
        String(16),
        sa.ForeignKey("people.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
)

#: Links that let somebody in once, by a digest of what stands in the link.
invitations = Table(
    "invitations",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("role", String(16), nullable=False),
    #: Whose password is set anew; none: of somebody who is not known yet.
    Column("person_id", String(16), sa.ForeignKey("people.id", ondelete="CASCADE")),
    Column("created_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("used_at", Float),
)

#: Failed tries to sign in, by what they have in common: a login, an address.
sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", Float, nullable=False),
)
