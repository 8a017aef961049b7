"""Changing the key that signs commands: the next one is announced for a day, then it takes over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.commands.repository import IS_OPEN
from argus_executor.keys.adoption import adoption
from argus_executor.keys.ring import TURN, CommandKeys, make
from argus_executor.keys.schemas import CommandKeyOut, CommandKeyRotation, CommandKeysOut
from argus_executor.keys.statement import GRACE, number
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.leases import take_turn
from argus_kit.platform import Platform
from argus_schema.executor import command, command_key, command_secret

log = structlog.get_logger(__name__)

# Agents ask every half minute at most; hosts that are switched off at night have had their turn too.
ANNOUNCED: Final = timedelta(days=1)
# An agent that was away for longer than this has to register again.
KEEP_SECRET: Final = timedelta(days=365)
_KEY = command_key.c


async def status(connection: AsyncConnection) -> CommandKeysOut:
    """All keys there ever were, oldest first, and who is still to hear of the newest."""
    rows = (await connection.execute(sa.select(command_key).order_by(_KEY.created_at, _KEY.kid))).all()
    current = [row.kid for row in rows if row.retired_at is None][:1]
    serial = number(rows)
    known = await adoption(connection, serial)
    keys = [_shown(row, is_signing=row.kid in current) for row in rows]
    return CommandKeysOut(
        keys=keys, serial=serial, n_agents=known.n_agents, n_behind=known.n_behind, behind=known.behind
    )


def _shown(row: sa.Row[Any], *, is_signing: bool) -> CommandKeyOut:
    state: Literal["signs", "next", "retired"] = "signs" if is_signing else "next"
    if row.retired_at is not None:
        state = "retired"
    return CommandKeyOut(
        key_id=row.kid,
        state=state,
        created_at=iso(row.created_at) or "",
        signs_from=iso(row.created_at + ANNOUNCED) if state == "next" else None,
        retired_at=iso(row.retired_at),
    )


async def rotate(here: Platform, actor: Actor, how: CommandKeyRotation) -> CommandKeysOut:
    """Announce the next key, which takes over in a day, or at once. One that is announced already stays the next.

    Args:
        here: the platform.
        actor: the administrator.
        how: `is_stolen`: let no key count any more that there is now. Nothing that those sign may tell agents of the
            new one, so every agent must register again.
    """
    keys = here.get(CommandKeys)
    await keys.load()
    async with here.write("executor") as tx:
        await take_turn(tx.connection, TURN)
        alive = await _alive(tx.connection)
        if how.is_stolen:
            await _end(tx.connection)
        kid = alive[1].kid if len(alive) > 1 else ""
        if how.is_stolen or not kid:
            kid = await make(tx.connection, here.secret_box)
        elif not how.is_immediate:
            return await status(tx.connection)
        if how.is_immediate and not how.is_stolen:
            await _retire(tx.connection, alive[0].kid)
        facts: dict[str, Any] = {"is_stolen": how.is_stolen, "is_immediate": how.is_immediate}
        audit.note(tx, "executor", "command_key_rotate", actor.user_id, target=("system", kid), **facts)
    if how.is_immediate:
        await sign_again(here, keys)
    async with here.database.read() as connection:
        return await status(connection)


async def _alive(connection: AsyncConnection) -> Sequence[sa.Row[Any, Any]]:
    """The key that signs and those after it."""
    query = sa.select(_KEY.kid, _KEY.created_at).where(_KEY.retired_at.is_(None))
    return (await connection.execute(query.order_by(_KEY.created_at, _KEY.kid))).all()


async def _retire(connection: AsyncConnection, kid: str) -> None:
    await connection.execute(sa.update(command_key).where(_KEY.kid == kid).values(retired_at=now()))


async def _end(connection: AsyncConnection) -> None:
    """All keys of now count no more, and their private halves are gone."""
    at = now() - GRACE
    await connection.execute(sa.update(command_key).where(_KEY.retired_at.is_(None)).values(retired_at=at))
    await connection.execute(sa.delete(command_secret))


async def retire_if_due(here: Platform) -> str | None:
    """Let the next key take over when it was announced for long enough. Returns the retired one's id."""
    async with here.database.write() as connection:
        await take_turn(connection, TURN)
        alive = await _alive(connection)
        if len(alive) < 2 or alive[1].created_at > now() - ANNOUNCED:
            return None
        kid: str = alive[0].kid
        await _retire(connection, kid)
    return kid


async def sign_again(here: Platform, keys: CommandKeys) -> int:
    """Sign what still waits and was signed by a key that is retired. Returns how many commands."""
    await keys.load()
    retired = sa.select(_KEY.kid).where(_KEY.retired_at.is_not(None))
    waiting = sa.and_(IS_OPEN, command.c.key_id.in_(retired), command.c.signed.is_not(None))
    count = 0
    async with here.database.write() as connection:
        query = sa.select(command.c.id, command.c.signed).where(waiting).with_for_update(of=command)
        for row in (await connection.execute(query)).all():
            signature = keys.sign(row.signed)
            if signature is not None:
                values = {"signature": signature.value, "key_id": signature.key_id}
                await connection.execute(sa.update(command).where(command.c.id == row.id).values(values))
                count += 1
    return count


async def forget_old_secrets(here: Platform) -> int:
    """Destroy the private halves of keys that retired long ago. Returns how many."""
    old = sa.select(_KEY.kid).where(_KEY.retired_at < now() - KEEP_SECRET)
    async with here.database.write() as connection:
        return (await connection.execute(sa.delete(command_secret).where(command_secret.c.kid.in_(old)))).rowcount
