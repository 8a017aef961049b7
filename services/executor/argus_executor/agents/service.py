"""The rules of agents: one per person, host and user of its system; one token per agent; each command begun once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_executor.agents import repository
from argus_executor.agents.heartbeats import tell
from argus_executor.agents.schemas import (
    AgentChild,
    AgentOut,
    AgentRegister,
    AgentRegistered,
    CommandAck,
)
from argus_executor.commands import debts
from argus_executor.commands.changes import change
from argus_executor.commands.repository import find, find_all
from argus_executor.commands.signing import signed
from argus_executor.commands.states import Event, of_acknowledgement
from argus_executor.keys.ring import CommandKeys
from argus_executor.keys.schemas import CommandKey
from argus_executor.keys.statement import KeyStatements
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.bus import BusUnavailable
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.telemetry import ADDRESS
from argus_schema.executor import command

POLL_INTERVAL_S = 10
# Three missed heartbeats, which agents send every 30 seconds.
ONLINE_WITHIN = timedelta(seconds=90)


async def register(here: Platform, actor: Actor, body: AgentRegister) -> AgentRegistered:
    """Introduce an agent, or introduce it again with a new token that ends the old one.

    Raises:
        BusUnavailable: auth, which mints the token, does not answer.
    """
    keys = here.get(CommandKeys)
    known = [CommandKey(key_id=key.key_id, public_key=key.public_key) for key in await keys.public()]
    statement = await here.get(KeyStatements).current()
    agent_id = await _ensure_agent(here, actor, body)
    request = wire.MintAgentToken(
        agent_id=agent_id, owner_id=actor.user_id, hostname=body.hostname, actor_ip=ADDRESS.get()
    )
    answer = await here.bus.request(wire.MINT_AGENT_TOKEN, wire.encode(request))
    reply = wire.decode(wire.MintAgentTokenReply, answer)
    if reply.token is None:
        raise BusUnavailable(reply.message)
    return AgentRegistered(
        agent_id=agent_id,
        agent_token=reply.token,
        poll_interval_s=POLL_INTERVAL_S,
        server_time_utc=iso(now()) or "",
        command_keys=known,
        command_keys_serial=0 if statement is None else statement.serial,
    )


async def _ensure_agent(here: Platform, actor: Actor, body: AgentRegister) -> str:
    told: dict[str, Any] = {"version": body.version, "capabilities": body.capabilities, "last_seen_at": now()}
    told["keys_serial"] = None  # It says at its polls whether it took those of the answer.
    place = {"hostname": body.hostname, "os_user": body.user or ""}
    try:
        async with here.write("executor") as tx:
            connection = tx.connection
            known = await repository.find_agent(connection, actor.user_id, **place)
            if known is not None:
                await repository.update_agent(connection, known.id, **told, revoked_at=None)
                agent_id: str = known.id
            else:
                agent_id = f"agent-{secrets.token_hex(6)}"
                new = {"id": agent_id, "owner_id": actor.user_id, "created_at": now()}
                await repository.insert_agent(connection, new | place | told)
            for row in await find_all(connection, repository.waits_for(actor.user_id, body.hostname)):
                # Whoever asked was the agent's owner, and no agent could be meant by the signature until now.
                facts = signed(here.get(CommandKeys), row._asdict(), agent_id=agent_id, owner_id=actor.user_id)
                await repository.adopt(connection, row.id, agent_id, facts)
            target = ("agent", agent_id)
            audit.note(tx, "executor", "agent_register", actor.user_id, target=target, hostname=body.hostname)
            tell(tx, await repository.get_agent(connection, agent_id), "registered")
            return agent_id
    except IntegrityError:
        # Two registrations of one host at once: the other one won, and this one is a repetition.
        return await _ensure_agent(here, actor, body)


async def agents(connection: AsyncConnection, actor: Actor, *, of_all: bool) -> list[AgentOut]:
    """The caller's agents, by host; for administrators also everyone's.

    Raises:
        ArgusError: auth.admin_required (403).
    """
    if of_all and not actor.is_admin:
        raise ArgusError(ErrorCode.AUTH_ADMIN_REQUIRED)
    rows = await repository.living(connection, None if of_all else actor.user_id)
    allowed: dict[str, list[str]] = {row.id: [] for row in rows}
    for agent_id, name in await repository.allowed(connection, list(allowed)):
        allowed[agent_id].append(name)
    return [_shown(row, allowed[row.id]) for row in rows]


def _shown(row: sa.Row[Any], allowed: list[str]) -> AgentOut:
    return AgentOut(
        id=row.id,
        hostname=row.hostname,
        user=row.os_user or None,
        owner=row.owner,
        version=row.version,
        capabilities=row.capabilities or [],
        note=row.note,
        created_at=iso(row.created_at) or "",
        last_seen_at=iso(row.last_seen_at),
        is_online=row.last_seen_at is not None and now() - row.last_seen_at < ONLINE_WITHIN,
        is_draining=row.is_draining,
        children=[AgentChild.model_validate(child) for child in row.children or []],
        policy=row.policy,
        clock_skew_s=row.clock_skew_s,
        n_open=row.n_open,
        allowed=allowed,
    )


async def acknowledge(here: Platform, agent: Actor, command_id: str, body: CommandAck) -> str:
    """Note that an agent began with a command, or could not. A rerun's batch moves on. Returns the command's status.

    Raises:
        ArgusError: command.status_invalid (400), command.not_found (404), command.closed (409) with the status.
    """
    event = of_acknowledgement(body.status)
    if event is None:
        raise ArgusError(ErrorCode.COMMAND_STATUS_INVALID)
    agent_id = agent.agent_id or ""
    async with here.write("executor") as tx:
        # An agent's row comes before those of its commands wherever both are held, as in a poll.
        await repository.update_agent(tx.connection, agent_id, last_seen_at=now())
        found = await find(tx.connection, command.c.id == command_id, command.c.agent_id == agent_id)
        if found is None:
            raise ArgusError(ErrorCode.COMMAND_NOT_FOUND)
        reason = body.error or (None if event is Event.START else "The agent could not start the command.")
        told: dict[str, Any] = {"pid": body.pid, "error": body.error, "acked_at": now()}
        if not await change(tx, found, event, detail=reason, **told):
            raise ArgusError(ErrorCode.COMMAND_CLOSED, details={"status": found.status})
        facts = {"agent_id": agent_id, "batch_id": found.batch_id, "kind": found.kind, "status": body.status}
        audit.note(tx, "executor", "command_ack", agent.user_id, target=("command", command_id), **facts)
    await debts.pay_if_possible(here, [command_id])
    return body.status
