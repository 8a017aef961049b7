"""From where a person logs in: a place that was not seen for a month is worth a mail."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.dependencies import Origin
from argus_auth.limits import neighbourhood
from argus_kit.clock import now
from argus_schema.auth import login_origin

_REMEMBERED: Final = timedelta(days=30)
_MOST: Final = 50

_O = login_origin.c


async def note(connection: AsyncConnection, user_id: int, origin: Origin) -> bool:
    """Remember a login. Returns whether its place is new to a person who has logged in elsewhere before.

    The person's row is held by the caller, so that two logins at once are told apart.
    """
    at = now()
    here = (neighbourhood(origin.ip), _hash(origin.user_agent))
    mine = sa.select(_O.ip, _O.user_agent_hash, _O.seen_at).where(_O.user_id == user_id).order_by(_O.seen_at.desc())
    rows = (await connection.execute(mine)).all()
    fresh = [(row.ip, row.user_agent_hash) for row in rows if row.seen_at >= at - _REMEMBERED]
    kept = [place for place in fresh if place != here][: _MOST - 1]
    old = sa.and_(_O.user_id == user_id, sa.tuple_(_O.ip, _O.user_agent_hash).not_in(kept or [("", "-")]))
    await connection.execute(sa.delete(login_origin).where(old))
    row = {"user_id": user_id, "ip": here[0], "user_agent_hash": here[1], "seen_at": at}
    await connection.execute(sa.insert(login_origin).values(row))
    return bool(fresh) and here not in fresh


def _hash(user_agent: str | None) -> str:
    return hashlib.sha256((user_agent or "").encode()).hexdigest()[:16]
