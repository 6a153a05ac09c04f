"""Leases, demands and conditions as rows. Knows how they are stored, not who deserves one.

Everything here runs inside a turn of :class:`core.pool_store.PoolStore`.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.admission import Lease
from core.condition import Condition
from core.db import upsert
from core.endpoints import Endpoint
from core.schema import Lane, Mode, conditions, demands, leases

#: A holder that has not been heard of for so long has lost its leases.
EXPIRY_S = 9.0


def holder_name() -> str:
    """A name for this process that no other one has, on any machine."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


def expire(connection: Connection, now: float) -> None:
    """Remove what dead processes have left."""
    connection.execute(leases.delete().where(leases.c.expires_at < now))
    connection.execute(demands.delete().where(demands.c.expires_at < now))


def load(connection: Connection, endpoint: str | None = None) -> list[Lease]:
    """All leases, the oldest first; of one endpoint, if it is named."""
    query = sa.select(*(leases.c[name] for name in Lease.__dataclass_fields__))
    if endpoint is not None:
        query = query.where(leases.c.endpoint == endpoint)
    return [_lease(row) for row in connection.execute(query.order_by(leases.c.id)).mappings()]


def find(connection: Connection, lease_id: int) -> Lease | None:
    """One lease, if it is still there."""
    query = sa.select(*(leases.c[name] for name in Lease.__dataclass_fields__))
    row = connection.execute(query.where(leases.c.id == lease_id)).mappings().first()
    return _lease(row) if row else None


def _lease(row: RowMapping) -> Lease:
    return Lease(**(dict(row) | {"lane": Lane(row["lane"])}))


def insert(
    connection: Connection,
    endpoint: str,
    lane: Lane,
    holder: str,
    now: float,
    *,
    slot: int | None,
    owed: bool = False,
) -> Lease:
    """A new lease."""
    parts: dict[str, Any] = {
        "endpoint": endpoint,
        "lane": lane,
        "holder": holder,
        "slot": slot,
        "revoked": False,
        "owed": owed,
        "since": now,
    }
    done = connection.execute(leases.insert().values(**parts, expires_at=now + EXPIRY_S))
    assert done.inserted_primary_key is not None
    return Lease(id=int(done.inserted_primary_key[0]), **parts)


def give_slot(connection: Connection, lease: Lease, slot: int, now: float) -> None:
    """A waiting lease gets its slot."""
    connection.execute(leases.update().where(leases.c.id == lease.id).values(slot=slot, since=now))


def revoke(connection: Connection, called_back: Sequence[Lease]) -> None:
    """Tell holders to give leases up; they see it within moments."""
    if called_back:
        ids = [lease.id for lease in called_back]
        connection.execute(leases.update().where(leases.c.id.in_(ids)).values(revoked=True))


def revoked(connection: Connection, holder: str) -> set[int]:
    """Ids of this holder's leases that are to be given up."""
    query = sa.select(leases.c.id).where(leases.c.holder == holder, leases.c.revoked)
    return set(connection.execute(query).scalars())


def renew(connection: Connection, holder: str, now: float) -> None:
    """A sign of life: the holder's leases go on."""
    connection.execute(
        leases.update().where(leases.c.holder == holder).values(expires_at=now + EXPIRY_S)
    )


def drop(connection: Connection, ids: Collection[int]) -> None:
    """Give leases back; harmless for those that have expired."""
    if ids:
        connection.execute(leases.delete().where(leases.c.id.in_(ids)))


def leave(connection: Connection, holder: str) -> None:
    """A holder needs nothing any more."""
    connection.execute(leases.delete().where(leases.c.holder == holder))
    connection.execute(demands.delete().where(demands.c.holder == holder))


def demand(
    connection: Connection, endpoint: str, holder: str, wanted: int, waiting: int, now: float
) -> None:
    """Note how many calls a holder would make at the same time, and how many of them wait."""
    row = {
        "holder": holder,
        "endpoint": endpoint,
        "wanted": wanted,
        "waiting": waiting,
        "expires_at": now + EXPIRY_S,
    }
    upsert(connection, demands, [row])


def wanted(connection: Connection, endpoint: str) -> dict[str, int]:
    """What each holder would use of an endpoint."""
    query = sa.select(demands.c.holder, demands.c.wanted).where(demands.c.endpoint == endpoint)
    return {row.holder: row.wanted for row in connection.execute(query)}


def waiting(connection: Connection) -> int:
    """Calls of batch that wait. Each holder waits for any endpoint, so it counts once."""
    most = (
        sa.select(sa.func.max(demands.c.waiting).label("waiting"))
        .group_by(demands.c.holder)
        .subquery()
    )
    return int(connection.execute(sa.select(sa.func.sum(most.c.waiting))).scalar() or 0)


def load_conditions(connection: Connection, endpoints: Sequence[Endpoint]) -> dict[str, Condition]:
    """How the endpoints are, by name; one that was never used is well."""
    names = [one.name for one in endpoints]
    query = conditions.select().where(conditions.c.endpoint.in_(names))
    found = {row["endpoint"]: _condition(row) for row in connection.execute(query).mappings()}
    return {name: found.get(name) or Condition(name) for name in names}


def save_condition(connection: Connection, condition: Condition) -> None:
    """Store how an endpoint is."""
    upsert(connection, conditions, [asdict(condition)])


def _condition(row: RowMapping) -> Condition:
    return Condition(**(dict(row) | {"mode": Mode(row["mode"])}))
