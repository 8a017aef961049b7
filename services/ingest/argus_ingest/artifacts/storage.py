"""Where files lie: a folder, or any address that fsspec knows. A file appears whole or not at all.

fsspec blocks, so all work is done in a few threads of this storage's own: slow storage takes none from anybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar

from argus_ingest.artifacts.sinks import LocalSink, RemoteSink, Sink, abort_uploads

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

P = ParamSpec("P")
R = TypeVar("R")

_THREADS: Final = 8
# What a download holds at a time. A remote store answers each read with a round trip.
_LOCAL_READ: Final = 256 * 1024
_REMOTE_READ: Final = 4 * 2**20
# A thread that removes files comes back to see whether it is still wanted.
_DROPS_AT_ONCE: Final = 100


class Found(NamedTuple):
    """A file that lies there: path, size in bytes, and when it was last written."""

    path: str
    size: int
    modified: datetime


class Storage:
    """Files under one root. Paths are relative to it, in the form `batch_key/name`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="artifacts")

    @functools.cached_property
    def _opened(self) -> tuple[AbstractFileSystem, str]:
        # Loaded with the first file, not with the process.
        from fsspec.core import url_to_fs

        # What another process wrote a moment ago must be seen.
        system, root = url_to_fs(self.address, use_listings_cache=False, skip_instance_cache=True)
        return system, str(root).rstrip("/")

    @property
    def _system(self) -> AbstractFileSystem:
        return self._opened[0]

    @property
    def is_local(self) -> bool:
        """Whether the files lie in a folder of this machine."""
        return bool(getattr(self._system, "local_file", False))

    def locate(self, path: str) -> str:
        """The full path of a file within its file system."""
        return f"{self._opened[1]}/{path}"

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do blocking work in a thread of this storage."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(work, *args, **kwargs))

    def sink(self, path: str) -> Sink:
        """A new file, to be written in a thread; nothing lies at `path` before it is finished."""
        full = self.locate(path)
        return LocalSink(full) if self.is_local else RemoteSink(self._system, full)

    def open(self, path: str) -> IO[bytes]:
        """A file to be read in a thread, seekable. Raises FileNotFoundError."""
        return self._system.open(self.locate(path), "rb")  # type: ignore[no-any-return]

    async def size(self, path: str) -> int | None:
        """Bytes of a file, or None where there is none."""
        return await self.run(self.length, path)

    def length(self, path: str) -> int | None:
        """The same for who is in a thread already."""
        try:
            info = self._system.info(self.locate(path))
        except FileNotFoundError:
            return None
        return int(info["size"]) if info.get("type") == "file" else None

    async def read(self, path: str, begin: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `begin` up to `end`, in pieces. Raises OSError where they cannot be had."""
        at_once = _LOCAL_READ if await self.run(lambda: self.is_local) else _REMOTE_READ
        for start in range(begin, end, at_once):
            stop = min(start + at_once, end)
            piece = await self.run(self._cat, path, start, stop)
            if len(piece) != stop - start:
                raise OSError(f"{path} is shorter than it was")
            yield piece

    async def drop(self, paths: Sequence[str]) -> None:
        """Remove files; those that are gone already are no error. Raises OSError when any may be left."""
        for begin in range(0, len(paths), _DROPS_AT_ONCE):
            await self.run(self.remove, paths[begin : begin + _DROPS_AT_ONCE])

    async def drop_folder(self, folder: str) -> None:
        """Remove a folder that is empty; where others write into it meanwhile, it stays."""
        if await self.run(lambda: self.is_local):
            await self.run(_remove_if_empty, self.locate(folder))

    async def folders(self) -> list[str]:
        """Names of the folders below the root."""
        return [name for name, is_folder, _ in await self.run(self._list, "") if is_folder]

    async def files(self, folder: str) -> list[Found]:
        """The files of a folder, unfinished ones of a local disk included."""
        return [
            Found(f"{folder}/{name}", int(entry["size"] or 0), _modified(entry))
            for name, is_folder, entry in await self.run(self._list, folder)
            if not is_folder
        ]

    async def abort_unfinished(self, before: datetime) -> int:
        """End uploads to a remote store that nobody finished since then; returns how many there were."""
        return await self.run(lambda: 0 if self.is_local else abort_uploads(self._system, self._opened[1], before))

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False)

    def _cat(self, path: str, start: int, stop: int) -> bytes:
        return bytes(self._system.cat_file(self.locate(path), start=start, end=stop))

    def remove(self, paths: Sequence[str]) -> None:
        """As `drop`, in a thread."""
        # One by one: where many are removed with one request, s3fs does not say which of them stayed.
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                self._system.rm_file(self.locate(path))

    def _list(self, folder: str) -> list[tuple[str, bool, dict[str, Any]]]:
        where = self.locate(folder).rstrip("/")
        try:
            entries = self._system.ls(where, detail=True)
        except FileNotFoundError:
            return []
        return list(_named(where, entries))


def _named(where: str, entries: Sequence[dict[str, Any]]) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    for entry in entries:
        name = str(entry["name"]).rstrip("/").rpartition("/")[2]
        # A store without folders lists the marker of an empty one as a file of the same name.
        if str(entry["name"]).rstrip("/") != where and name:
            yield name, entry["type"] == "directory", entry


def _modified(entry: dict[str, Any]) -> datetime:
    for key in ("LastModified", "mtime", "last_modified", "updated"):
        value = entry.get(key)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    # A store that does not say when: never old enough to be swept.
    return datetime.max.replace(tzinfo=UTC)


def _remove_if_empty(path: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).rmdir()
