"""A zip that is made while it is sent: nothing of it is kept but the list of its files."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator

from argus_kit.clock import now

_LEVEL = 6


class Archive:
    """Takes files in pieces and gives the zip in pieces."""

    def __init__(self) -> None:
        self._sink = _Sink()
        # Without `seek` and `tell` the sizes follow the files, as a stream needs it.
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)  # type: ignore[call-overload]

    async def add(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Put a file in, piece by piece. Its size need not be known."""
        info = zipfile.ZipInfo(name, now().timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
                if done := self._sink.taken():
                    yield done
        yield self._sink.taken()

    def end(self) -> bytes:
        """The end of the zip: the list of its files."""
        self._zip.close()
        return self._sink.taken()


class _Sink:
    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
