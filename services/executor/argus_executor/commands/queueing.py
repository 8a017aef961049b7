"""Putting a command into the queue of an agent: its row, signed, its history's first line, and the bell."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.commands import news, repository
from argus_executor.commands.changes import note
from argus_executor.commands.deadlines import DEADLINES
from argus_executor.commands.signing import signed
from argus_executor.keys.ring import CommandKeys
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform

# Any fixed UUID: it keeps the ids that are derived from a batch apart from all others.
_COMMANDS = uuid.UUID("6f1c2f5e-6c0a-4b8e-9d0c-3f6f2a7b9d11")


async def queue(
    here: Platform,
    tx: Transaction,
    agent: sa.Row[Any] | None,
    actor: Actor,
    *,
    kind: str,
    batch_id: str,
    payload: dict[str, Any],
    hostname: str | None,
    once: str | None = None,
) -> str:
    """Queue a command. Call `CommandKeys.load` before the transaction.

    Args:
        here: the platform.
        tx: the transaction.
        agent: who is to carry it out, with `id` and `owner_id`; None: whoever registers on that host in time.
        actor: who asks.
        kind: what is to be done.
        batch_id: the batch that it is about.
        payload: what the agent needs to know.
        hostname: the host, for open pages.
        once: of several commands with this text only one is queued; the others raise IntegrityError.

    Returns:
        The command's id.
    """
    # A batch is rerun by one command; it may be stopped, begun anew and stopped again.
    once = batch_id if kind == "rerun" else once
    command_id = str(uuid.uuid4() if once is None else uuid.uuid5(_COMMANDS, once))
    at = now()
    values: dict[str, Any] = {
        "id": command_id,
        "agent_id": None if agent is None else agent.id,
        "batch_id": batch_id,
        "kind": kind,
        "payload": payload,
        "status": "pending",
        "requested_by": actor.user_id,
        "created_at": at,
        "deadline": at + DEADLINES[kind],
    }
    if agent is not None:
        values |= signed(here.get(CommandKeys), values, agent_id=agent.id, owner_id=agent.owner_id)
    await repository.insert_command(tx.connection, values)
    await note(tx, command_id, "requested", at, f"by {actor.username}")
    facts = {"id": command_id, "kind": kind, "batch_id": batch_id, "status": "pending", "step": "requested"}
    await news.tell_batch(tx, facts, msg_id=f"{command_id}:pending:batch")
    if agent is not None:
        message = wire.AgentMessage(
            agent_id=agent.id,
            owner_id=agent.owner_id,
            hostname=hostname or "",
            kind="command",
            data={"id": command_id, "kind": kind, "batch_id": batch_id},
        )
        tx.publish(wire.agent_subject(agent.id), wire.encode(message), msg_id=command_id)
    return command_id
