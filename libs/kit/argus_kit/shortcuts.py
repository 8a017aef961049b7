"""Routes that are asked thousands of times a second, answered before FastAPI and its middleware, which cost several
times what such a request does.

A shortcut is the same function that the route calls; the route stays, for the OpenAPI document and for requests that
want more: those from a page of another origin (CORS). Requests are counted and timed, errors have their envelope and
trace id, and a sender's trace goes on, as everywhere; where traces are exported there are no shortcuts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Self

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from argus_kit import errors, telemetry
from argus_kit.documents import add_permissions, add_refusals
from argus_kit.headers import API_HEADERS

Answer = Callable[[Request], Awaitable[bytes]]
"""From a request to the JSON of its answer, 200. Raises what a route may raise."""
Shortcuts = Mapping[tuple[str, str], Answer]
"""By method and path. It may hold an id, `/api/batches/{batch_id:path}/stop-requested`, if no other route ends so."""

_ASK_FOR_MORE = frozenset({b"origin"})
_TRACE = b"traceparent"


class _Open(NamedTuple):
    """A path with an id in it, which may hold slashes."""

    way: tuple[str, str]
    begin: str
    name: str
    end: str

    @classmethod
    def of(cls, way: tuple[str, str]) -> Self:
        """From method and path."""
        begin, _, rest = way[1].partition("{")
        name, _, end = rest.partition(":path}")
        return cls(way, begin, name, end)

    def is_of(self, method: str, path: str) -> bool:
        """Whether a request comes this way."""
        is_longer = len(path) > len(self.begin) + len(self.end)
        return is_longer and method == self.way[0] and path.startswith(self.begin) and path.endswith(self.end)


class App(FastAPI):
    """FastAPI with shortcuts, and with permissions in its OpenAPI document."""

    def __init__(self, *, service: str, shortcuts: Shortcuts, **more: Any) -> None:
        super().__init__(**more)
        self._service = service
        self._shortcuts = shortcuts
        self._open = [_Open.of(way) for way in shortcuts if "{" in way[1]]
        self._answered = {way: telemetry.REQUESTS.labels(service, *way, 200) for way in shortcuts}
        self._seconds = {way: telemetry.LATENCY.labels(service, *way) for way in shortcuts}
        self._documenting = asyncio.Lock()

    def openapi(self) -> dict[str, Any]:
        """See FastAPI."""
        if self.openapi_schema is None:
            add_refusals(self.routes)
            self.openapi_schema = add_permissions(super().openapi(), self.routes)
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        way = self._way(scope) if scope["type"] == "http" else None
        answer = self._shortcuts.get(way) if way else None
        if way is None or answer is None or any(name in _ASK_FOR_MORE for name, _ in scope["headers"]):
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
            await self._refuse(request, way, error, send, begin)
            return
        self._answered[way].inc()
        self._seconds[way].observe(time.perf_counter() - begin)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *API_HEADERS]
        if asked := _trace_of(scope):
            headers.append((telemetry.REQUEST_ID, asked))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _way(self, scope: Scope) -> tuple[str, str]:
        method, path = scope["method"], scope["path"]
        for one in self._open:
            if one.is_of(method, path):
                scope["path_params"] = {one.name: path[len(one.begin) : -len(one.end)]}
                return one.way
        return method, path

    async def _refuse(self, request: Request, way: tuple[str, str], error: Exception, send: Send, begin: float) -> None:
        carrier = {name: value for name, value in request.headers.items() if name == _TRACE.decode()}
        with telemetry.span(f"{request.method} {self._service}", carrier, **{"http.path": request.url.path}):
            response = await errors.answer(request, error)
        telemetry.REQUESTS.labels(self._service, *way, response.status_code).inc()
        self._seconds[way].observe(time.perf_counter() - begin)
        response.raw_headers.extend(API_HEADERS)
        await response(request.scope, request.receive, send)


def _trace_of(scope: Scope) -> bytes | None:
    """The id of the sender's trace, as its header has it; None where it sent none that can be read."""
    for name, value in scope["headers"]:
        if name == _TRACE:
            parts: list[bytes] = value.split(b"-")
            return parts[1] if len(parts) == 4 and len(parts[1]) == 32 and parts[1].isalnum() else None
    return None
