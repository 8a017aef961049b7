"""`argus stop`, `pause`, `resume` and `rerun`: what a person asks of a batch."""

from __future__ import annotations

import json
import shlex
from typing import Annotated, Any

import typer

from argus.cli.errors import NOT_WELL, OK, USAGE, CliError
from argus.cli.options import Batch, Json, Token, Url
from argus.cli.server import connect, path_of
from argus.cli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (stop, pause, resume, rerun):
        app.command(rich_help_panel="Run")(command)


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
    elif answer["status"] == "stopped" and found["status"] == "paused":
        terminal.say(f"{batch} was paused and is stopped now.")
    else:
        terminal.say(f"{batch} is {answer['status']}: there was nothing to stop.")
    return OK


def pause(batch: Batch, *, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Ask a batch to save itself at its next checkpoint and end, to be resumed later."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        answer = server.post(path_of("batches", batch, "pause"))
    if as_json:
        terminal.emit(answer)
    elif answer["pause_requested"]:
        terminal.say(f"{batch} is asked to pause; it ends at its next checkpoint.")
    else:
        terminal.say(f"{batch} is {answer['status']}.")
    return OK


def resume(batch: Batch, *, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Let a paused batch go on where it ran; a pause that has not come yet is taken back."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        answer = server.post(path_of("batches", batch, "resume"))
        is_alone = answer["status"] == "paused" and answer["command_id"] is None
        by_hand = _by_hand(server.get(path_of("batches", batch))) if is_alone else ""
    if as_json:
        terminal.emit(answer)
    elif is_alone:
        terminal.say(f"No agent of its host can resume {batch}. By hand, there:\n{by_hand}")
    elif answer["status"] == "paused":
        terminal.say(f"{batch} goes on as soon as the agent of its host has started it.")
    else:
        terminal.say(f"{batch} is {answer['status']} and goes on.")
    return NOT_WELL if is_alone else OK


def rerun(
    batch: Batch,
    overrides: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE, of the command or new.")] = None,
    *,
    name: Annotated[str | None, typer.Option("--name", help="What the new batch is called.")] = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Run a batch that ended again on its host, as a new one."""
    terminal = Terminal(as_json=as_json)
    body = {"overrides": dict(map(_override, overrides or [])), "name": name}
    with connect(url, token) as server:
        answer = server.post(path_of("batches", batch, "rerun"), body)
    if as_json:
        terminal.emit(answer)
    else:
        terminal.say(f"{answer['batch_id']} waits for the agent of its host.")
    return OK


def _by_hand(batch: dict[str, Any]) -> str:
    """The line for a shell of the batch's host that lets it go on."""
    names = {"ARGUS_BATCH_ID": batch["id"], "ARGUS_RESUME_FROM": (batch.get("checkpoint") or {}).get("path")}
    words = [f"{name}={shlex.quote(value)}" for name, value in names.items() if value]
    return " ".join([*words, batch.get("command") or "COMMAND"])


def _override(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise CliError(USAGE, f"{text} is no override.", "Overrides look like lr=0.1.")
    try:
        return key, json.loads(value, parse_constant=str)
    except ValueError:
        return key, value


def _is_sure(terminal: Terminal, batch: dict[str, object]) -> bool:
    if not terminal.is_interactive:
        raise CliError(USAGE, "Stopping asks first, and nobody is here to answer.", "Give --yes.")
    return typer.confirm(f"Stop {batch['id']} ({batch['project']}, {batch['status']})?", err=True)
