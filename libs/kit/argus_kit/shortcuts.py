"""Routes that are asked thousands of times a second, answered before FastAPI and its middleware, which cost several
times what such a request does.

A shortcut is the same function that the route calls; the route stays, for the OpenAPI document and for requests that
want more: those from a page of another origin (CORS), and those whose sender traces them. Requests are counted and
timed, and errors have their envelope and trace id, as everywhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from argus_kit import errors, telemetry
from argus_kit.documents import add_permissions
from argus_kit.headers import API_HEADERS

Answer = Callable[[Request], Awaitable[bytes]]
"""From a request to the JSON of its answer, 200. Raises what a route may raise."""
Shortcuts = Mapping[tuple[str, str], Answer]
"""By method and path."""

_ASK_FOR_MORE = frozenset({b"origin", b"traceparent"})


class App(FastAPI):
    """FastAPI with shortcuts, and with permissions in its OpenAPI document."""

    def __init__(self, *, service: str, shortcuts: Shortcuts, **more: Any) -> None:
        super().__init__(**more)
        self._service = service
        self._shortcuts = shortcuts
        self._answered = telemetry.REQUESTS.labels(service, "POST", 200)
        self._seconds = telemetry.LATENCY.labels(service, "POST")
        self._documenting = asyncio.Lock()

    def openapi(self) -> dict[str, Any]:
        """See FastAPI."""
        if self.openapi_schema is None:
            self.openapi_schema = add_permissions(super().openapi(), self.routes)
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        answer = self._shortcuts.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if answer is None or any(name in _ASK_FOR_MORE for name, _ in scope["headers"]):
            if self.openapi_schema is None and scope["type"] == "http" and scope["path"] == self.openapi_url:
                # All routes of standalone take two seconds to describe, in which nobody else would be answered.
                async with self._documenting:
                    await asyncio.to_thread(self.openapi)
            await super().__call__(scope, receive, send)
            return
        begin = time.perf_counter()
        scope["app"] = self
        request = Request(scope, receive)
        try:
            body = await answer(request)
        except Exception as error:  # noqa: BLE001 (`refuse` logs what is not meant for the caller)
            await self._refuse(request, error, send, begin)
            return
        self._answered.inc()
        self._seconds.observe(time.perf_counter() - begin)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *API_HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _refuse(self, request: Request, error: Exception, send: Send, begin: float) -> None:
        with telemetry.span(f"{request.method} {self._service}", None, **{"http.path": request.url.path}):
            response = await errors.answer(request, error)
        telemetry.REQUESTS.labels(self._service, request.method, response.status_code).inc()
        self._seconds.observe(time.perf_counter() - begin)
        response.raw_headers.extend(API_HEADERS)
        await response(request.scope, request.receive, send)
