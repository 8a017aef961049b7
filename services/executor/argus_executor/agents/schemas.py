"""Bodies of the agents' routes. Unknown keys are refused, as agents expect."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from argus_executor.keys.schemas import CommandKey, CommandSignature, KeyStatement

MAX_POLICY_BYTES = 16 * 1024
MAX_CHILDREN = 256


def _bounded(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is not None and len(msgspec.json.encode(value)) > MAX_POLICY_BYTES:
        raise ValueError(f"a policy's summary has at most {MAX_POLICY_BYTES} bytes of JSON")
    return value


class AgentRegister(BaseModel):
    """An agent introduces its host."""

    model_config = ConfigDict(extra="forbid")

    hostname: str = Field(min_length=1, max_length=255)
    version: str | None = Field(None, max_length=64)
    capabilities: list[str] = Field(default_factory=list, max_length=64)
    user: str | None = Field(None, max_length=255, description="The user of the host's system that it runs as.")


class AgentRegistered(BaseModel):
    """The agent's id and its token, which is shown only here."""

    agent_id: str
    agent_token: str
    poll_interval_s: int
    server_time_utc: str
    command_keys: list[CommandKey]
    command_keys_serial: int = Field(description="Which statement of the keys that is; polls tell of newer ones.")


class AgentChild(BaseModel):
    """A process that an agent started."""

    model_config = ConfigDict(extra="forbid")

    command_id: str = Field(max_length=64)
    batch_id: str = Field(max_length=512)
    pid: int = Field(ge=0, le=2**32)
    started_at: AwareDatetime | None = None


class AgentOut(BaseModel):
    """An agent, and what it told of itself last."""

    id: str
    hostname: str
    user: str | None = Field(description="The user of the host's system that it runs as; null: it did not say.")
    owner: str
    version: str | None
    capabilities: list[str]
    note: str | None
    created_at: str
    last_seen_at: str | None
    is_online: bool
    is_draining: bool = Field(description="Whether it takes no more runs.")
    children: list[AgentChild]
    policy: dict[str, Any] | None = Field(description="A summary of the host's own rules, which no server can change.")
    clock_skew_s: float | None = Field(description="How far its clock is ahead of ours, in seconds.")
    n_open: int = Field(description="Commands that it has not acknowledged yet.")
    allowed: list[str] = Field(description="Who else may have commands run by it.")


class AgentAllowed(BaseModel):
    """People besides the owner who may have commands run by an agent: all of them."""

    model_config = ConfigDict(extra="forbid")

    usernames: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(max_length=100)


class AgentCommand(BaseModel):
    """A command that waits for the agent. `signed` says the same once more: only that text is the server's word."""

    id: str
    kind: str
    batch_id: str
    payload: dict[str, Any]
    created_at: str
    deadline: str | None
    signed: str | None
    signature: CommandSignature | None


class AgentCommands(BaseModel):
    """What waits, oldest first."""

    jobs: list[AgentCommand]
    command_keys: KeyStatement | None = Field(None, description="New keys, for an agent that said which it knows.")


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
    """A sign of life, with what there is to tell; what is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(None, max_length=1000)
    children: list[AgentChild] = Field(default_factory=list, max_length=MAX_CHILDREN)
    is_draining: bool = False
    policy: Annotated[dict[str, Any] | None, AfterValidator(_bounded)] = None
    version: str | None = Field(None, max_length=64)
    clock: AwareDatetime | None = Field(None, description="What time it is there.")
    capabilities: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list, max_length=64, description="Kinds of commands that it knows; it may have been updated."
    )
