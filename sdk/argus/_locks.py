"""Locks on files, for journals: who holds one is alive, on this host or on another that sees the same disk.

Where the disk can lock (`flock`, which NFS passes on to its server), the system frees a lock with its process. Some
network mounts keep such locks to their own host or have none. So the lock file also names its holder, who renews it
every `BEAT_S`: a lock of another host is taken only after `LEASE_S` of silence, and a disk without locks is shared by
these names alone.
"""

from __future__ import annotations

import errno
import json
import os
import sys

from argus._owner import LEASE_S, identity, is_of_this_host, is_running, silence_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_MOST_BYTES = 65_536
# An heir writes its name within milliseconds; a claim that lies longer than this is a dead one's.
_CLAIM_S = 60.0


class FileLock:
    """A lock on `path`. `owner` is what the file said before us: its server, its host and process.

    A forked child must `forget` it, never release it.
    """

    def __init__(self, path: str, descriptor: int, owner: dict[str, object], name: dict[str, object]) -> None:
        self.path = path
        self.owner = owner
        self._descriptor = descriptor
        self._name = name

    @property
    def url(self) -> str:
        """The journal's server; empty where it is not known."""
        return str(_read(self._descriptor).get("url", ""))

    @classmethod
    def acquire(cls, path: str, url: str | None = None) -> FileLock | None:
        """Take the lock now, creating the file; None where its holder lives, or may live. Raises OSError.

        `url` becomes the journal's server; without it the file keeps the one that it has.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock = cls._take(path, descriptor, url)
        except OSError:
            os.close(descriptor)
            raise
        if lock is None:
            os.close(descriptor)
        return lock

    @classmethod
    def _take(cls, path: str, descriptor: int, url: str | None) -> FileLock | None:
        try:
            if not _try_lock(descriptor):
                return None
            owner = _read(descriptor)
            free = is_of_this_host(owner) or silence_s(path) > LEASE_S
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            return cls._take_by_name(path, descriptor, url)
        if not free or not _is_file_at(descriptor, path):
            return None
        return cls._signed(path, descriptor, owner, url)

    @classmethod
    def _take_by_name(cls, path: str, descriptor: int, url: str | None) -> FileLock | None:
        """On a disk without locks: whoever creates the claim file, and nobody else, may judge and sign."""
        claim = f"{path}.claim"
        if not _create(claim):
            return None
        try:
            owner = _read(descriptor)
            alive = is_running(owner) if is_of_this_host(owner) else silence_s(path) <= LEASE_S
            if alive or not _is_file_at(descriptor, path):
                return None
            return cls._signed(path, descriptor, owner, url)
        finally:
            os.unlink(claim)

    @classmethod
    def _signed(cls, path: str, descriptor: int, owner: dict[str, object], url: str | None) -> FileLock:
        name = identity()
        kept = {"dropped": owner["dropped"]} if "dropped" in owner else {}
        _write(descriptor, {"url": owner.get("url", "") if url is None else url, **kept, **name})
        return cls(path, descriptor, owner, name)

    def beat(self) -> bool:
        """Renew the lock; False where it is ours no more: the process slept too long, or somebody tidied the folder."""
        try:
            if (
                not _is_file_at(self._descriptor, self.path)
                or read_owner(self.path).get("nonce") != self._name["nonce"]
            ):
                return False
            os.utime(self.path)
        except OSError:
            return False
        return True

    def note_dropped(self, dropped: dict[str, int]) -> None:
        """Write down what the holder had to drop, so far, for those who find its journal. Raises OSError."""
        _write(self._descriptor, {"url": self.url, **self._name, "dropped": dropped})

    def release(self, *, remove: bool) -> None:
        """Give the lock up; `remove` deletes the file first, while nobody else can take it."""
        if remove:
            try:
                os.unlink(self.path)
            except OSError:
                pass  # Windows keeps open files; an empty lock file is swept by the next adoption
        else:
            self._unsign()
        self.forget()

    def forget(self) -> None:
        """Close this process's copy of the file; the lock lives on in a parent that holds it too."""
        try:
            os.close(self._descriptor)
        except OSError:
            pass  # already closed

    def _unsign(self) -> None:
        """Leave the file to others in the name of nobody, so that nobody has to wait for our silence."""
        try:
            _write(self._descriptor, {"url": self.url})
        except OSError:
            pass  # then the lease ends it


def read_owner(path: str) -> dict[str, object]:
    """What a lock file says, without taking it; empty where it says nothing or is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return {}
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> dict[str, object]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        owner = json.loads(os.read(descriptor, _MOST_BYTES))
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _write(descriptor: int, owner: dict[str, object]) -> None:
    """In one write, shortened afterwards: who reads meanwhile must not find the file empty, which means free."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = json.dumps(owner).encode()
    os.write(descriptor, text.ljust(os.fstat(descriptor).st_size))
    os.ftruncate(descriptor, len(text))


def _is_file_at(descriptor: int, path: str) -> bool:
    """Whether the open file is still the one of that name, not one that its last holder removed."""
    try:
        here, there = os.fstat(descriptor), os.stat(path)
    except FileNotFoundError:
        return False
    return (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)


def _create(path: str) -> bool:
    """Create a file that nobody else created; NFS does this in one step too."""
    for _ in range(2):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if silence_s(path) < _CLAIM_S:
                return False
            os.unlink(path)
        else:
            return True
    return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        # A byte far behind the text: locked bytes cannot be read by others there.
        os.lseek(descriptor, _MOST_BYTES, os.SEEK_SET)
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
