"""The audit log on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from argus_auth.fields import Moment


class AuditOut(BaseModel):
    """Who did what to what, when and from where."""

    id: int
    user_id: int | None
    username: str | None
    action: str
    target_type: str | None
    target_id: str | None
    metadata: dict[str, Any] | None
    timestamp: Moment
    ip_address: str | None
