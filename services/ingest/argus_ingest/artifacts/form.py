"""Multipart form data taken apart while it arrives: heads, bytes and ends of its parts, in order, nothing kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, overload

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from argus_contracts.errors import ErrorCode
from argus_contracts.refusals import fault
from argus_kit.errors import ArgusError

_MAX_PARTS: Final = 20


@dataclass(frozen=True, slots=True)
class Head:
    """What a part says of itself; `filename` is None for a field that is no file."""

    name: str
    filename: str | None
    content_type: str | None


class End:
    """A part is complete."""


Piece = Head | bytes | End


async def pieces(request: Request, *, max_bytes: int, idle_s: float) -> AsyncIterator[Piece]:
    """The parts of a request's body.

    Raises:
        ArgusError: request.invalid (422) where this is no form or it is cut off, body.too_large (413),
            request.timeout (408) where nothing comes for `idle_s` seconds.
    """
    parser = _Parser(_boundary(request.headers.get("content-type")))
    received = 0
    body = aiter(request.stream())
    while (chunk := await _next(body, idle_s)) is not None:
        received += len(chunk)
        if received > max_bytes:
            raise ArgusError(ErrorCode.BODY_TOO_LARGE, details={"max_bytes": max_bytes})
        for piece in parser.feed(chunk):
            yield piece
    if not parser.is_complete:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The form is cut off: its last boundary is missing.")


async def _next(body: AsyncIterator[bytes], idle_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(idle_s):
            return await anext(body, None)
    except (ClientDisconnect, TimeoutError) as error:
        raise ArgusError(ErrorCode.REQUEST_TIMEOUT) from error


def _boundary(content_type: str | None) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise without_file("Send the file as multipart/form-data, in the field named file.")
    return boundary


def without_file(message: str) -> ArgusError:
    """The error of a request that has no file."""
    item = fault("missing", ("body", "file"), "Field required")
    return ArgusError(ErrorCode.REQUEST_INVALID, message, detail=[item])


class _Parser:
    """The library's parser calls back; this makes a list of it."""

    def __init__(self, boundary: bytes) -> None:
        self.is_complete = False
        self._pieces: list[Piece] = []
        self._headers: dict[bytes, bytes] = {}
        self._field, self._value = b"", b""
        self._parts = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _invalid(error) from error

    def feed(self, chunk: bytes) -> list[Piece]:
        if self.is_complete:
            return []
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _invalid(error) from error
        found, self._pieces = self._pieces, []
        return found

    def _on_part_begin(self) -> None:
        self._headers.clear()
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise ArgusError(ErrorCode.REQUEST_INVALID, f"The form has more than {_MAX_PARTS} fields.")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name, filename = options.get(b"name"), options.get(b"filename")
        declared = self._headers.get(b"content-type")
        if name is None:
            raise ArgusError(ErrorCode.REQUEST_INVALID, "A part of the form has no name.")
        self._pieces.append(Head(_text(name), _text(filename), _text(declared)))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        self._pieces.append(End())

    def _on_end(self) -> None:
        self.is_complete = True


@overload
def _text(raw: bytes) -> str: ...
@overload
def _text(raw: bytes | None) -> str | None: ...
def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "replace")


def _invalid(error: FormParserError) -> ArgusError:
    return ArgusError(ErrorCode.REQUEST_INVALID, f"The form cannot be read: {error}.")
