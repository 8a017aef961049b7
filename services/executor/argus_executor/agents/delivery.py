"""Handing commands over: at once, or as soon as there are any."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from argus_executor.agents import repository
from argus_executor.agents.polls import Bell, HeldPolls
from argus_executor.agents.schemas import AgentCommand
from argus_executor.commands.changes import change
from argus_executor.commands.repository import IS_OPEN, find_all, hand_over
from argus_executor.commands.states import Event, Status
from argus_executor.keys.schemas import CommandSignature
from argus_kit.clock import iso, now
from argus_kit.platform import Platform
from argus_schema.executor import command

# A command that was handed over and is not acknowledged ends a held poll again only after this: the agent may keep it
# in a queue of its own.
AGAIN_AFTER: Final = timedelta(seconds=10)


async def deliver(here: Platform, agent_id: str, known_keys: int | None = None) -> list[AgentCommand]:
    """Hand over what waits. A command is handed over again at each poll until it is acknowledged."""
    at = now()
    async with here.write("executor") as tx:
        await repository.update_agent(tx.connection, agent_id, last_seen_at=at, keys_serial=known_keys)
        rows = await find_all(tx.connection, command.c.agent_id == agent_id, IS_OPEN)
        for row in rows:
            if row.status == Status.PENDING:
                await change(tx, row, Event.DELIVER)
        if rows:
            await hand_over(tx.connection, [row.id for row in rows], at)
    return [_handed(row) for row in rows]


async def deliver_within(
    here: Platform,
    agent_id: str,
    wait_s: float,
    listens: Callable[[], Awaitable[bool]],
    known_keys: int | None = None,
) -> list[AgentCommand]:
    """The same as soon as there is something, at the latest after `wait_s` seconds.

    Args:
        here: the platform.
        agent_id: the agent.
        wait_s: 0 answers at once.
        listens: whether the agent is still there to be answered; raises when it may not be any more.
        known_keys: the number of the list of keys that it says it knows.
    """
    bell = here.get(HeldPolls).take(agent_id) if wait_s else None
    if bell is None:
        return await deliver(here, agent_id, known_keys)
    try:
        await _wait(here, agent_id, bell, time.monotonic() + wait_s)
    finally:
        here.get(HeldPolls).give_back(agent_id, bell)
    # Where it is over, or the agent is gone, its next poll is handed what there is.
    return [] if not await listens() or bell.is_over else await deliver(here, agent_id, known_keys)


async def _wait(here: Platform, agent_id: str, bell: Bell, until: float) -> None:
    while not bell.is_over:
        bell.clear()
        due_in_s = await _due_in(here, agent_id)
        left_s = until - time.monotonic()
        if due_in_s == 0 or left_s <= 0:
            return
        await bell.wait(left_s if due_in_s is None else min(left_s, due_in_s))


async def _due_in(here: Platform, agent_id: str) -> float | None:
    """Seconds until a command is to be handed over; 0: now; None: there is none."""
    query = sa.select(command.c.status, command.c.handed_at).where(command.c.agent_id == agent_id, IS_OPEN)
    async with here.database.read_once() as connection:
        rows = (await connection.execute(query)).all()
    at = now()
    waits = [
        0.0
        if row.status == Status.PENDING or row.handed_at is None
        else (row.handed_at + AGAIN_AFTER - at).total_seconds()
        for row in rows
    ]
    return max(0.0, min(waits)) if waits else None


def _handed(row: sa.Row[Any]) -> AgentCommand:
    is_signed = row.signed is not None
    return AgentCommand(
        id=row.id,
        kind=row.kind,
        batch_id=row.batch_id,
        # A database sorts the keys of JSON; overrides are words of a command line, whose order was the person's.
        payload=json.loads(row.signed)["payload"] if is_signed else row.payload,
        created_at=iso(row.created_at) or "",
        deadline=iso(row.deadline),
        signed=row.signed,
        signature=CommandSignature(key_id=row.key_id, value=row.signature) if is_signed else None,
    )
