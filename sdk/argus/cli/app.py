"""Puts the commands together, and turns whatever they end with into an exit code and a sentence."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from argus.cli import account, alerting, configuration, doctor, logs, reading, running, stopping, syncing
from argus.cli.errors import INTERRUPTED, NOT_WELL, OK, PIPE_CLOSED, USAGE, CliError, PipeClosed
from argus.cli.terminal import mute, print_error

_HELP = """Watch and report training runs on an Argus server.

Begin with `argus login`, then `argus run -- python train.py`.
"""
_EPILOG = (
    "Exit codes: 0 well, 1 not well, 2 wrong usage, 3 server cannot be reached, 4 it refuses, 130 after Ctrl-C. "
    "Every command knows --json. ARGUS_DEBUG=1 shows where an error arose."
)
_YES = frozenset({"1", "true", "yes", "on"})


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosed from error


app = typer.Typer(
    name="argus",
    cls=_Commands,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
running.register(app)
reading.register(app)
logs.register(app)
stopping.register(app)
alerting.register(app)
syncing.register(app)
account.register(app)
doctor.register(app)
configuration.register(app)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    code = _guarded(given)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    if code == PIPE_CLOSED:
        mute(sys.stdout)
    return code


def _guarded(given: list[str]) -> int:
    as_json = "--json" in _own(given)
    try:
        return app(args=given or ["--help"], prog_name="argus", standalone_mode=False) or OK
    except (PipeClosed, BrokenPipeError):
        return PIPE_CLOSED
    except SystemExit as end:  # what Typer ends with when the reader of a help page has gone, or it completed a word
        return PIPE_CLOSED if end.code == 1 else int(end.code or OK)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n")
        return INTERRUPTED
    except Exception as error:
        if _is_debugging() and not isinstance(error, CliError) and not hasattr(error, "format_message"):
            raise
        return _show(error, as_json=as_json)


def _own(given: list[str]) -> list[str]:
    """The words that are ours: those after `--` belong to the command that is run."""
    return given[: given.index("--")] if "--" in given else given


def _show(error: Any, *, as_json: bool) -> int:
    """Say what ended the command; its exit code."""
    if isinstance(error, CliError):
        known = error
    elif not hasattr(error, "format_message"):
        what = f"this should not have happened: {type(error).__name__}: {error}"
        known = CliError(NOT_WELL, what, "ARGUS_DEBUG=1 shows where it arose.")
    elif as_json:
        known = CliError(USAGE, error.format_message())
    else:  # what Typer found wrong with the words of the command
        from typer.rich_utils import rich_format_error

        rich_format_error(error)
        return USAGE
    print_error(known, as_json=as_json)
    return known.code


def _is_debugging() -> bool:
    return os.environ.get("ARGUS_DEBUG", "").lower() in _YES
