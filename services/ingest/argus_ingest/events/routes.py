"""A route that hands the request to its function as it is. FastAPI documents it and stays out of its way otherwise: its
dependencies and models would cost more than storing the event.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class PlainRoute(APIRoute):
    """An `async def endpoint(request: Request) -> Response`, called with nothing in between."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler
