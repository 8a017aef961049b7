"""Sessions on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from argus_auth.fields import Moment


class SessionOut(BaseModel):
    """One browser that is logged in. `method` says how: `password`, or the provider's name."""

    jti: str
    issued_at: Moment
    expires_at: Moment
    user_agent: str | None
    ip: str | None
    last_seen_at: Moment | None
    is_current: bool
    method: str | None


class SessionsRevoked(BaseModel):
    """How many sessions ended."""

    ok: bool = True
    detail: str = "revoked"
    revoked: int


class Done(BaseModel):
    """It is done; `detail` says what."""

    ok: bool = True
    detail: str
