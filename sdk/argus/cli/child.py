"""A command that runs under our eyes: its output goes to the terminal and to us, signals go on to it.

Where our own output is a terminal the command gets a pseudo-terminal, so that bars and colours stay; stdin is the
terminal itself. Then command and wrapper share a process group, and Ctrl-C reaches both by itself. Without a terminal
the command leads a group of its own, which a stop reaches as a whole.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

_READ_BYTES = 65_536
# Grandchildren may hold the output open after the command's end.
_DRAIN_S = 1.0
_FULL_S = 0.01
_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class Child:
    """One run of a command. `on_output(stream, data)` is called in a thread for each of `stdout` and `stderr`."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], *, echo: bool) -> None:
        """`echo`: show the command's output as it is, beside handing it to us."""
        self._command = list(command)
        self._environment = environment
        self._echo = echo
        self._process: subprocess.Popen[bytes] | None = None
        self._own_group = os.name == "posix" and not _is_terminal(0)
        self._terminals: list[int] = []
        self._readers: list[threading.Thread] = []
        self._ended = threading.Event()
        self._early: list[int] = []

    @property
    def pid(self) -> int:
        """Of the command itself."""
        assert self._process is not None
        return self._process.pid

    def start(self, on_output: Callable[[str, bytes], None]) -> None:
        """Start it. Raises OSError where there is no such program."""
        self._watch_signals()
        streams = {name: _open_stream(number, echo=self._echo) for name, number in (("stdout", 1), ("stderr", 2))}
        group: dict[str, Any] = {"process_group": 0} if self._own_group else {}
        try:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdout=streams["stdout"].theirs,
                stderr=streams["stderr"].theirs,
                **group,
            )
        finally:
            for stream in streams.values():
                os.close(stream.theirs)
        self._terminals = [stream.ours for stream in streams.values() if stream.is_terminal]
        for number in self._early:
            self.send(number)
        for name, stream in streams.items():
            reader = threading.Thread(target=_pump, args=(stream.ours, name, on_output, self._echo), daemon=True)
            reader.start()
            self._readers.append(reader)
        threading.Thread(target=self._await_end, daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, after `seconds` at most."""
        return self._ended.wait(seconds)

    def finish(self) -> int:
        """Read what is left of the output; the exit code as `subprocess` has it."""
        assert self._process is not None
        for reader in self._readers:
            reader.join(_DRAIN_S)
        return self._process.returncode

    def send(self, number: int) -> None:
        """Send a signal to the command, and to its whole group where it has one of its own."""
        if self._process is None or self._ended.is_set():
            return
        try:
            if self._own_group:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass

    def send_tree(self, number: int) -> None:
        """Send a signal to the command and all that it started."""
        if not self._own_group:
            for pid in _descendants(self.pid):
                try:
                    os.kill(pid, number)
                except (ProcessLookupError, PermissionError):
                    pass
        self.send(number)

    def _await_end(self) -> None:
        assert self._process is not None
        self._process.wait()
        self._ended.set()

    def _watch_signals(self) -> None:
        """From now on signals are for the command. One that we were started to ignore stays ignored by both."""
        for name in _FORWARDED:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._forward)
        if hasattr(signal, "SIGWINCH"):
            signal.signal(signal.SIGWINCH, lambda *_: self._resize())

    def _forward(self, number: int, _frame: Any) -> None:
        from_terminal = number in (signal.SIGINT, getattr(signal, "SIGQUIT", None))
        if from_terminal and not self._own_group:
            return  # the terminal has sent it to the command as well
        if self._process is None:
            self._early.append(number)
        else:
            self.send(number)

    def _resize(self) -> None:
        for terminal in self._terminals:
            _copy_size(terminal)


class _Stream:
    """Two ends of a pipe or pseudo-terminal: the command writes to `theirs`, we read from `ours`."""

    def __init__(self, ours: int, theirs: int, *, is_terminal: bool) -> None:
        self.ours = ours
        self.theirs = theirs
        self.is_terminal = is_terminal


def _open_stream(number: int, *, echo: bool) -> _Stream:
    if not echo or os.name != "posix" or not _is_terminal(number):
        ours, theirs = os.pipe()
        return _Stream(ours, theirs, is_terminal=False)
    import pty
    import termios

    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST  # the real terminal turns line ends into its own
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    _copy_size(ours)
    return _Stream(ours, theirs, is_terminal=True)


def _copy_size(terminal: int) -> None:
    import fcntl
    import termios

    for number in (1, 2, 0):
        try:
            size = fcntl.ioctl(number, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
        except OSError:
            continue
        return


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False


def _pump(source: int, name: str, on_output: Callable[[str, bytes], None], echo: bool) -> None:
    """Copy until the end. A reader of ours that has gone does not stop the command: training goes on."""
    target: int | None = {"stdout": 1, "stderr": 2}[name] if echo else None
    while True:
        try:
            data = os.read(source, _READ_BYTES)
        except OSError as error:
            if error.errno != errno.EIO:  # how a pseudo-terminal says that nobody holds its other end
                on_output(name, f"argus: the output cannot be read: {error}\n".encode())
            data = b""
        if target is not None and not _write_all(target, data):
            target = None
        on_output(name, data)
        if not data:
            os.close(source)
            return


def _write_all(target: int, data: bytes) -> bool:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(target, view) :]
        except BlockingIOError:  # somebody made our output non-blocking, and its reader is slow
            time.sleep(_FULL_S)
        except OSError:
            return False
    return True


def _descendants(pid: int) -> list[int]:
    try:
        import psutil

        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except Exception:  # noqa: BLE001 - without psutil, or with a process that has just gone, there is the child alone
        return []


def flush_ours() -> None:
    """What we printed ourselves comes before what the command prints."""
    sys.stdout.flush()
    sys.stderr.flush()
