"""Reports what the training writes to stdout and stderr as log lines, and leaves the terminal as it is.

Only the method `write` of the streams is replaced, so that `isatty`, `fileno`, `encoding` and `buffer` stay what they
are and whoever holds a stream already (a log handler, tqdm) is heard too. With `fd` the file descriptors are led
through another process, which hears C libraries and child processes as well: see `_descriptors`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from functools import partial
from time import monotonic, sleep

from argus._lines import Lines
from argus._periodic import Periodic
from argus._secrets import mask_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from argus._descriptors import DescriptorCapture

    # stream, active job, text
    Piece: TypeAlias = tuple[str, str | None, str]

# With the worker's own tick this stays under the 200 ms that a kill -9 is allowed to take.
_DRAIN_S = 0.12
# What one round may find waiting: more is written by a loop that prints and does nothing else.
_MOST_PIECES = 20_000
_PIECES_AT_ONCE = 10
_LONGEST_PIECE = 256 * 1024
# Lines a second that are sent for long, and at once after a pause; a person reads neither.
_LINES_S = 100.0
_BURST_LINES = 2_000
_LEVELS = {"stdout": "info", "stderr": "warning"}

_open: set[ConsoleCapture] = set()
_hooked = False


def capture(
    add: Callable[..., None], active_job: Callable[[], str | None], mode: bool | str = "python"
) -> ConsoleCapture:
    """Begin to report what is written. `mode`: `python` for `sys.stdout` and `sys.stderr`, `fd` for all the process."""
    global _hooked
    if not _hooked and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget)
        _hooked = True
    return ConsoleCapture(add, active_job, with_descriptors=mode == "fd")


def _forget() -> None:
    """In a forked child: what is written there is the terminal's alone; the parent's pieces are the parent's."""
    for capturing in list(_open):
        capturing.forget()


class ConsoleCapture:
    """What is written goes through a deque, with no lock, to a thread that makes lines of it."""

    def __init__(
        self, add: Callable[..., None], active_job: Callable[[], str | None], *, with_descriptors: bool = False
    ) -> None:
        self._pieces: deque[Piece] = deque()
        self._active_job = active_job
        self._sink = Sink(add)
        self._draining = threading.Lock()
        self._descriptors: DescriptorCapture | None = None
        if with_descriptors:
            from argus._descriptors import DescriptorCapture

            self._descriptors = DescriptorCapture.start(self._take, self._drop)
        led = self._descriptors.names if self._descriptors is not None else frozenset()
        self._tees = [Tee(name, self._take) for name in _LEVELS if name not in led]
        self._drainer = Periodic("console", self._drain, _DRAIN_S, _DRAIN_S)
        self._drainer.start()
        _open.add(self)

    def close(self) -> None:
        """Give the streams back and report what is left, an unfinished line too."""
        _open.discard(self)
        for tee in self._tees:
            tee.close()
        if self._descriptors is not None:
            self._descriptors.close()
        self._drainer.stop()
        self._drain()
        with self._draining:
            self._sink.close()

    def forget(self) -> None:
        """Be no more than the way to the terminal."""
        _open.discard(self)
        for tee in self._tees:
            tee.is_active = False
        self._pieces.clear()

    def _take(self, stream: str, text: str) -> None:
        if len(self._pieces) < _MOST_PIECES:
            self._pieces.append((stream, self._active_job(), text[:_LONGEST_PIECE]))
            self._sink.n_dropped += len(text) > _LONGEST_PIECE
        else:
            self._sink.n_dropped += 1

    def _drop(self, n_lines: int) -> None:
        self._sink.n_dropped += n_lines

    def _drain(self) -> None:
        with self._draining:
            for count in range(1, len(self._pieces) + 1):
                self._sink.take(*self._pieces.popleft())
                if count % _PIECES_AT_ONCE == 0:
                    sleep(0)  # the training may be waiting for the interpreter
            self._sink.tick()


