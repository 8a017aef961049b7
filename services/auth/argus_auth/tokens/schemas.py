"""Tokens on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr

from argus_auth.fields import Moment, Printable

Scope = Literal["reporter", "viewer"]


class TokenCreate(BaseModel):
    """A token to be made. `expires_at` is ISO 8601; null means never.

    With `project` the token reaches that project alone, and with `networks` (addresses or CIDR) it is taken from there
    alone.
    """

    name: Annotated[Printable, Field(min_length=1, max_length=64)]
    scope: Scope
    expires_at: Annotated[str, Field(max_length=64)] | None = None
    project: Annotated[Printable, Field(min_length=1, max_length=256)] | None = None
    networks: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)] | None = None


class TokenOut(BaseModel):
    """A token as its owner sees it: `display_hint` are its last four characters.

    `project` and `networks` are what it is tied to; null means that it is not.
    """

    id: int
    name: str
    prefix: str
    display_hint: str
    scope: str
    created_at: Moment
    last_used: Moment | None
    expires_at: Moment | None
    revoked: bool
    project: str | None
    networks: list[str] | None


class TokenCreated(TokenOut):
    """A new token with its whole text, which is never shown again."""

    token: str


class LeakedToken(BaseModel):
    """The text of a token that was found where it does not belong."""

    token: Annotated[SecretStr, Field(max_length=512)]


class LeakReported(BaseModel):
    """The same whatever was reported."""

    ok: bool = True
    detail: Literal["If this was a good token, it is none any more."] = "If this was a good token, it is none any more."


class TokenRevoked(BaseModel):
    """The token is revoked; `detail` says whether it was before."""

    ok: bool = True
    detail: Literal["revoked", "already-revoked"]
    id: int
