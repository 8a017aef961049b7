"""Rotation of the signing key, and what is published of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.core import AuthCore
from argus_auth.keys.ring import ACTIVATION, add_key
from argus_auth.keys.schemas import Jwk, Jwks, JwtRotated, JwtStatus
from argus_auth.locking import SIGNING_KEY, take_turn
from argus_auth.settings import AuthSettings
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.secretbox import SecretBox
from argus_schema.auth import signing_key, signing_secret

_KEY = signing_key.c
# Replicas that have not yet heard of a rotation sign with the old key for a few seconds more.
_KEEP_SECRET = timedelta(hours=1)


async def published(connection: AsyncConnection) -> Jwks:
    """All keys that verify now, newest first."""
    alive = sa.or_(_KEY.verifies_until.is_(None), _KEY.verifies_until > now())
    rows = await connection.execute(sa.select(_KEY.public_jwk).where(alive).order_by(_KEY.created_at.desc()))
    return Jwks(keys=[Jwk(**row.public_jwk) for row in rows])


async def status(connection: AsyncConnection, core: AuthCore) -> JwtStatus:
    """When the key was rotated, what still verifies, and when it will be rotated by itself."""
    row = (await connection.execute(sa.select(sa.func.max(_KEY.retired_at), sa.func.max(_KEY.verifies_until)))).one()
    rotated_at, until = row
    has_previous = until is not None and until > now()
    return JwtStatus(
        rotated_at=rotated_at,
        has_previous=has_previous,
        previous_expires_at=until if has_previous else None,
        grace_seconds=core.settings.jwt_grace_seconds,
        next_rotation_at=await _due_at(connection, core),
    )


async def rotate(core: AuthCore, actor: Actor, ip: str | None) -> JwtRotated:
    """Sign with a new key from now on; the old one verifies for its grace time, so nobody is logged out.

    Raises:
        ArgusError: auth.key_rotation_too_soon (429).
    """
    at = now()
    async with core.write() as work:
        await take_turn(work.connection, SIGNING_KEY)
        last = (await work.connection.execute(sa.select(sa.func.max(_KEY.retired_at)))).scalar()
        pause = timedelta(seconds=core.settings.jwt_rotate_pause_seconds)
        if last is not None and at - last < pause:
            raise _too_soon((last + pause - at).total_seconds())
        kid = await replace_key(work, core.platform.secret_box, core.settings)
        work.audit("jwt_rotate", actor.user_id, target=("system", kid), ip=ip)
    return JwtRotated(rotated_at=at, grace_seconds=core.settings.jwt_grace_seconds)


async def rotate_if_due(core: AuthCore) -> str | None:
    """Rotate a key that has signed for `jwt_rotate_days`. Returns the new one's kid, None when it is not time."""
    async with core.write() as work:
        await take_turn(work.connection, SIGNING_KEY)
        due = await _due_at(work.connection, core)
        if due is None or due > now():
            return None
        kid = await replace_key(work, core.platform.secret_box, core.settings)
        work.audit("jwt_rotate", None, target=("system", kid), reason="schedule", days=core.settings.jwt_rotate_days)
        return kid


async def _due_at(connection: AsyncConnection, core: AuthCore) -> datetime | None:
    days = core.settings.jwt_rotate_days
    made = (await connection.execute(sa.select(sa.func.max(_KEY.created_at)).where(_KEY.retired_at.is_(None)))).scalar()
    return made + timedelta(days=days) if made is not None and days else None


async def replace_key(work: Work, box: SecretBox, settings: AuthSettings) -> str:
    """Retire the key that signs and make a new one; returns its kid. The caller holds the turn of `SIGNING_KEY`."""
    at = now()
    until = at + ACTIVATION + timedelta(seconds=settings.jwt_grace_seconds)
    retire = sa.update(signing_key).where(_KEY.retired_at.is_(None)).values(retired_at=at, verifies_until=until)
    await work.connection.execute(retire)
    return await add_key(work.connection, box)


async def forget_retired_secrets(connection: AsyncConnection) -> int:
    """Destroy the private halves of keys that sign no more. Returns how many."""
    retired = sa.select(_KEY.kid).where(_KEY.retired_at < now() - _KEEP_SECRET)
    result = await connection.execute(sa.delete(signing_secret).where(signing_secret.c.kid.in_(retired)))
    return result.rowcount


def _too_soon(seconds: float) -> ArgusError:
    wait = max(1, ceil(seconds))
    return ArgusError(
        ErrorCode.AUTH_KEY_ROTATION_TOO_SOON,
        detail={"retry_after": wait},
        details={"retry_after": wait},
        headers={"Retry-After": str(wait)},
    )
