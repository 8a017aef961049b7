"""How answers leave the catalog: the base of all response models, times as text, conditional GETs, compression."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, PlainSerializer

from argus_kit.clock import iso

# Shorter answers fit into a packet or two as they are; longer ones are compressed beside the event loop.
_WORTH_COMPRESSING: Final = 1_400
_LONG: Final = 128 * 1024
# Columns of numbers get a tenth smaller at the best level, in ten times the time.
_LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS

WireTime = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json-unless-none")]
"""A time as the wire writes it: ISO 8601 in UTC, whole seconds, `Z`."""


class Shape(BaseModel):
    """A response. All keys are always present; what is not known is null."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Deleted(Shape):
    """Something was deleted, or taken back."""

    ok: bool = True
    detail: str = "revoked"


def json_response(value: Any, headers: dict[str, str] | None = None) -> Response:
    """A response that goes past the response model, for long columns of numbers. NaN and infinities become null."""
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)


class ConditionalRoute(APIRoute):
    """Answers 304 to a GET whose If-None-Match names what would be sent again, and compresses what is sent."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            body: Any = getattr(response, "body", None)
            if response.status_code != 200 or not isinstance(body, bytes):
                return response
            if request.method == "GET":
                etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
                response.headers["ETag"] = etag
                response.headers.setdefault("Cache-Control", "private, no-cache")
                if etag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]:
                    kept = {k: v for k, v in response.headers.items() if k not in {"content-length", "content-type"}}
                    return Response(status_code=304, headers=kept)
            await _compress(request, response, body)
            return response

        return handle


async def _compress(request: Request, response: Response, body: bytes) -> None:
    if len(body) < _WORTH_COMPRESSING:
        return
    response.headers.add_vary_header("Accept-Encoding")
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return
    packed = await asyncio.to_thread(_gzip, body) if len(body) > _LONG else _gzip(body)
    response.body = packed
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(packed))


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()
