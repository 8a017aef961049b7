"""Leads the file descriptors 1 and 2 through a small process that passes all on to where they led before, and tells us.

It is a process of its own because the training may hold the interpreter for minutes while a C library prints, and
because it outlives us: what was written before a crash reaches the terminal. A descriptor that is a terminal stays
one (a pseudo-terminal), so that programs go on drawing. Where both lead to the same place, they share one way, since
only so does everything arrive in its order; all is then told as stdout's.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import select
import subprocess
import sys
import threading

from argus._guard import absorb

try:
    import termios
    import tty
except ImportError:  # no such thing on Windows
    termios = tty = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import IO, Self

_STREAMS = {1: "stdout", 2: "stderr"}
_RELAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_relay.py")
_FRAME_HEAD = 3
# Children of ours may hold the descriptors for long; the relay stays for them, we do not.
_CLOSE_S = 1.0
_START_S = 1.0


class DescriptorCapture:
    """Both descriptors, while they are led through the relay."""

    def __init__(self, led: list[_Led], relay: subprocess.Popen[bytes], told: IO[bytes]) -> None:
        self._led = led
        self._relay = relay
        self._told = told
        # Python's own streams are heard here where they write to these descriptors; a notebook's do not.
        self.names = frozenset(name for fd, name in _STREAMS.items() if _leads_to(getattr(sys, name), fd))
        self._reader: threading.Thread | None = None
        self._is_over = False

    @classmethod
    def start(cls, take: Callable[[str, str], None], drop: Callable[[int], None]) -> Self | None:
        """Begin, and give what is written to `take(stream, text)`; None where this cannot be done.

        `drop` is told of lines that came faster than they could be taken.
        """
        if tty is None or not sys.executable:
            return None
        led: list[_Led] = []
        told, tell = os.pipe()
        try:
            for fds in [(1, 2)] if os.path.sameopenfile(1, 2) else [(1,), (2,)]:
                led.append(_Led(fds))  # noqa: PERF401 - those before one that fails are given up
            relay = _start_relay(led, tell)
        except (OSError, termios.error) as error:
            absorb("capture of descriptors", error)
            for one in led:
                one.give_up()
            os.close(told)
            os.close(tell)
            return None
        os.close(tell)
        # What is written while the relay starts would be told late, perhaps after the end of its job.
        select.select([told], [], [], _START_S)
        for one in led:
            one.lead()
        capturing = cls(led, relay, os.fdopen(told, "rb"))
        capturing._read(take, drop)
        return capturing

    def close(self) -> None:
        """Lead the descriptors back and take in what is still on the way."""
        _flush_all()
        for one in self._led:
            one.lead_back()
        if self._reader is not None:
            self._reader.join(_CLOSE_S)
        self._is_over = True
        # Waits in a thread: as long as a child of ours writes, the relay passes it on.
        threading.Thread(target=self._relay.wait, name="argus-relay-end", daemon=True).start()

    def _read(self, take: Callable[[str, str], None], drop: Callable[[int], None]) -> None:
        self._reader = threading.Thread(target=self._take_all, args=(take, drop), name="argus-relay", daemon=True)
        self._reader.start()

    def _take_all(self, take: Callable[[str, str], None], drop: Callable[[int], None]) -> None:
        decode = {fd: codecs.getincrementaldecoder("utf-8")("replace").decode for fd in _STREAMS}
        with self._told:
            while len(head := self._told.read(_FRAME_HEAD)) == _FRAME_HEAD and not self._is_over:
                data = self._told.read(int.from_bytes(head[1:], "big"))
                if head[0] == 0:
                    drop(int.from_bytes(data, "big"))  # none, when the relay is ready
                elif text := decode[head[0]](data):
                    take(_STREAMS[head[0]], text)


class _Led:
    """Descriptors that lead to one place: where that is, and the way in to the relay."""

    def __init__(self, fds: tuple[int, ...]) -> None:
        self.number = fds[0]
        self._outs = {fd: os.dup(fd) for fd in fds}
        self.out = self._outs[self.number]
        try:
            self.source, self._way_in = _pseudo_terminal(self.out) if os.isatty(self.out) else os.pipe()
        except OSError:
            self._close(self._outs.values())
            raise
        self._identity = _identity(self._way_in)

    def lead(self) -> None:
        """From now on the descriptors lead to the relay."""
        for fd in self._outs:
            os.dup2(self._way_in, fd)
        self._close([self._way_in, self.source])

    def lead_back(self) -> None:
        """Unless somebody has led them elsewhere since."""
        for fd, out in self._outs.items():
            if _identity(fd) == self._identity:
                os.dup2(out, fd)
        self._close(self._outs.values())

    def give_up(self) -> None:
        """Nothing was led anywhere."""
        self._close([*self._outs.values(), self.source, self._way_in])

    def _close(self, descriptors: Iterable[int]) -> None:
        for descriptor in descriptors:
            os.close(descriptor)


def _start_relay(led: list[_Led], tell: int) -> subprocess.Popen[bytes]:
    ways = [f"{one.number}:{one.source}:{one.out}" for one in led]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _RELAY, str(tell), *ways],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[tell, *(fd for one in led for fd in (one.source, one.out))],
    )


def _pseudo_terminal(fd: int) -> tuple[int, int]:
    """Both ends of one that changes no byte (the true terminal does that) and is as large as the true one."""
    source, way_in = os.openpty()
    tty.setraw(way_in)
    try:
        termios.tcsetwinsize(way_in, termios.tcgetwinsize(fd))
    except (OSError, termios.error):
        pass
    return source, way_in


def _identity(fd: int) -> tuple[int, int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino, status.st_rdev


def _leads_to(stream: object, fd: int) -> bool:
    try:
        return stream.fileno() == fd  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, OSError, ValueError):
        return False


def _flush_all() -> None:
    """What Python and the C library still hold back."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    try:
        ctypes.CDLL(None).fflush(None)
    except (OSError, AttributeError, TypeError):
        pass
