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


class ActionCount(BaseModel):
    """An action that occurs in the log, and in how many lines."""

    action: str
    count: int


class ChainOut(BaseModel):
    """What a look at the hash chain found.

    `first_broken` is the id of the first line that does not fit to the one before it, or of a line that was there when
    the chain was last seen whole and is gone. `next_after` is where to go on; null: the end was reached.
    """

    whole: bool
    first_broken: int | None
    checked: int
    last_id: int | None
    next_after: int | None
