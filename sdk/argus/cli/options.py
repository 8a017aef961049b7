"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

SERVER_PANEL = "Server"

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The server, instead of the one set.", rich_help_panel=SERVER_PANEL),
]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="TOKEN", help="A token, instead of the one kept.", rich_help_panel=SERVER_PANEL),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Batch = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id, as `argus ls` shows it.")]
Job = Annotated[str | None, typer.Argument(metavar="JOB", help="One job of it.")]
