"""How large the body of a request may be. Routes that take more read their bodies themselves, and bound them."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError, response

MAX_BODY_BYTES = 2**20


class BodyLimit:
    """Refuses a body of more than a megabyte (413), by what its head declares or while it arrives.

    Args:
        app: what is asked behind this.
        own: paths whose routes have bounds of their own.
    """

    def __init__(self, app: ASGIApp, own: re.Pattern[str] | None) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or (self._own is not None and self._own.fullmatch(scope["path"])):
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if int(declared) > MAX_BODY_BYTES:
            error = ArgusError(ErrorCode.BODY_TOO_LARGE, details={"max_bytes": MAX_BODY_BYTES})
            await response(error)(scope, receive, send)
            return
        left = MAX_BODY_BYTES

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, ErrorCode.BODY_TOO_LARGE.message)
            return message

        await self._app(scope, counted, send)
