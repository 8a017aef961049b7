"""What routes ask for: the core, a write transaction, and where the request came from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from argus_auth.core import AuthCore
from argus_auth.work import Work
from argus_kit.platform import part_of

Core = Annotated[AuthCore, part_of(AuthCore)]

_MAX_USER_AGENT = 512


class Origin(NamedTuple):
    """Where a request came from, as far as the proxy in front is trusted."""

    ip: str | None
    user_agent: str | None


async def _write(core: Core) -> AsyncIterator[Work]:
    async with core.write() as work:
        yield work


Writing = Annotated[Work, Depends(_write, scope="function")]
"""The request's write transaction, committed before the response is sent."""


def _origin(request: Request) -> Origin:
    agent = request.headers.get("user-agent")
    return Origin(request.client.host if request.client else None, agent[:_MAX_USER_AGENT] if agent else None)


From = Annotated[Origin, Depends(_origin)]
