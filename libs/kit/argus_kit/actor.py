"""Who a request comes from, once its credential was checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from argus_contracts import bus as wire


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request, and by what right they speak.

    `scope` is "full" for a browser session, "reporter" (em_live_), "viewer" (em_view_) or "agent" (ag_live_).
    """

    user_id: int
    username: str
    is_admin: bool
    kind: Literal["session", "token", "agent"]
    scope: Literal["full", "reporter", "viewer", "agent"]
    jti: str | None = None
    token_id: int | None = None
    key_id: str | None = None
    agent_id: str | None = None
    project: str | None = None
    expires_at: datetime | None = None

    @property
    def may_write(self) -> bool:
        """False for tokens that only read."""
        return self.scope != "viewer"

    def is_hit_by(self, revoked: wire.Revoked) -> bool:
        """Whether a revocation ends this credential."""
        if revoked.kind == "user":
            return revoked.key == str(self.user_id)
        if revoked.kind == "session":
            return revoked.key == self.jti
        return revoked.key == (self.key_id if revoked.kind == "token" else self.agent_id)


def without_admin(actor: Actor) -> Actor:
    """The same person without administrator's rights."""
    return replace(actor, is_admin=False)
