"""Invites on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_auth.fields import Moment, Printable

Mode = Literal["open", "invite", "closed"]


class RegistrationMode(BaseModel):
    """Who may register. `is_first`: nobody has, and the next one becomes the administrator."""

    mode: Mode
    is_first: bool


class InviteCreate(BaseModel):
    """An invite to be made: how often and for how many days its code works."""

    model_config = ConfigDict(extra="forbid")

    max_uses: Annotated[int, Field(ge=1, le=1000)] = 1
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 7
    note: Annotated[Printable, Field(max_length=200)] | None = None


class InviteOut(BaseModel):
    """An invite as administrators see it: `display_hint` are the last four characters of its code."""

    id: int
    display_hint: str
    note: str | None
    created_at: Moment
    created_by: int | None
    expires_at: Moment
    max_uses: int
    uses: int
    revoked: bool


class InviteCreated(InviteOut):
    """A new invite with its code and the address that carries it; neither is shown again."""

    code: str
    url: str


class InviteRevoked(BaseModel):
    """The invite works no more; `detail` says whether it did until now."""

    ok: bool = True
    detail: Literal["revoked", "already-revoked"]
    id: int
