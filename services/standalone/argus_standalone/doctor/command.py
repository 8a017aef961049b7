"""The command: every check, one line each, and an exit code. What it looks with is loaded when it is asked for."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from argus_standalone.doctor.findings import Finding


def doctor(
    url: Annotated[str, typer.Option(help="The address that people use; empty: ARGUS_BASE_URL.")] = "",
    token: Annotated[str, typer.Option(envvar="ARGUS_TOKEN", help="A token, to look at live streams too.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at everything that can be wrong, and say what to do. Exit code 0: all is well, 1: worth a look, 2: broken.

    It reads the settings that the server reads, and changes nothing. Beside a stack give it those of one service;
    ARGUS_READY_URLS (the front door's) lets it ask each process.
    """
    from argus_standalone.doctor.findings import Level, exit_code

    found = asyncio.run(_collect(url.rstrip("/"), token, is_quiet=as_json))
    code = exit_code(found)
    if as_json:
        typer.echo(json.dumps({"exit_code": code, "findings": [one.as_dict() for one in found]}, indent=1))
    else:
        bad = sum(finding.level > Level.OK for finding in found)
        typer.echo("\nAll is well." if not bad else f"\n{bad} of {len(found)} lines need you.")
    sys.exit(code)


async def _collect(url: str, token: str, *, is_quiet: bool) -> list[Finding]:
    from argus_standalone.doctor.checks import findings

    found: list[Finding] = []
    async for finding in findings(url, token):
        found.append(finding)
        if not is_quiet:
            _print(finding)
    return found


def _print(finding: Finding) -> None:
    said = finding.as_dict()
    mark = said["level"].upper() if finding.level > 0 else said["level"]
    typer.echo(f"{mark:>4}  {finding.subject:<10} {said['what']}")
    for text in (said["why"], said["todo"]):
        if text and finding.level:
            typer.echo(f"{'':17}{text}")
