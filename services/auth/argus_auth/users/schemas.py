"""People as administrators see them."""

from __future__ import annotations

from pydantic import BaseModel

from argus_auth.fields import Moment


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
