"""What commands print: text for people or JSON for programs on stdout; remarks and errors on stderr.

Rich is loaded with the first table or colour, so that `--json` and errors stay quick.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from argus.cli.errors import PipeClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from argus.cli.errors import CliError

# A table that is piped into another program is not cut to any width.
_PIPED_WIDTH = 10_000


class Terminal:
    """Where one command prints. With `as_json`, text for people is left out."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._console: Console | None = None

    @property
    def is_interactive(self) -> bool:
        """Whether a person can answer a question here."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def is_coloured(self) -> bool:
        """Whether stdout is a terminal: only then is Rich worth loading for single lines."""
        return sys.stdout.isatty()

    @property
    def console(self) -> Console:
        """Rich's console on stdout: no colour in pipes or with NO_COLOR."""
        if self._console is None:
            self._console = _console(sys.stdout)
        return self._console

    def emit(self, value: Any) -> None:
        """One JSON object on a line of its own, flushed, so that a stream can be followed."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()

    def say(self, text: str, style: str | None = None) -> None:
        """A line for people. `text` is no markup: ids and messages may hold brackets."""
        if self.as_json:
            return
        if style is None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        else:
            self.console.print(text, style=style, markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """A remark on stderr."""
        if not self.as_json:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str | None] = ()) -> None:
        """Rows under a head. `styles` are the rows' colours. Piped, it is plain columns."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD if self.console.is_terminal else None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for place, row in enumerate(rows):
            style = styles[place] if place < len(styles) else None
            table.add_row(*(Text(cell) for cell in row), style=style)
        self.console.print(table)


def print_error(error: CliError, *, as_json: bool) -> None:
    """Say on stderr what happened and what to do."""
    if as_json:
        sys.stderr.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
        return
    console = _console(sys.stderr)
    console.print("argus: ", style="bold red", end="", markup=False)
    console.print(error.what, markup=False, soft_wrap=True)
    if error.todo:
        console.print(f"  {error.todo}", markup=False, soft_wrap=True)


def mute(stream: Any) -> None:
    """The reader of a pipe has gone: what is still buffered goes nowhere, without a complaint at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, stream.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(devnull)


def _console(stream: Any) -> Console:
    from rich.console import Console

    class Piping(Console):
        """Rich would end the process with a code of its own."""

        def on_broken_pipe(self) -> None:
            raise PipeClosed

    width = None if stream.isatty() else _PIPED_WIDTH
    return Piping(file=stream, highlight=False, width=width, emoji=False)
