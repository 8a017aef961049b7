"""Bodies of the agents' routes. Unknown keys are refused, as agents expect."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class AgentRegister(BaseModel):
    """An agent introduces its host."""

    model_config = ConfigDict(extra="forbid")

    hostname: str = Field(min_length=1, max_length=255)
    version: str | None = Field(None, max_length=64)
    capabilities: list[str] = Field(default_factory=list, max_length=64)


class AgentRegistered(BaseModel):
    """The agent's id and its token, which is shown only here."""

    agent_id: str
    agent_token: str
    poll_interval_s: int
    server_time_utc: str


class AgentOut(BaseModel):
    """One of the caller's agents."""

    id: str
    hostname: str
    version: str | None
    capabilities: list[str]
    note: str | None
    created_at: str
    last_seen_at: str | None
    is_online: bool


class AgentCommand(BaseModel):
    """A command that waits for the agent."""

    id: str
    kind: str
    batch_id: str
    payload: dict[str, Any]
    created_at: str


class AgentCommands(BaseModel):
    """What waits, oldest first."""

    jobs: list[AgentCommand]


class CommandAck(BaseModel):
    """How a command went: started or failed."""

    model_config = ConfigDict(extra="forbid")

    status: str
    pid: int | None = None
    error: str | None = None


class CommandAcked(BaseModel):
    """The command's status now."""

    cmd_id: str
    status: str


class Heartbeat(BaseModel):
    """A sign of life, with a word if there is one."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(None, max_length=1000)
