"""Who a request comes from, once its credential was checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.addresses import IPNetwork, spelled, within
from argus_kit.errors import ArgusError

Scope = Literal["full", "reporter", "viewer", "agent", "none"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request, and by what right they speak.

    `scope` is "full" for a browser session, "reporter" (em_live_), "viewer" (em_view_) or "agent" (ag_live_). `project`
    is the only project that a token reaches, and such a token has no administrator's rights; `networks` are the only
    ones that it is taken from. None means: no such bound. Whoever shows no credential is `VISITOR`, with scope "none".
    """

    user_id: int
    username: str
    is_admin: bool
    kind: Literal["session", "token", "agent", "visitor"]
    scope: Scope
    jti: str | None = None
    token_id: int | None = None
    key_id: str | None = None
    agent_id: str | None = None
    project: str | None = None
    networks: tuple[IPNetwork, ...] | None = None
    expires_at: datetime | None = None
    session_ends_at: datetime | None = None

    @property
    def may_write(self) -> bool:
        """False for tokens that only read, and for visitors."""
        return self.scope not in {"viewer", "none"}

    @property
    def is_anonymous(self) -> bool:
        """Whether no credential was shown: such a caller sees what was published, and nothing else."""
        return self.kind == "visitor"

    def reaches(self, project: str | None) -> bool:
        """Whether the credential is not tied to another project. None stands for what belongs to no project."""
        return self.project is None or self.project == project

    def may_come_from(self, address: str | None) -> bool:
        """Whether the credential may be used from this address; one that is not known is in no network."""
        if self.networks is None:
            return True
        return address is not None and _lies_within(address, self.networks)

    def is_hit_by(self, revoked: wire.Revoked) -> bool:
        """Whether a revocation ends this credential."""
        if revoked.kind == "user":
            return revoked.key == str(self.user_id)
        if revoked.kind == "session":
            return revoked.key == self.jti
        return revoked.key == (self.key_id if revoked.kind == "token" else self.agent_id)


VISITOR: Final = Actor(user_id=0, username="", is_admin=False, kind="visitor", scope="none")
"""Whoever shows no credential. No account has the id 0, so that nothing is theirs or shared with them."""


# A script speaks from one address: looking again whether that lies in twenty networks would cost 80 microseconds.
@lru_cache(maxsize=4096)
def _lies_within(address: str, networks: tuple[IPNetwork, ...]) -> bool:
    known = spelled(address.partition("%")[0])
    return known is not None and within(known, networks)


def must_reach(actor: Actor, project: str | None) -> None:
    """Let pass who may deal with a project (None: with what belongs to none) by this credential.

    Raises:
        ArgusError: auth.project_token, by a token that is tied to another project.
    """
    if not actor.reaches(project):
        message = f"This token is for the project {actor.project} only."
        raise ArgusError(ErrorCode.AUTH_PROJECT_TOKEN, message, details={"project": actor.project})


def without_admin(actor: Actor) -> Actor:
    """The same person without administrator's rights."""
    return replace(actor, is_admin=False)
