"""Routes of host agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Query, Request

from argus_executor.agents import owners, service
from argus_executor.agents.delivery import deliver_within
from argus_executor.agents.heartbeats import beat
from argus_executor.agents.schemas import (
    AgentAllowed,
    AgentCommands,
    AgentOut,
    AgentRegister,
    AgentRegistered,
    CommandAck,
    CommandAcked,
    Heartbeat,
)
from argus_executor.commands.reports import report
from argus_executor.commands.schemas import CommandReport, CommandReported
from argus_executor.dependencies import CallingAgent, Surroundings, Writing, calling_agent, presented_agent
from argus_executor.keys.statement import KeyStatements
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeAgents, MayReadAgents, MayRegisterAgents
from argus_kit.routing import APIRouter

WaitSeconds = Annotated[int, Query(ge=0, le=30, description="How long to hold the request while nothing waits.")]
KnownKeys = Annotated[int | None, Query(ge=0, lt=2**31, description="Which statement of the keys the agent has.")]

router = APIRouter(prefix="/api/agents", tags=["agents"])


@router.post("/register", status_code=201)
async def register_agent(body: AgentRegister, actor: MayRegisterAgents, here: Surroundings) -> AgentRegistered:
    """Introduce the agent of a host; its token is answered once, and ends the one before."""
    return await service.register(here, actor, body)


@router.get("")
async def list_agents(
    actor: MayReadAgents, connection: Reading, of_all: Annotated[bool, Query(alias="all")] = False
) -> list[AgentOut]:
    """The caller's agents; everyone's for an administrator who asks for `all`."""
    return await service.agents(connection, actor, of_all=of_all)


@router.delete("/{agent_id}", status_code=204)
async def revoke_agent(agent_id: str, actor: MayChangeAgents, here: Surroundings) -> None:
    """End an agent of one's own, or, as an administrator, anyone's. It may register anew."""
    await owners.revoke(here, actor, agent_id)


@router.put("/{agent_id}/allowed")
async def set_agent_allowed(
    agent_id: str, body: AgentAllowed, actor: MayChangeAgents, here: Surroundings
) -> AgentAllowed:
    """Say who else may have commands run by one's agent."""
    return AgentAllowed(usernames=await owners.allow(here, actor, agent_id, body.usernames))


@router.get("/{agent_id}/jobs")
async def poll_agent_jobs(
    agent_id: str,
    actor: CallingAgent,
    here: Surroundings,
    request: Request,
    *,
    wait_s: WaitSeconds = 0,
    known_keys: KnownKeys = None,
) -> AgentCommands:
    """The commands that wait for this agent, oldest first."""

    async def listens() -> bool:
        # While the poll was held, the agent may have got another token, or lost its own.
        await calling_agent(agent_id, await presented_agent(request), request)
        return not await request.is_disconnected()

    jobs = await deliver_within(here, agent_id, wait_s, listens, known_keys)
    return AgentCommands(jobs=jobs, command_keys=await here.get(KeyStatements).newer_than(known_keys))


@router.post("/{agent_id}/jobs/{cmd_id}/ack")
async def ack_agent_job(
    agent_id: str, cmd_id: str, body: CommandAck, actor: CallingAgent, here: Surroundings
) -> CommandAcked:
    """Say that a command was started, or failed."""
    status = await service.acknowledge(here, actor, cmd_id, body)
    return CommandAcked(cmd_id=cmd_id, status=status)


@router.post("/{agent_id}/jobs/{cmd_id}/report")
async def report_agent_job(
    agent_id: str, cmd_id: str, body: CommandReport, actor: CallingAgent, here: Surroundings
) -> CommandReported:
    """Tell what happened to a command on its host. A report that comes again, by its number, changes nothing."""
    return CommandReported(cmd_id=cmd_id, status=await report(here, actor, cmd_id, body))


@router.post("/{agent_id}/heartbeat", status_code=204)
async def beat_agent(
    agent_id: str, actor: CallingAgent, tx: Writing, body: Annotated[Heartbeat | None, Body()] = None
) -> None:
    """A sign of life, with what there is to tell."""
    await beat(tx, agent_id, body)
