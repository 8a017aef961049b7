"""`argus sync`: deliver what still lies in journals on this machine, and prove that it arrived."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from argus._settings import journal_folder, token_source
from argus.cli.errors import INTERRUPTED, NOT_WELL, OK, USAGE, CliError
from argus.cli.options import Json, Token, Url
from argus.cli.server import wanted_url
from argus.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from argus._sync import SyncReport

_NUMBERS = ("sent", "stored", "duplicates", "rejected", "torn", "verified")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Run", epilog="Example: argus sync --verify /scratch/journals")(sync)


def sync(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="A journal or a folder of them; default: where journals lie.")
    ] = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Follow journals while offline runs write them.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Prove that the server has every event.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Give up after so many seconds.")] = 600.0,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Deliver journals now: of offline runs, and of outages that outlived their process.

    Nothing is lost when this is interrupted, and nothing is stored twice when it is repeated.
    """
    from argus._sync import sync as deliver

    terminal = Terminal(as_json=as_json)
    server = wanted_url(url)
    place = path or journal_folder()
    stop = threading.Event()
    try:
        with _progress(terminal) as on_progress, _ending_well(stop):
            report = deliver(
                place,
                server,
                token_source(token, server),
                live=live,
                verify=verify,
                timeout_s=None if live and timeout == 600.0 else timeout,
                on_progress=on_progress,
                stop=stop,
            )
    except FileNotFoundError as error:
        if path is None:
            return _nothing(terminal, place)
        raise CliError(USAGE, f"{path} does not exist.") from error
    except OSError as error:
        raise CliError(NOT_WELL, f"{place} cannot be read: {error}.") from error
    except ValueError as error:
        raise CliError(USAGE, f"{error}.") from error
    if as_json:
        terminal.emit(as_dict(report))
    else:
        _print(terminal, report, verify=verify)
    if stop.is_set():
        return INTERRUPTED
    return OK if report.ok else NOT_WELL


@contextmanager
def _ending_well(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C ends the sync in order, and its summary is printed; the second ends everything."""

    def on_interrupt(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def as_dict(report: SyncReport) -> dict[str, Any]:
    """The report for programs: totals, then each batch."""
    whole = dataclasses.asdict(report)
    return {"ok": report.ok, **{name: report.total(name) for name in _NUMBERS}, **whole}


class _progress:  # noqa: N801 - used as a function
    """A line that counts events while they go out; nothing where nobody watches."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._status: Any = None

    def __enter__(self) -> Callable[[SyncReport], None] | None:
        if self._terminal.as_json or not self._terminal.console.is_terminal:
            return None
        self._status = self._terminal.console.status("Looking for journals…")
        self._status.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def _show(self, report: SyncReport) -> None:
        self._status.update(f"{report.total('stored'):,} events of {len(report.batches)} batches stored…")


def _nothing(terminal: Terminal, place: str) -> int:
    if terminal.as_json:
        from argus._sync import SyncReport

        terminal.emit(as_dict(SyncReport()))
    else:
        terminal.say(f"{place} does not exist: there is nothing to deliver.")
    return OK


def _print(terminal: Terminal, report: SyncReport, *, verify: bool) -> None:
    names = [name for name in _NUMBERS if name != "verified" or verify]
    if report.batches:
        rows = [[batch_id, *(str(getattr(one, name)) for name in names)] for batch_id, one in report.batches.items()]
        terminal.table(["batch", *names], rows)
    total = report.total("stored")
    terminal.say(f"{total} events of {report.journals} journals delivered in {report.seconds:.1f} s.")
    if report.proof:
        terminal.say("Each was asked for again: the server has them all.")
    for batch_id, one in report.batches.items():
        if one.dropped:
            reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(one.dropped.items()))
            terminal.note(f"argus: {batch_id} had given up events before they reached its journal: {reasons}")
    if report.rejected_path:
        terminal.note(f"argus: rejected events lie with the server's reasons in {report.rejected_path}")
    for left in report.left:
        terminal.note(f"argus: {left.path} stays: {left.reason}")
    if report.error:
        terminal.note(f"argus: {report.error}")
