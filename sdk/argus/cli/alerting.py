"""`argus alert`: a shell script tells whoever watches its batch."""

from __future__ import annotations

import os
import time
import uuid
from typing import Annotated, Any

import typer

from argus._alerts import words
from argus._version import SCHEMA_VERSION
from argus._wrapper import BATCH
from argus.cli.errors import NOT_WELL, OK, USAGE, CliError
from argus.cli.options import Json, Token, Url
from argus.cli.server import connect, path_of
from argus.cli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Run")(alert)


def alert(
    title: Annotated[str, typer.Argument(help="What happened, in a few words.")],
    text: Annotated[str, typer.Argument(help="More of it.")] = "",
    *,
    level: Annotated[str, typer.Option("--level", "-l", help="info, warn or error.")] = "info",
    batch: Annotated[
        str | None, typer.Option("--batch", "-b", help="The batch; under `argus run` and agents the one that runs.")
    ] = None,
    job: Annotated[str | None, typer.Option("--job", "-j", help="One job of it.")] = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Tell whoever watches a batch: by inbox, mail and channels, as they chose."""
    terminal = Terminal(as_json=as_json)
    batch = batch or os.environ.get(BATCH, "").strip() or None
    if batch is None:
        raise CliError(USAGE, "No batch is named.", "Give --batch; inside of `argus run` it is known.")
    if level not in ("info", "warn", "error"):
        raise CliError(USAGE, f"{level} is no level.", "There are info, warn and error.")
    with connect(url, token) as server:
        project = server.get(path_of("batches", batch))["project"]
        answer = server.post("/api/events/batch", {"events": [_event(project, batch, job, words(title, text, level))]})
    (result,) = answer["results"]
    if as_json:
        terminal.emit(result)
    elif result["status"] == "rejected":
        terminal.note(f"{batch} was not told: {result['error']}")
    else:
        terminal.say(f"Who watches {batch} is told.")
    return NOT_WELL if result["status"] == "rejected" else OK


def _event(project: str, batch: str, job: str | None, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "event_id": str(uuid.uuid4()),
        "event_type": "alert",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "batch_id": batch,
        "job_id": job,
        "source": {"project": project},
        "data": data,
    }
