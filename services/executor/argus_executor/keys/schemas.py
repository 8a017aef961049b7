"""Keys of commands on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CommandKey(BaseModel):
    """A key that signs commands, or will: 32 bytes of Ed25519 in base64url."""

    key_id: str
    public_key: str


class CommandSignature(BaseModel):
    """An Ed25519 signature in base64url, over the text beside it in UTF-8."""

    key_id: str
    value: str


class KeyStatement(BaseModel):
    """The keys that sign commands from now on, signed by those that an agent knows already."""

    serial: int = Field(description="Grows with each change; a statement with a smaller one is old.")
    signed: str
    signatures: list[CommandSignature]


class CommandKeyOut(BaseModel):
    """A key, and what it is for now. The private half is never shown."""

    key_id: str
    state: Literal["signs", "next", "retired"]
    created_at: str
    signs_from: str | None = Field(description="When the next one takes over.")
    retired_at: str | None


class AgentBehind(BaseModel):
    """An agent that does not know the newest list of keys, or never said which it knows."""

    agent_id: str
    hostname: str
    user: str | None = Field(description="The user of the host's system that it runs as; null: it did not say.")
    owner: str
    last_seen_at: str | None
    knows: Literal["older", "unknown"] = Field(description="`unknown`: it pins no keys, or has not polled yet.")


class CommandKeysOut(BaseModel):
    """The keys that sign, signed or will sign commands, oldest first, and which agents are still to hear of them."""

    keys: list[CommandKeyOut]
    serial: int = Field(description="The number of the list that agents pin; it grows with each change.")
    n_agents: int
    n_behind: int = Field(description="How many of them do not know that list.")
    behind: list[AgentBehind] = Field(description="Those, by host; a hundred at most.")


class CommandKeyRotation(BaseModel):
    """How the key is to change."""

    model_config = ConfigDict(extra="forbid")

    is_immediate: bool = Field(
        False,
        description="The next key signs from now on, instead of in a day. Agents learn of it at their next poll.",
    )
    is_stolen: bool = Field(
        False,
        description="Somebody else may have the key: it counts no more at once, and every agent must register again.",
    )
