"""The built frontend's files with a hash in their names, answered from memory before anything else looks at a request.

A page asks for dozens of them at once, so what each costs is what people wait for: no thread, no look at the disk, no
middleware. They never change under their names, so what was read once stays; all of them are a few MiB.
"""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from argus_contracts.errors import ErrorCode
from argus_kit import errors
from argus_kit.headers import Raw, headers_for

PREFIX: Final = "/assets/"
# The better one first.
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
# A browser may keep them for ever.
_IMMUTABLE: Final = "public, max-age=31536000, immutable"

Answer = tuple[list[Raw], bytes]


class Assets:
    """Middleware that answers GET and HEAD under /assets/, as the build compressed the files (`<name>.br`, `.gz`)."""

    def __init__(self, app: ASGIApp, folder: Path, public_url: str) -> None:
        self._app = app
        self._folder = folder.resolve()
        self._common = headers_for(PREFIX, is_secure=public_url.startswith("https:"))
        self._kept: dict[tuple[str, str], Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX) or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        key = (scope["path"], _encoding(scope["headers"]))
        answer = self._kept.get(key)
        if answer is None:
            answer = await asyncio.to_thread(self._read, *key)
            if answer is None:
                refusal = errors.response(errors.ArgusError(ErrorCode.REQUEST_NOT_FOUND, "Not Found"))
                refusal.raw_headers.extend(self._common)
                await refusal(scope, receive, send)
                return
            self._kept[key] = answer
        headers, body = answer
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _read(self, path: str, encoding: str) -> Answer | None:
        name = path.removeprefix(PREFIX)
        # One name, one file: of `a/../x.js` and its like there are as many as somebody wants us to keep.
        file = file_within(self._folder, name) if "/" not in name else None
        if file is None:
            return None
        body, more = compressed(file, encoding)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        text = "; charset=utf-8" if kind.startswith("text/") else ""
        headers = {"Content-Type": kind + text, "Content-Length": str(len(body)), "Cache-Control": _IMMUTABLE, **more}
        return [*((name.lower().encode(), value.encode()) for name, value in headers.items()), *self._common], body


def file_within(root: Path, path: str) -> Path | None:
    """The file that a path names, if it lies under `root`. A path that no file system takes names none."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root.resolve()) and file.is_file() else None
    except (OSError, ValueError):
        return None


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding names this encoding, and does not refuse it (`q=0`)."""
    for item in header.split(","):
        name, _, weight = item.partition(";")
        if name.strip().lower() == encoding:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def compressed(file: Path, accepted: str) -> tuple[bytes, dict[str, str]]:
    """A file as the build compressed it, in the best encoding that an Accept-Encoding names, and its headers."""
    for encoding, suffix in _ENCODINGS.items():
        other = file.with_name(file.name + suffix)
        if accepts(accepted, encoding) and other.is_file():
            return other.read_bytes(), {"Vary": "Accept-Encoding", "Content-Encoding": encoding}
    return file.read_bytes(), {"Vary": "Accept-Encoding"}


def _encoding(headers: list[Raw]) -> str:
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding").decode("latin-1")
    return next((encoding for encoding in _ENCODINGS if accepts(accepted, encoding)), "")
