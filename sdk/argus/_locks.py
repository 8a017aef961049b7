"""A lock on a file that ends with its process, however that ends: who holds it is alive."""

from __future__ import annotations

import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# Some network file systems have no locks at all; then a journal counts as held until `argus sync` is told to take it.
_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})


class FileLock:
    """An exclusive lock on `path`, held by an open file. A forked child must `forget` it, never release it."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: str) -> FileLock | None:
        """Take the lock now, creating the file; None where another process holds it. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            held = _try_lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in _UNSUPPORTED:
                return None
            raise
        if held:
            return cls(path, descriptor)
        os.close(descriptor)
        return None

    def write(self, text: str) -> None:
        """Replace the file's text, which says to people and to heirs whose it is."""
        data = text.encode()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.truncate(self.path, 0)
        os.write(self._descriptor, data)

    def read(self) -> str:
        """The file's text."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.read(self._descriptor, 65_536).decode("utf-8", "replace")

    def release(self, *, remove: bool) -> None:
        """Give the lock up; `remove` deletes the file first, while nobody else can take it."""
        if remove:
            try:
                os.unlink(self.path)
            except OSError:
                pass  # Windows keeps open files; an empty lock file is swept by the next adoption
        self.forget()

    def forget(self) -> None:
        """Close this process's copy of the file; the lock lives on in a parent that holds it too."""
        try:
            os.close(self._descriptor)
        except OSError:
            pass  # already closed


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
