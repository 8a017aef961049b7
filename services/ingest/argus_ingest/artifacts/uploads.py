"""Reading a multipart upload within limits, after the caller's right to it is known."""

from __future__ import annotations

import contextlib
import mimetypes
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from argus_contracts.errors import ErrorCode
from argus_contracts.refusals import UNSTORABLE, fault
from argus_kit.errors import ArgusError

# What the form's other fields and its boundaries may take.
_FORM_BYTES: Final = 256 * 1024
_MAX_NAME: Final = 255
_MAX_LABEL: Final = 1000
_DEFAULT_MIME: Final = "application/octet-stream"
_MIME: Final = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file with what was said about it."""

    file: BinaryIO
    filename: str
    mime: str
    label: str | None
    meta: dict[str, Any] | None


@contextlib.asynccontextmanager
async def read_upload(request: Request, max_bytes: int) -> AsyncIterator[Upload]:
    """The upload of a request; its file is on disk, not in memory.

    Raises:
        ArgusError: request.invalid (422) without a file, artifact.meta_invalid (400), artifact.too_large (413).
    """
    limited = Request(request.scope, _limited(request, max_bytes + _FORM_BYTES, max_bytes))
    try:
        form = await limited.form(max_files=1, max_fields=20, max_part_size=_FORM_BYTES)
    except MultiPartException as error:
        raise ArgusError(ErrorCode.REQUEST_INVALID, str(error.message)) from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            item = fault("missing", ("body", "file"), "Field required")
            raise ArgusError(ErrorCode.REQUEST_INVALID, "The form needs a file.", detail=[item])
        name = _name(file.filename)
        label = form.get("label")
        yield Upload(
            file.file,
            name,
            _mime(name, file.content_type),
            UNSTORABLE.sub("\ufffd", label)[:_MAX_LABEL] if isinstance(label, str) else None,
            _meta(form.get("meta")),
        )
    finally:
        await form.close()


def _limited(request: Request, limit: int, max_bytes: int) -> Any:
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise ArgusError(ErrorCode.ARTIFACT_TOO_LARGE, details={"max_bytes": max_bytes})
        return message

    return receive


def _name(name: str | None) -> str:
    return UNSTORABLE.sub("\ufffd", name or "")[:_MAX_NAME] or "file"


def _mime(name: str, declared: str | None) -> str:
    guessed, _ = mimetypes.guess_type(name, strict=False)
    if guessed:
        return guessed
    plain = (declared or "").partition(";")[0].strip().lower()
    return plain if _MIME.fullmatch(plain) else _DEFAULT_MIME


def _meta(text: object) -> dict[str, Any] | None:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        value = msgspec.json.decode(UNSTORABLE.sub("\ufffd", text).replace("\\u0000", "\\ufffd"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ArgusError(ErrorCode.ARTIFACT_META_INVALID) from error
    if not isinstance(value, dict):
        raise ArgusError(ErrorCode.ARTIFACT_META_INVALID)
    return value
