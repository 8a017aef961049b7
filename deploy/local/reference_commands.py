"""The page of all commands with their arguments and options, from the parsers that read them."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer.main

from argus.agent.cli import _parser
from argus.cli.app import app as argus
from argus_standalone.cli import app as server

_HEAD: Final = """# Commands

Everything that `argus`, `argus-agent` and `argus-server` take. What they print for programs, their exit codes and the
agent's policy: [The argus command](../cli.md). How a server is run: [Install](../operate/install.md).
"""


def page() -> str:
    """The page."""
    text = _HEAD
    for name, app in (("argus", argus), ("argus-server", server)):
        text += f"\n## {name}\n"
        text += "".join(_commands(name, typer.main.get_command(app)))
    return text + "\n## argus-agent\n" + "".join(_of_agent())


def _commands(name: str, command: Any) -> Iterator[str]:
    for sub in command.commands.values():
        if sub.hidden:
            continue
        if hasattr(sub, "commands"):
            yield from _commands(f"{name} {sub.name}", sub)
        else:
            yield _command(f"{name} {sub.name}", sub)


def _command(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    usage = " ".join([name, *(_placed(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    text = f"\n### {name}\n\n```text\n{usage}\n```\n\n{_plain(command.help)}\n"
    rows = [_row(_placed(one), one) for one in arguments] + [_row(_spelled(one), one) for one in options]
    if rows:
        text += "\n| argument, option | |\n|---|---|\n" + "".join(rows)
    return text + (f"\n{_plain(command.epilog)}\n" if command.epilog else "")


def _placed(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = name.strip("[]").removesuffix("...")
    name += "..." if argument.nargs == -1 else ""
    return name if argument.required else f"[{name}]"


def _spelled(option: Any) -> str:
    words = sorted(option.opts, key=len)
    if option.secondary_opts:
        words += option.secondary_opts
    takes = "" if option.is_flag or option.count else f" {option.metavar or _kind(option)}"
    return ", ".join(words) + takes


def _kind(option: Any) -> str:
    kind = option.type_descriptor.annotation
    names: dict[Any, str] = {int: "NUMBER", float: "NUMBER", Path: "PATH"}
    return names.get(kind) or str(option.name).upper()


def _row(name: str, one: Any) -> str:
    said = _plain(getattr(one, "help", None) or "")
    default = getattr(one, "default", None)
    if default not in (None, False, True, (), "") and not callable(default) and "efault" not in said:
        said += f" Default: {default}."
    return f"| `{_cell(name)}` | {_cell(said)} |\n"


def _of_agent() -> Iterator[str]:
    parser = _parser()
    subs = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001
    helps = {one.dest: one.help for one in subs._choices_actions}  # noqa: SLF001
    for name, sub in subs.choices.items():
        rows = [_argparse_row(one) for one in sub._actions if one.dest != "help"]  # noqa: SLF001
        usage = f"argus-agent {name}" + (" [OPTIONS]" if rows else "")
        text = f"\n### argus-agent {name}\n\n```text\n{usage}\n```\n\n{_sentence(helps[name] or '')}\n"
        yield text + ("\n| option | |\n|---|---|\n" + "".join(rows) if rows else "")


def _argparse_row(one: argparse.Action) -> str:
    takes = "" if one.nargs == 0 else f" {one.dest.upper()}"
    return f"| `{', '.join(one.option_strings)}{takes}` | {_cell(_sentence(one.help or ''))} |\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _plain(text: str | None) -> str:
    return inspect.cleandoc(text or "").replace("\b\n", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
