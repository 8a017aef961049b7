"""People as administrators see them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Body, Query
from pydantic import BaseModel, ConfigDict, Field

from argus_auth.fields import Moment, Printable

Status = Annotated[
    Literal["active", "banned", "locked", "unverified", "admin", "deleted"],
    Query(description="Only these; without it everybody but deleted accounts."),
]
Sort = Annotated[
    Literal["created", "-created", "username", "-username", "last_login", "-last_login"],
    Query(description="`-`: the greatest first. Who never logged in comes last."),
]
Search = Annotated[str, Query(max_length=254, description="Part of a user name or an address, in any case.")]


class AdminUserOut(BaseModel):
    """One account with its lock."""

    id: int
    username: str
    email: str
    is_active: bool
    is_admin: bool
    email_verified: bool
    created_at: Moment
    last_login: Moment | None
    failed_login_count: int
    locked_until: Moment | None
    deleted_at: Moment | None


class LinkedIdentity(BaseModel):
    """An account elsewhere with which the person can log in."""

    provider: str
    login: str | None
    email: str | None
    created_at: Moment


class AdminUserDetail(AdminUserOut):
    """One account with what hangs on it: only counts, no credential."""

    has_password: bool
    password_changed_at: Moment | None
    preferred_locale: str
    sessions: int
    tokens: int
    agents: int
    last_seen_at: Moment | None
    identities: list[LinkedIdentity]


class Because(BaseModel):
    """Why it is done; it is written into the audit log."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Printable, Field(max_length=500)] | None = None


Reason = Annotated[Because | None, Body()]
"""An optional body: the contract's `ban` and `unban` have none."""


class SessionsEnded(BaseModel):
    """How many sessions ended."""

    ok: bool = True
    detail: Literal["sessions-ended"] = "sessions-ended"
    sessions_ended: int


class PasswordVoided(BaseModel):
    """The old password works no more. `link` sets a new one, once; null when it was mailed instead.

    A link in the answer is shown this once, to be handed over.
    """

    ok: bool = True
    detail: Literal["mailed", "link"]
    link: str | None
    expires_at: Moment
    sessions_ended: int
