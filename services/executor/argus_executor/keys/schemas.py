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


class CommandKeysOut(BaseModel):
    """The keys that sign, signed or will sign commands, oldest first."""

    keys: list[CommandKeyOut]


class CommandKeyRotation(BaseModel):
    """How the key is to change."""

    model_config = ConfigDict(extra="forbid")

    is_stolen: bool = Field(
        False,
        description="Somebody else may have the key: it counts no more at once, and every agent must register again.",
    )
