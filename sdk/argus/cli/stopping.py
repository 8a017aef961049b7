"""`argus stop`: ask a batch to end."""

from __future__ import annotations

from typing import Annotated

import typer

from argus.cli.errors import OK, USAGE, CliError
from argus.cli.options import Batch, Json, Token, Url
from argus.cli.server import connect, path_of
from argus.cli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Run")(stop)


def stop(
    batch: Batch,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Ask a batch to stop at its next epoch. What was reported stays."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        found = server.get(path_of("batches", batch))
        if not yes and not _is_sure(terminal, found):
            terminal.note("Nothing was stopped.")
            return OK
        answer = server.post(path_of("batches", batch, "stop"))
    if as_json:
        terminal.emit(answer)
    elif answer["status"] == "stopping":
        terminal.say(f"{batch} is asked to stop; its training leaves its loop at the next epoch.")
    else:
        terminal.say(f"{batch} is {answer['status']}: there was nothing to stop.")
    return OK


def _is_sure(terminal: Terminal, batch: dict[str, object]) -> bool:
    if not terminal.is_interactive:
        raise CliError(USAGE, "Stopping asks first, and nobody is here to answer.", "Give --yes.")
    return typer.confirm(f"Stop {batch['id']} ({batch['project']}, {batch['status']})?", err=True)
