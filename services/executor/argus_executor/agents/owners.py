"""What an agent's owner decides: that it ends, and who else may have commands run by it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_executor.agents import repository
from argus_executor.agents.heartbeats import tell
from argus_executor.commands import debts
from argus_executor.commands.changes import change
from argus_executor.commands.repository import IS_OPEN, find_all
from argus_executor.commands.states import Event
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.bus import BusUnavailable
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform
from argus_schema.executor import command


async def revoke(here: Platform, actor: Actor, agent_id: str) -> None:
    """End an agent: its token is worth nothing from now on, and what it had not begun is cancelled.

    Raises:
        ArgusError: agent.not_found (404).
    """
    async with here.write("executor") as tx:
        row = await _of(tx, actor, agent_id, by_administrators=True)
        await repository.update_agent(tx.connection, agent_id, revoked_at=now(), children=None)
        waiting = await find_all(tx.connection, command.c.agent_id == agent_id, IS_OPEN)
        for one in waiting:
            await change(tx, one, Event.CANCEL, detail=f"{actor.username} ended the agent on {row.hostname}.")
        audit.note(tx, "executor", "agent_revoke", actor.user_id, target=("agent", agent_id), hostname=row.hostname)
        tell(tx, row, "revoked")
    with suppress(BusUnavailable):
        # The row alone refuses it; this lets every process forget that its token was good.
        revoked = wire.Revoked(kind="agent", key=agent_id, at=now())
        await here.bus.send(wire.AUTH_REVOKED, wire.encode(revoked))
    await debts.pay_if_possible(here, [one.id for one in waiting])


async def allow(here: Platform, actor: Actor, agent_id: str, usernames: Sequence[str]) -> list[str]:
    """Say who besides the owner may have commands run by an agent. Only the owner may: it is the owner's machine.

    Raises:
        ArgusError: agent.not_found or user.not_found (404).
    """
    async with here.write("executor") as tx:
        row = await _of(tx, actor, agent_id, by_administrators=False)
        people = await repository.people(tx.connection, usernames)
        missing = sorted({name.lower() for name in usernames} - {person.username_lower for person in people})
        if missing:
            raise ArgusError(ErrorCode.USER_NOT_FOUND, f"There is no such user: {', '.join(missing)}.")
        others = [person for person in people if person.id != row.owner_id]
        await repository.set_allowed(tx.connection, agent_id, [person.id for person in others], now())
        names = sorted(person.username for person in others)
        audit.note(tx, "executor", "agent_allowed_set", actor.user_id, target=("agent", agent_id), usernames=names)
        tell(tx, row, "state")
    return names


async def _of(tx: Transaction, actor: Actor, agent_id: str, *, by_administrators: bool) -> sa.Row[Any]:
    row = await repository.find_living(tx.connection, agent_id)
    is_theirs = row is not None and (row.owner_id == actor.user_id or (by_administrators and actor.is_admin))
    if row is None or not is_theirs:
        raise ArgusError(ErrorCode.AGENT_NOT_FOUND)
    return row
