"""One run of a command under our eyes: its output, its stop, and who reports it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from argus._lines import Lines
from argus._wrapper import BEGUN
from argus.cli.child import Child, flush_ours
from argus.cli.errors import CliError
from argus.cli.outcome import Outcome, outcome

if TYPE_CHECKING:
    from typing import Self

    from argus.cli.record import Recorder
    from argus.cli.terminal import Terminal

_LOOK_S = 0.2
_STREAMS = ("stdout", "stderr")
_CANNOT_START = 126  # what a shell says


class Notes:
    """The file in which reporters inside the command write that they report."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="argus-run-")
        self.path = os.path.join(self._folder, "notes")
        with open(self.path, "wb"):
            pass

    def read(self) -> list[str]:
        """The words so far."""
        with open(self.path, encoding="utf-8") as file:
            return file.read().split()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Wrapped:
    """One run of the command, from its start to its exit code."""

    def __init__(
        self, terminal: Terminal, command: Sequence[str], notes: Notes, *, grace_s: float, quiet: bool
    ) -> None:
        self._terminal = terminal
        self._command = command
        self._notes = notes
        self._grace_s = grace_s
        self._quiet = quiet
        self._recorder: Recorder | None = None
        self._tells = terminal.as_json
        self._telling = threading.Lock()
        self._hand_over: threading.Thread | None = None
        self._stop_at: float | None = None
        self._sent: list[int] = []
        self._taking = threading.Lock()
        self._decoders = {stream: getincrementaldecoder("utf-8")(errors="replace") for stream in _STREAMS}
        self._lines = {stream: Lines(partial(self._tell_line, stream)) for stream in _STREAMS}

    def say(self, text: str) -> None:
        """A remark of ours between the command's lines."""
        if not self._quiet:
            self._terminal.note(f"argus: {text}")

    def announce(self, batch_id: str, server: str | None, mode: str) -> None:
        """Say where the run can be watched."""
        page = f"{server}/batches/{batch_id}" if server else None
        self._tell({"type": "start", "batch_id": batch_id, "url": page, "mode": mode})
        self.say(f"watch it on {page}" if mode == "online" else f"{batch_id} is written to a journal")

    def run(self, recorder: Recorder | None, environment: dict[str, str]) -> int:
        """Run it; its exit code as a shell has it."""
        self._recorder = recorder
        flush_ours()
        environment.setdefault("PYTHONUNBUFFERED", "1")  # lines come as they are printed, not when a buffer is full
        child = Child(self._command, environment, echo=not self._terminal.as_json)
        try:
            child.start(self._on_output)
        except OSError as error:
            raise CliError(_CANNOT_START, f"{self._command[0]} cannot be started: {error}.") from error
        if recorder is not None:
            recorder.watch(child.pid, self._command[0])
        while not child.wait(_LOOK_S):
            self._look(child)
        returncode = child.finish()
        ended = outcome(returncode, recorder.tail if recorder is not None else [], stopped=self._stop_at is not None)
        if recorder is not None:
            self._finish(recorder, ended)
        batch_id, pending = (recorder.batch_id, recorder.pending) if recorder is not None else (None, 0)
        end = {"type": "end", "batch_id": batch_id, "exit_code": ended.code, "reason": ended.reason}
        self._tell({**end, "pending": pending})
        return ended.code

    def _finish(self, recorder: Recorder, ended: Outcome) -> None:
        notes = self._notes.read()
        if self._hand_over is None and BEGUN in notes:
            recorder.hand_over()
        if self._hand_over is not None:
            self._hand_over.join()
        recorder.end(ended, notes, self._command[0])
        if recorder.pending:
            self.say(f"{recorder.pending} events wait in the journal; `argus sync` delivers them")

    def _look(self, child: Child) -> None:
        """What happens beside the command: it begins to report by itself, or somebody wants it to stop."""
        if self._recorder is None:
            return
        with self._taking:
            self._recorder.tick()
        reports_itself = BEGUN in self._notes.read()
        if reports_itself and self._hand_over is None:
            self._hand_over = threading.Thread(target=self._recorder.hand_over, daemon=True)
            self._hand_over.start()
        if self._recorder.stop_asked.is_set():
            self._stop(child, reports_itself=reports_itself)

    def _stop(self, child: Child, *, reports_itself: bool) -> None:
        """SIGTERM, then SIGKILL; a command that reports itself sees the stop too and first gets time to end well."""
        now = time.monotonic()
        if self._stop_at is None:
            self._stop_at = now
            self.say("a stop was requested")
        passed = now - self._stop_at - (self._grace_s if reports_itself else 0.0)
        kill = getattr(signal, "SIGKILL", signal.SIGTERM)
        if passed >= 0 and signal.SIGTERM not in self._sent:
            self._sent.append(signal.SIGTERM)
            child.send_tree(signal.SIGTERM)
        elif passed >= self._grace_s and kill not in self._sent:
            self._sent.append(kill)
            child.send_tree(kill)

    def _on_output(self, stream: str, data: bytes) -> None:
        """Called in two threads; no data is the end of a stream."""
        text = self._decoders[stream].decode(data, final=not data)
        with self._taking:
            if self._recorder is not None:
                self._recorder.take(stream, text)
            if self._tells:
                self._lines[stream].feed(None, text)
                if not data:
                    self._lines[stream].close()

    def _tell_line(self, stream: str, _job: str | None, line: str) -> None:
        self._tell({"type": "line", "stream": stream, "line": line})

    def _tell(self, what: dict[str, Any]) -> None:
        """One line of JSON, where that is wanted. Its reader may go; the training goes on."""
        with self._telling:
            if not self._tells:
                return
            try:
                self._terminal.emit(what)
            except OSError:
                self._tells = False
