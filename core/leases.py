"""Leases, demands and conditions as rows. Knows how they are stored, not who deserves one.

Everything here runs inside a turn of :class:`core.pool_store.PoolStore`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.admission import Lease
from core.condition import Condition
from core.db import upsert
from core.endpoints import Endpoint
from core.holders import is_gone
from core.pool_tables import conditions, demands, leases
from core.statuses import Lane, Mode

#: A holder that has not been heard of for so long has lost its leases.
EXPIRY_S = 9.0
#: Looked up a thousand times a turn where there are a thousand calls.
_LANES = {str(lane): lane for lane in Lane}


# Built once: building a statement costs as much as running it.
_LIVE = sa.select(*(leases.c[name] for name in Lease._fields), leases.c.expires_at).order_by(
    leases.c.id
)
_LIVE_AT = _LIVE.where(leases.c.endpoint == sa.bindparam("named"))
_ONE = _LIVE.where(leases.c.id == sa.bindparam("named"))
_BEFORE = sa.select(sa.func.count()).where(
    leases.c.endpoint == sa.bindparam("named"),
    leases.c.lane == Lane.CHAT,
    leases.c.slot.is_(None),
    leases.c.id < sa.bindparam("own"),
)
_DROP = leases.delete().where(leases.c.id == sa.bindparam("named"))
_INSERT = leases.insert()
_OF_HOLDER = leases.c.holder == sa.bindparam("named")
_REVOKED = sa.select(leases.c.id).where(_OF_HOLDER, leases.c.revoked)
_RENEW = leases.update().where(_OF_HOLDER).values(expires_at=sa.bindparam("until"))
_WANTED = sa.select(demands.c.holder, demands.c.wanted).where(
    demands.c.endpoint == sa.bindparam("named"), demands.c.expires_at >= sa.bindparam("now")
)
_DEAD_WISHES = demands.delete().where(demands.c.expires_at < sa.bindparam("now"))
_CONDITIONS = conditions.select()


def load(connection: Connection, now: float, endpoint: str | None = None) -> list[Lease]:
    """All leases, the oldest first; of one endpoint, if it is named.

    What dead processes have left is removed on the way.
    """
    if endpoint is None:
        rows = connection.execute(_LIVE).all()
    else:
        rows = connection.execute(_LIVE_AT, {"named": endpoint}).all()
    found = [(_lease(row), row[-1]) for row in rows]
    gone = {holder for holder in {lease.holder for lease, _ in found} if is_gone(holder)}
    dead = {lease.id for lease, until in found if until < now or lease.holder in gone}
    drop(connection, dead)
    return [lease for lease, _ in found if lease.id not in dead]


def find(connection: Connection, lease_id: int) -> Lease | None:
    """One lease, if it is still there."""
    row = connection.execute(_ONE, {"named": lease_id}).first()
    return _lease(row) if row else None


def before(connection: Connection, lease: Lease) -> int:
    """How many people's calls have waited for the same endpoint for longer."""
    found = connection.execute(_BEFORE, {"named": lease.endpoint, "own": lease.id}).scalar_one()
    return int(found)


def _lease(row: Any) -> Lease:
    lease_id, endpoint, lane, holder, slot, revoked, owed, since, _ = row
    return Lease(lease_id, endpoint, _LANES[lane], holder, slot, revoked, owed, since)


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
    done = connection.execute(_INSERT, parts | {"expires_at": now + EXPIRY_S})
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


def keep(connection: Connection, ids: Collection[int]) -> None:
    """Leases whose holder gives up others instead are not called back any more."""
    if ids:
        connection.execute(leases.update().where(leases.c.id.in_(ids)).values(revoked=False))


def revoked(connection: Connection, holder: str) -> set[int]:
    """Ids of this holder's leases that are to be given up."""
    return set(connection.execute(_REVOKED, {"named": holder}).scalars())


def renew(connection: Connection, holder: str, now: float) -> None:
    """A sign of life: the holder's leases go on."""
    connection.execute(_RENEW, {"named": holder, "until": now + EXPIRY_S})


def drop(connection: Connection, ids: Collection[int]) -> None:
    """Give leases back; harmless for those that have expired."""
    if ids:
        connection.execute(_DROP, [{"named": lease_id} for lease_id in ids])


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


def wanted(connection: Connection, endpoint: str, now: float) -> dict[str, int]:
    """What each living holder would use of an endpoint."""
    rows = connection.execute(_WANTED, {"named": endpoint, "now": now})
    found = {row.holder: row.wanted for row in rows}
    return {holder: count for holder, count in found.items() if not is_gone(holder)}


def forget_dead(connection: Connection, now: float) -> None:
    """Remove the wishes of dead processes."""
    connection.execute(_DEAD_WISHES, {"now": now})


def waiting(connection: Connection, now: float) -> int:
    """Calls of batch that wait. Each holder waits for any endpoint, so it counts once."""
    most = (
        sa.select(sa.func.max(demands.c.waiting).label("waiting"))
        .where(demands.c.expires_at >= now)
        .group_by(demands.c.holder)
        .subquery()
    )
    return int(connection.execute(sa.select(sa.func.sum(most.c.waiting))).scalar() or 0)


def load_conditions(connection: Connection, endpoints: Sequence[Endpoint]) -> dict[str, Condition]:
    """How the endpoints are, by name; one that was never used is well."""
    found = {row["endpoint"]: row for row in connection.execute(_CONDITIONS).mappings()}
    names = [one.name for one in endpoints]
    return {name: _condition(found[name]) if name in found else Condition(name) for name in names}


def save_condition(connection: Connection, condition: Condition) -> None:
    """Store how an endpoint is."""
    upsert(connection, conditions, [asdict(condition)])


def _condition(row: RowMapping) -> Condition:
    return Condition(**(dict(row) | {"mode": Mode(row["mode"])}))
