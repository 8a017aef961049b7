"""What a login provider is to the rest: where to send a browser, and who came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.oauth.state import Flow


class Refused(Exception):
    """A login or a link that does not come about.

    Args:
        reason: a stable word; it travels in the address of the page that says why.
        cause: for the log; holds no secret.
        user_id: whose account it was about, as far as that is known.
    """

    def __init__(self, reason: str, cause: str = "", *, user_id: int | None = None) -> None:
        super().__init__(f"{reason}: {cause}" if cause else reason)
        self.reason = reason
        self.cause = cause
        self.user_id = user_id


class Unavailable(Exception):
    """The provider does not answer, or not as it should; the text says what is wrong."""


class Answer(NamedTuple):
    """What a provider's redirect brings: the code, and who it says it is (RFC 9207)."""

    code: str
    issuer: str | None


class External(NamedTuple):
    """A person as the provider knows them. `email` is set only when the provider has verified it."""

    subject: str
    login: str
    email: str | None
    groups: Sequence[str] | None = None


@dataclass(frozen=True)
class Rules:
    """Who may come in through a provider, and what its groups give."""

    allowed_domains: Sequence[str] = ()
    groups_claim: str | None = None
    group_roles: Mapping[str, Any] = field(default_factory=dict)
    required_group: str | None = None


class Provider(Protocol):
    """A way to sign in. `slug` stands in addresses, `key` beside the links in the database."""

    @property
    def slug(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def callback_url(self) -> str: ...

    async def authorize_url(self, flow: Flow, state: str) -> str:
        """Where the browser goes.

        Raises:
            Unavailable: nobody knows where, since the provider cannot be asked.
        """

    async def identify(self, flow: Flow, answer: Answer) -> External:
        """Who came back.

        Raises:
            Refused: what the provider says does not hold.
            Unavailable: it does not answer.
        """


class Visit(NamedTuple):
    """A browser that came back from a provider: to which process, from which provider, and from where."""

    core: AuthCore
    provider: Provider
    origin: Origin
