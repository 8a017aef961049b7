"""Files on their way to the server: multipart form data, streamed, never held in memory as a whole."""

from __future__ import annotations

import json
import mimetypes
import os
from pathlib import Path
from urllib.parse import quote

from argus._guard import tell_once
from argus._transport import HttpTransport, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".pdf", ".svg"})

_TIMEOUT_S = 30.0
_BLOCK_BYTES = 256 * 1024


class ArtifactUploader:
    """Uploads to `/api/jobs/{id}/artifacts` or `/api/batches/{id}/artifacts`."""

    def __init__(self, url: str, token: Callable[[], str | None]) -> None:
        self._transport = HttpTransport(url, token, _TIMEOUT_S)

    def upload_images(self, scope: str, scope_id: str, path: Path, glob: str) -> int:
        """Upload a file, or the files of a folder that `glob` selects, as far as they are images; returns how many."""
        files = [path] if path.is_file() else sorted(found for found in path.glob(glob) if found.is_file())
        images = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
        return sum(self.upload(scope, scope_id, file, {"kind": "image"}) for file in images)

    def upload(self, scope: str, scope_id: str, path: Path, fields: dict[str, str]) -> bool:
        """Upload one file; False (and one line in the log) where it did not arrive."""
        boundary = f"argus-{os.urandom(12).hex()}"
        head, tail = _frame(boundary, path.name, fields)
        target = f"/api/{scope}/{quote(scope_id, safe='')}/artifacts"
        try:
            size = path.stat().st_size
            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(head) + size + len(tail)),
            }
            reply = self._transport.request("POST", target, _stream(head, path, size, tail), headers)
        except (Unreachable, OSError) as error:
            tell_once("upload", "the file %s was not uploaded: %s", path, error)
            return False
        if not reply.ok:
            tell_once(f"upload:{reply.status}", "the file %s was not uploaded: HTTP %d", path, reply.status)
        return reply.ok

    def __enter__(self) -> Self:
        """Nothing to do: the connection opens with the first file."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connection."""
        self._transport.close()


def artifact_fields(label: str | None, meta: dict[str, object] | None) -> dict[str, str]:
    """The form fields of an artifact's label and metadata."""
    fields: dict[str, str] = {}
    if label is not None:
        fields["label"] = str(label)
    if meta is not None:
        fields["meta"] = json.dumps(meta, default=str)
    return fields


def _frame(boundary: str, name: str, fields: dict[str, str]) -> tuple[bytes, bytes]:
    """What comes before and after the file's bytes."""
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
        f"Content-Type: {mime}\r\n\r\n"
    )
    return "".join(parts).encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode()


def _stream(head: bytes, path: Path, size: int, tail: bytes) -> Iterator[bytes]:
    """The body in blocks: exactly `size` bytes of the file, though somebody may be writing it."""
    yield head
    left = size
    with path.open("rb") as file:
        while left > 0:
            block = file.read(min(_BLOCK_BYTES, left))
            if not block:
                raise OSError(f"{path} became shorter while it was read")
            left -= len(block)
            yield block
    yield tail
