"""From a request to the plain bytes of its body, within limits."""

from __future__ import annotations

import asyncio
import re
import zlib
from typing import Final

from starlette.requests import ClientDisconnect, Request

from argus_contracts.errors import ErrorCode
from argus_contracts.refusals import fault
from argus_kit.errors import ArgusError

# Unpacking more than this is worth a hop to a thread.
_LARGE: Final = 256 * 1024
_UNDECLARED: Final = 64 * 1024
# How much events usually grow when they are unpacked.
_UNPACKED_TIMES: Final = 8
_GZIP: Final = 16 + zlib.MAX_WBITS
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json", re.IGNORECASE)


async def read_body(request: Request, *, max_bytes: int, max_unpacked: int) -> bytes:
    """The request's body, unpacked.

    Raises:
        ArgusError: body.content_type (422), body.too_large (413), body.encoding_unsupported (415),
            body.encoding_invalid (400).
    """
    headers = request.headers
    _check_content_type(headers.get("content-type"))
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip"}:
        raise ArgusError(ErrorCode.BODY_ENCODING_UNSUPPORTED, f'Content-Encoding "{encoding[:32]}" is not supported.')
    body = await _receive(request, max_bytes)
    if encoding in {"identity", ""}:
        return body
    if len(body) > _LARGE:
        return await asyncio.to_thread(unpack, body, max_unpacked)
    return unpack(body, max_unpacked)


def declared_size(request: Request) -> int:
    """About how many bytes the body will take, from its head; for one that does not say, a common size."""
    declared = request.headers.get("content-length", "")
    size = int(declared[:20]) if declared.isascii() and declared.isdigit() else _UNDECLARED
    return size * _UNPACKED_TIMES if "gzip" in request.headers.get("content-encoding", "") else size


def unpack(packed: bytes, limit: int) -> bytes:
    """Decompress gzip, member after member, and never hold more than `limit` bytes of it."""
    parts: list[bytes] = []
    size = 0
    rest = packed
    while rest:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(rest, limit - size + 1)
        except zlib.error as error:
            raise ArgusError(ErrorCode.BODY_ENCODING_INVALID) from error
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not member.eof:
            raise ArgusError(ErrorCode.BODY_ENCODING_INVALID, "The compressed request body is cut off.")
        parts.append(part)
        rest = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


async def _receive(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
    except ClientDisconnect as error:
        raise ArgusError(ErrorCode.REQUEST_TIMEOUT) from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_content_type(value: str | None) -> None:
    kind = (value or "").partition(";")[0].strip()
    if not _JSON.fullmatch(kind):
        item = fault("model_attributes_type", ("body",), "Input should be a JSON object sent as application/json")
        raise ArgusError(ErrorCode.BODY_CONTENT_TYPE, detail=[item])


def _too_large(limit: int) -> ArgusError:
    return ArgusError(ErrorCode.BODY_TOO_LARGE, details={"max_bytes": limit})
