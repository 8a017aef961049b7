"""The rules of agents: one agent per person and host, one token per agent, each command closed once."""

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
from argus_executor.agents.schemas import AgentCommand, AgentOut, AgentRegister, AgentRegistered, CommandAck
from argus_executor.transitions import move_batch
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.bus import BusUnavailable
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.telemetry import ADDRESS

POLL_INTERVAL_S = 10
# Three missed heartbeats, which agents send every 30 seconds.
ONLINE_WITHIN = timedelta(seconds=90)


async def register(here: Platform, actor: Actor, body: AgentRegister) -> AgentRegistered:
    """Introduce an agent, or introduce it again with a new token that ends the old one.

    Raises:
        BusUnavailable: auth, which mints the token, does not answer.
    """
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
    )


async def _ensure_agent(here: Platform, actor: Actor, body: AgentRegister) -> str:
    told: dict[str, Any] = {"version": body.version, "capabilities": body.capabilities, "last_seen_at": now()}
    try:
        async with here.write("executor") as tx:
            connection = tx.connection
            known = await repository.find_agent(connection, actor.user_id, body.hostname)
            if known is not None:
                await repository.update_agent(connection, known.id, **told, revoked_at=None)
                agent_id: str = known.id
            else:
                agent_id = f"agent-{secrets.token_hex(6)}"
                new = {"id": agent_id, "owner_id": actor.user_id, "hostname": body.hostname, "created_at": now()}
                await repository.insert_agent(connection, new | told)
            await repository.adopt_commands(connection, agent_id, actor.user_id, body.hostname)
            target = ("agent", agent_id)
            audit.note(tx, "executor", "agent_register", actor.user_id, target=target, hostname=body.hostname)
            return agent_id
    except IntegrityError:
        # Two registrations of one host at once: the other one won, and this one is a repetition.
        return await _ensure_agent(here, actor, body)


async def list_mine(connection: AsyncConnection, actor: Actor) -> list[AgentOut]:
    """The caller's agents, by host."""
    return [_shown(row) for row in await repository.agents_of(connection, actor.user_id)]


def _shown(row: sa.Row[Any]) -> AgentOut:
    return AgentOut(
        id=row.id,
        hostname=row.hostname,
        version=row.version,
        capabilities=row.capabilities or [],
        note=row.note,
        created_at=iso(row.created_at) or "",
        last_seen_at=iso(row.last_seen_at),
        is_online=row.last_seen_at is not None and now() - row.last_seen_at < ONLINE_WITHIN,
    )


async def deliver(connection: AsyncConnection, agent_id: str) -> list[AgentCommand]:
    """Hand over what waits. A command is handed over again at each poll until it is acknowledged."""
    at = now()
    await repository.update_agent(connection, agent_id, last_seen_at=at)
    rows = await repository.pending_commands(connection, agent_id)
    if rows:
        await repository.mark_delivered(connection, [row.id for row in rows], at)
    return [
        AgentCommand(
            id=row.id,
            kind=row.kind,
            batch_id=row.batch_id,
            payload=row.payload,
            created_at=iso(row.created_at) or "",
        )
        for row in rows
    ]


async def acknowledge(here: Platform, agent: Actor, command_id: str, body: CommandAck) -> str:
    """Close a command of the agent, and for a rerun move its batch on. Returns the command's status.

    Raises:
        ArgusError: command.status_invalid (400), command.not_found (404), command.closed (409).
        BusUnavailable: ingest does not answer; the command stays open, and the agent asks again.
    """
    if body.status not in {"started", "failed"}:
        raise ArgusError(ErrorCode.COMMAND_STATUS_INVALID)
    agent_id = agent.agent_id or ""
    async with here.database.read() as connection:
        found = await repository.find_command(connection, agent_id, command_id)
    if found is None:
        raise ArgusError(ErrorCode.COMMAND_NOT_FOUND)
    if found.status != "pending":
        raise ArgusError(ErrorCode.COMMAND_CLOSED)
    if found.kind == "rerun":
        # The batch moves first: if that fails, the command is still open and nothing was promised.
        reason = body.error or "The agent could not start the command."
        action = ("running", None) if body.status == "started" else ("fail", reason)
        await move_batch(here.bus, found.batch_id, action[0], reason=action[1])
    values = {"status": body.status, "pid": body.pid, "error": body.error, "acked_at": now()}
    async with here.write("executor") as tx:
        await repository.update_agent(tx.connection, agent_id, last_seen_at=now())
        if not await repository.acknowledge(tx.connection, command_id, values):
            raise ArgusError(ErrorCode.COMMAND_CLOSED)
        facts = {"agent_id": agent_id, "batch_id": found.batch_id, "kind": found.kind, "status": body.status}
        audit.note(tx, "executor", "command_ack", agent.user_id, target=("command", command_id), **facts)
    return body.status
