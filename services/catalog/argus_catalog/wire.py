"""How answers leave the catalog: the base of all response models, times as text, and conditional GETs."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, PlainSerializer

from argus_kit.clock import iso

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
    """Answers 304 to a GET whose If-None-Match names what would be sent again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            body: Any = getattr(response, "body", None)
            if request.method != "GET" or response.status_code != 200 or not isinstance(body, bytes):
                return response
            etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
            response.headers["ETag"] = etag
            response.headers.setdefault("Cache-Control", "private, no-cache")
            if etag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]:
                kept = {k: v for k, v in response.headers.items() if k not in {"content-length", "content-type"}}
                return Response(status_code=304, headers=kept)
            return response

        return handle
