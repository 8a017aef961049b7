"""An upload on its way into storage: what is not yet written is a few hundred kilobytes, whatever the file's size."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.requests import Request

from argus_contracts.errors import ErrorCode
from argus_contracts.refusals import UNSTORABLE
from argus_ingest.artifacts.form import End, Head, pieces, without_file
from argus_ingest.artifacts.sinks import Sink
from argus_ingest.artifacts.storage import Storage
from argus_kit.errors import ArgusError

# What the form's other fields and its boundaries may take.
FORM_BYTES: Final = 256 * 1024
_WRITE_BYTES: Final = 256 * 1024
_MAX_NAME: Final = 255
_MAX_LABEL: Final = 1000
_DEFAULT_MIME: Final = "application/octet-stream"
_MIME: Final = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FIELDS: Final = frozenset({"label", "meta", "sha256"})


@dataclass(slots=True)
class Upload:
    """One file, written but not yet finished, with what was said about it."""

    sink: Sink
    filename: str
    mime: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.sink.size

    @property
    def sha256(self) -> str:
        """The file's SHA-256, in hexadecimal digits."""
        return str(self.sink.digest.hexdigest())

    @property
    def label(self) -> str | None:
        """The label, if there is one."""
        text = self.fields.get("label")
        return None if text is None else UNSTORABLE.sub("\ufffd", text)[:_MAX_LABEL]

    def meta(self) -> dict[str, Any] | None:
        """The metadata, if there is any. Raises ArgusError: artifact.meta_invalid."""
        text = self.fields.get("meta", "")
        if not text.strip():
            return None
        try:
            value = msgspec.json.decode(UNSTORABLE.sub("\ufffd", text).replace("\\u0000", "\\ufffd"))
        except (msgspec.DecodeError, RecursionError) as error:
            raise ArgusError(ErrorCode.ARTIFACT_META_INVALID) from error
        if not isinstance(value, dict):
            raise ArgusError(ErrorCode.ARTIFACT_META_INVALID)
        return value

    def check(self, announced: str | None) -> None:
        """Compare with the SHA-256 that the sender computed, if one was sent.

        Raises:
            ArgusError: artifact.checksum_mismatch, request.invalid where it is no SHA-256.
        """
        for text in (announced, self.fields.get("sha256")):
            if text is None or not text.strip():
                continue
            wanted = text.strip().lower()
            if not _SHA256.fullmatch(wanted):
                raise ArgusError(ErrorCode.REQUEST_INVALID, "The SHA-256 must have 64 hexadecimal digits.")
            if wanted != self.sha256:
                details = {"announced": wanted, "received": self.sha256, "bytes": self.size}
                raise ArgusError(ErrorCode.ARTIFACT_CHECKSUM_MISMATCH, details=details)


class Receiver:
    """Reads one request's form and writes its file to a path. After an error `abandon` leaves nothing behind."""

    def __init__(self, storage: Storage, path: str, *, max_bytes: int, idle_s: float) -> None:
        self._storage = storage
        self._path = path
        self._max_bytes = max_bytes
        self._idle_s = idle_s
        self._sink: Sink | None = None
        self._waiting = bytearray()

    async def receive(self, request: Request) -> Upload:
        """The upload.

        Raises:
            ArgusError: request.invalid (422) without a file, artifact.too_large (413), what reading the form raises.
            OSError: what the storage raises.
        """
        self._refuse_large(request.headers.get("content-length", ""))
        upload: Upload | None = None
        fields: dict[str, str] = {}
        head = Head("", None, None)
        text = bytearray()
        async for piece in pieces(request, max_bytes=self._max_bytes + FORM_BYTES, idle_s=self._idle_s):
            is_file = head.name == "file" and head.filename is not None
            if isinstance(piece, Head):
                head = piece
                if head.name == "file" and head.filename is not None:
                    upload = await self._begin(head, upload)
            elif isinstance(piece, End):
                if not is_file and head.name in _FIELDS:
                    fields[head.name] = text.decode("utf-8", "replace")
                text.clear()
            elif is_file:
                await self._take(piece)
            else:
                text += piece
                if len(text) > FORM_BYTES:
                    raise ArgusError(ErrorCode.REQUEST_INVALID, f"The field {head.name[:64]!r} is too long.")
        if upload is None:
            raise without_file("The form needs a file.")
        await self._flush()
        upload.fields.update(fields)
        return upload

    async def finish(self) -> None:
        """Make the file appear."""
        if self._sink is not None:
            await self._storage.run(self._sink.finish)

    async def abandon(self) -> None:
        """Remove what was written, if anything was."""
        sink, self._sink = self._sink, None
        if sink is not None:
            await self._storage.run(sink.abandon)

    def _refuse_large(self, declared: str) -> None:
        known = declared.isascii() and declared.isdigit()
        if known and int(declared[:20]) > self._max_bytes + FORM_BYTES:
            raise self._too_large()

    async def _begin(self, head: Head, before: Upload | None) -> Upload:
        if before is not None:
            raise ArgusError(ErrorCode.REQUEST_INVALID, "The form has more than one file.")
        self._sink = await self._storage.run(self._storage.sink, self._path)
        name = UNSTORABLE.sub("\ufffd", head.filename or "")[:_MAX_NAME] or "file"
        return Upload(self._sink, name, _mime(name, head.content_type))

    async def _take(self, data: bytes) -> None:
        self._waiting += data
        if len(self._waiting) >= _WRITE_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        assert self._sink is not None
        if self._sink.size + len(self._waiting) > self._max_bytes:
            raise self._too_large()
        data, self._waiting = bytes(self._waiting), bytearray()
        await self._storage.run(self._sink.write, data)

    def _too_large(self) -> ArgusError:
        return ArgusError(ErrorCode.ARTIFACT_TOO_LARGE, details={"max_bytes": self._max_bytes})


def _mime(name: str, declared: str | None) -> str:
    guessed, _ = mimetypes.guess_type(name, strict=False)
    if guessed:
        return guessed
    plain = (declared or "").partition(";")[0].strip().lower()
    return plain if _MIME.fullmatch(plain) else _DEFAULT_MIME
