"""Whether a process takes requests: from the first moment in which it was ready until it is asked to end.

A gateway with several replicas to choose from asks `/acceptz` before it sends to one. It does not ask `/readyz`: a
database or a bus that is away is away for all of them, and a gateway that trusts none would refuse everything, also
what needs neither.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from argus_kit.policy import PUBLIC
from argus_kit.routing import APIRouter

PROBE = "/acceptz"


class Presence:
    """Where a process stands. `drain_s`: how long it goes on answering after it was asked to end."""

    def __init__(self, drain_s: float = 0.0) -> None:
        self.drain_s = drain_s
        self.has_come = False
        self.is_leaving = False

    @property
    def takes_requests(self) -> bool:
        """Whether the gateway should send here."""
        return self.has_come and not self.is_leaving


def probe() -> APIRouter:
    """The route for the gateway; the app's `state.presence` is asked."""
    router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

    @router.get(PROBE)
    async def acceptz(request: Request) -> JSONResponse:
        presence: Presence = request.app.state.presence
        if presence.takes_requests:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "leaving" if presence.is_leaving else "coming"}, 503)

    return router