class Tee:
    """Listens to one of `sys`'s streams."""

    def __init__(self, name: str, take: Callable[[str, str], None]) -> None:
        self.is_active = True
        self._name = name
        self._stream: Any = getattr(sys, name)
        self._proxy: _Proxy | None = None
        if self._stream is None:
            return  # a process without a console
        self._replaced = getattr(self._stream, "__dict__", {}).get("write")
        self._patch = self._listener(self._stream.write, take)
        try:
            self._stream.write = self._patch
        except (AttributeError, TypeError):
            self._proxy = _Proxy(self._stream, self._patch)
            setattr(sys, name, self._proxy)

    def close(self) -> None:
        """Listen no more. Where somebody has wrapped the stream since, what they hold goes on writing to it."""
        self.is_active = False
        if self._stream is None:
            return
        if self._proxy is not None:
            if getattr(sys, self._name) is self._proxy:
                setattr(sys, self._name, self._stream)
        elif vars(self._stream).get("write") is self._patch:
            self._put_back()

    def _listener(self, write: Callable[..., Any], take: Callable[[str, str], None]) -> Callable[..., Any]:
        def listen(text: Any, *more: Any) -> Any:
            written = write(text, *more)
            if self.is_active and type(text) is str and text and not _is_ours():
                take(self._name, text)
            return written

        listen.argus_tee = self  # type: ignore[attr-defined]
        return listen

    def _put_back(self) -> None:
        """What was there before; not another of us who has closed meanwhile."""
        before = self._replaced
        while (other := getattr(before, "argus_tee", None)) is not None and not other.is_active:
            before = other._replaced  # noqa: SLF001
        if before is None:
            del self._stream.write
        else:
            self._stream.write = before


class _Proxy:
    """Stands for a stream whose methods cannot be replaced, in all but `write`."""

    def __init__(self, stream: Any, write: Callable[..., Any]) -> None:
        self._stream = stream
        self.write = write

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._stream)


class Sink:
    """Lines on their way out: as many as a person could want, without secrets, and a count of the others."""

    def __init__(self, add: Callable[..., None], clock: Callable[[], float] = monotonic) -> None:
        self.n_dropped = 0
        self._add = add
        self._clock = clock
        self._lines = {stream: Lines(partial(self._line, stream), clock) for stream in _LEVELS}
        self._room = float(_BURST_LINES)
        self._at = clock()

    def take(self, stream: str, job: str | None, text: str) -> None:
        """Text that was written to `stdout` or `stderr` while `job` was the active one. For one thread at a time."""
        self._lines[stream].feed(job, text)

    def tick(self) -> None:
        """Report bars that are due and, when there is room again, how much was left out."""
        for lines in self._lines.values():
            lines.tick()
        self._refill()
        if self.n_dropped and self._room >= 1:
            self._tell_dropped()

    def close(self) -> None:
        """Report all that is left."""
        for lines in self._lines.values():
            lines.close()
        if self.n_dropped:
            self._tell_dropped()

    def _line(self, stream: str, job: str | None, line: str) -> None:
        self._refill()
        if self._room < 1:
            self.n_dropped += 1
            return
        self._room -= 1
        self._add("log_line", job, {"line": mask_text(line), "level": _LEVELS[stream], "stream": stream})

    def _refill(self) -> None:
        now = self._clock()
        self._room = min(_BURST_LINES, self._room + (now - self._at) * _LINES_S)
        self._at = now

    def _tell_dropped(self) -> None:
        n_dropped, self.n_dropped = self.n_dropped, 0
        line = f"… {n_dropped} lines of output were too many to send"
        self._add("log_line", None, {"line": line, "level": "warning", "stream": "stderr", "dropped": n_dropped})


def _is_ours() -> bool:
    """Whether this thread is one of the SDK's: what it says of sending would be one more thing to send."""
    return threading.current_thread().name.startswith("argus-")
