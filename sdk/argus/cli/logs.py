"""`argus logs`: what a training printed, and what it prints now."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from argus.cli.drawing import moment
from argus.cli.errors import OK
from argus.cli.options import Batch, Job, Json, Token, Url
from argus.cli.server import Server, connect, path_of
from argus.cli.terminal import Terminal

_PAGE = 2000
# Lines that were printed are remembered by id, so that a replay repeats none.
_REMEMBERED = 20_000
_ENDS = frozenset({"batch_done", "batch_failed", "batch_stopped"})
_JOB_ENDS = frozenset({"job_done", "job_failed"})
_LIVE = frozenset({"running", "stopping", "stalled", "pending", "requested"})
_LEVEL_STYLES = {"warning": "yellow", "error": "red", "critical": "bold red"}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Watch", epilog="Example: argus logs -f train-3f2a91c07be4")(logs)


def logs(
    batch: Batch,
    job: Job = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come, until the run ends.")] = False,
    tail: Annotated[int, typer.Option("--tail", "-n", min=0, help="Begin with so many lines.")] = 200,
    level: Annotated[str | None, typer.Option("--level", help="Only of this level: info, warning, error.")] = None,
    times: Annotated[bool, typer.Option("--times", "-t", help="Print when each line was written.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Print a batch's or a job's log lines, the oldest first."""
    printer = _Printer(Terminal(as_json=as_json), with_times=times, with_job=job is None, level=level)
    with connect(url, token) as server:
        reader = _Reader(server, batch, job, level)
        if not follow:
            printer.print_all(reader.last(tail))
        else:
            _follow(reader, printer, tail)
    return OK


class _Reader:
    """The lines of one batch or job on the server."""

    def __init__(self, server: Server, batch: str, job: str | None, level: str | None) -> None:
        self.server = server
        self.batch = batch
        self.job = job
        self._level = level
        self._path = path_of("batches", batch) if job is None else path_of("jobs", batch, job)

    @property
    def channel(self) -> str:
        """What to subscribe to."""
        return f"batch:{self.batch}"

    def last(self, count: int) -> list[dict[str, Any]]:
        """The newest lines, the oldest of them first."""
        return self._until(None, count)

    def after(self, row_id: int) -> list[dict[str, Any]]:
        """All lines with a greater row id, the oldest first."""
        return self._until(row_id, None)

    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self.server.get(self._path)["status"] not in _LIVE

    def concerns(self, event: dict[str, Any]) -> bool:
        """Whether an event of the stream is one of ours."""
        return self.job is None or event.get("job_id") == self.job

    def _until(self, row_id: int | None, count: int | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before: int | None = None
        while count is None or len(found) < count:
            limit = _PAGE if count is None else min(_PAGE, count - len(found))
            query = {"limit": limit, "since": row_id, "before": before, "level": self._level}
            page = self.server.get(f"{self._path}/log-lines", **query)
            found += page
            if len(page) < limit:
                break
            before = page[-1]["id"]
        return found[::-1]


class _Printer:
    """Prints each line once."""

    def __init__(self, terminal: Terminal, *, with_times: bool, with_job: bool, level: str | None) -> None:
        self._terminal = terminal
        self._with_times = with_times
        self._with_job = with_job
        self._level = level.lower() if level else None
        self._order: deque[str] = deque()
        self._known: set[str] = set()
        self.last_row = 0

    def print_all(self, lines: list[dict[str, Any]]) -> None:
        """Lines of the REST interface."""
        for line in lines:
            self.last_row = max(self.last_row, line["id"])
            self._print(line.get("event_id"), line["ts"], line["job_id"], line["level"], line["line"])

    def print_event(self, event: dict[str, Any]) -> None:
        """A `log_line` event of the stream."""
        data = event.get("data") or {}
        level = str(data.get("level") or "info").lower()
        if data.get("line") == "heartbeat" or (self._level and level != self._level):
            return
        text = str(data.get("line") or data.get("message") or "")
        self._print(event.get("event_id"), str(event.get("timestamp")), event.get("job_id"), level, text)

    def note(self, text: str) -> None:
        """A remark on stderr."""
        self._terminal.note(f"argus: {text}")

    def _print(self, event_id: str | None, at: str, job_id: str | None, level: str, text: str) -> None:
        if event_id is not None:
            if event_id in self._known:
                return
            self._known.add(event_id)
            self._order.append(event_id)
            if len(self._order) > _REMEMBERED:
                self._known.discard(self._order.popleft())
        if self._terminal.as_json:
            self._terminal.emit({"ts": at, "job_id": job_id, "level": level, "line": text, "event_id": event_id})
            return
        when = moment(at) if self._with_times else None
        head = f"{when.astimezone():%m-%d %H:%M:%S} " if when is not None else ""
        who = f"{job_id} | " if self._with_job and job_id else ""
        style = _LEVEL_STYLES.get(level) if self._terminal.is_coloured else None
        self._terminal.say(f"{head}{who}{text}", style)


def _follow(reader: _Reader, printer: _Printer, tail: int) -> None:
    """First the stream, then what was before it: so that no line falls between the two."""
    lost = False
    started = False
    for name, event in _events(reader):
        if name == "hello":
            printer.print_all(reader.after(printer.last_row) if started else reader.last(tail))
            if lost:
                printer.note("connected again")
            started, lost = True, False
            if reader.is_over():
                printer.print_all(reader.after(printer.last_row))
                return
        elif name == "resync":
            printer.print_all(reader.after(printer.last_row))
        elif name == "lost" and not lost:
            lost = True
            printer.note("the connection is lost; trying again")
        elif name == "log_line" and reader.concerns(event):
            printer.print_event(event)
        elif name in _ENDS or (name in _JOB_ENDS and reader.job is not None and reader.concerns(event)):
            if reader.is_over():
                printer.print_all(reader.after(printer.last_row))
                return
        elif name == "closed":
            printer.note("the server ended the stream")
            return


def _events(reader: _Reader) -> Iterator[tuple[str, dict[str, Any]]]:
    from argus.cli.sse import LOST, follow

    for frame in follow(reader.server, "/api/sse", reader.channel):
        name = "lost" if frame.name == LOST else frame.name
        yield name, frame.data if isinstance(frame.data, dict) else {}
