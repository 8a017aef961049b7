"""`argus run`: any command as a run, without a change to its code."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from argus._ids import choose_batch_id
from argus._origins import find
from argus._secrets import mask_arguments
from argus._settings import is_disabled, resolve_mode, resolve_project, token_source
from argus._wrapper import BATCH, NOTES
from argus.cli.errors import CliError
from argus.cli.options import Json, Token, Url
from argus.cli.terminal import Terminal
from argus.cli.wrapping import Notes, Wrapped

if TYPE_CHECKING:
    from argus.cli.record import Recorder

_NOT_FOUND = 127  # what a shell says
# A batch's id begins with the job's name, and has a length.
_LONGEST_PREFIX = 64


def register(app: typer.Typer) -> None:
    """Add this command."""
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
    example = "Example: argus run -p vision -- python train.py --lr 0.1"
    app.command(rich_help_panel="Run", context_settings=settings, epilog=example)(run)


def run(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="What to run, after --.")],
    *,
    project: Annotated[str | None, typer.Option("--project", "-p", help="The project that it counts for.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the job; default: of the script.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Shown with the job.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Shown with the job.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Report into this batch; default: a new one.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only write a journal; `argus sync` delivers it.")] = False,
    grace: Annotated[float, typer.Option("--grace", min=0, help="Seconds from SIGTERM to SIGKILL at a stop.")] = 30.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing of our own.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Run a command and report it: output as log lines, resources, how it ended. No change to its code.

    Its exit code is passed on; signals go to it; a stop in the browser ends it. If the command reports by itself (with
    `argus.Reporter` or `argus.init`), its jobs go into the same batch and ours makes way for them.
    """
    if shutil.which(command[0]) is None:
        raise CliError(_NOT_FOUND, f"there is no program {command[0]!r}.", "Is it installed, is its name right?")
    mode = resolve_mode("offline" if offline else None)
    server = find("url", url).value
    job_id, project = name or job_name(command), resolve_project(project)
    with Notes() as notes:
        wrapped = Wrapped(Terminal(as_json=as_json), command, notes, grace_s=grace, quiet=quiet)
        if is_disabled() or mode == "disabled":
            return wrapped.run(None, dict(os.environ))
        if server is None and mode == "online":
            wrapped.say("no server is set, so nothing is reported; `argus login` sets one")
            return wrapped.run(None, dict(os.environ))
        get_token = token_source(token, server)
        if mode == "online" and get_token() is None:
            wrapped.say("no token is set: what is reported waits in a journal; `argus login` sets one")
        batch_id = choose_batch_id(job_id[:_LONGEST_PREFIX], batch, None)
        recorder = _recorder(server if mode == "online" else None, get_token, batch_id, job_id, project)
        wrapped.announce(batch_id, server, mode)
        job = {"model": model, "dataset": dataset, "command": shown_command(command)}
        recorder.begin({key: value for key, value in job.items() if value}, recorded_command())
        more = {"ARGUS_URL": url, "ARGUS_TOKEN": token, "ARGUS_MODE": "offline" if offline else None}
        given = {variable: value for variable, value in more.items() if value}
        ours = {BATCH: batch_id, NOTES: notes.path, "ARGUS_PROJECT": project}
        return wrapped.run(recorder, {**os.environ, **ours, **given})


def job_name(command: Sequence[str]) -> str:
    """What a person would call it: the script or module, else the program."""
    words = list(command)
    for place, word in enumerate(words):
        if word == "-m" and place + 1 < len(words):
            return words[place + 1]
        if word.endswith((".py", ".sh", ".ipynb", ".R", ".jl")) and not word.startswith("-"):
            return os.path.splitext(os.path.basename(word))[0]
    return os.path.basename(words[0])


def shown_command(command: Sequence[str]) -> str:
    """The command as a shell reads it, secrets masked."""
    return shlex.join(mask_arguments(list(command)))


def recorded_command() -> str:
    """Our own command: a rerun by an agent wraps again."""
    return shlex.join(["argus", *mask_arguments(sys.argv[1:])])


def _recorder(
    server: str | None, token: Callable[[], str | None], batch_id: str, job_id: str, project: str
) -> Recorder:
    from argus._identity import Identity
    from argus._pipeline import Pipeline
    from argus.cli.record import Recorder

    pipeline = Pipeline(server, token, Identity(project, command=recorded_command()), batch_id)
    return Recorder(pipeline, token, batch_id, job_id)
