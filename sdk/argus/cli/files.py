"""Changes one value of a TOML file of settings and leaves everything else, comments too, as a person wrote it."""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import Any

from argus._origins import server_name
from argus.cli.errors import NOT_WELL, CliError

_HEAD = "# Settings of Argus. `argus config show --origin` says which of them count.\n"
_TABLE = re.compile(r"\s*\[")


def set_value(path: str, name: str, value: Any) -> None:
    """Set a setting at the top of the file. Raises `CliError`."""
    _write(path, _with(_lines(path), (), name, value), (), name, value)


def unset_value(path: str, name: str) -> bool:
    """Take a setting out; False where it was not there. Raises `CliError`."""
    lines = _lines(path)
    left = _without(lines, (), name)
    if left == lines:
        return False
    _write(path, left, (), name, None)
    return True


def set_of_server(path: str, url: str, name: str, value: str) -> None:
    """Keep something of one server, such as its token. Raises `CliError`."""
    table = ("servers", server_name(url))
    _write(path, _with(_lines(path), table, name, value), table, name, value)


def unset_of_server(path: str, url: str, name: str) -> bool:
    """Forget something of one server; False where it was not there. Raises `CliError`."""
    table = ("servers", server_name(url))
    lines = _lines(path)
    left = _without(lines, table, name)
    if left == lines:
        return False
    _write(path, left, table, name, None)
    return True


def servers(path: str) -> dict[str, dict[str, Any]]:
    """What is kept of each server. Raises `CliError`."""
    found = _parsed("".join(_lines(path)), path).get("servers")
    return {url: entry for url, entry in found.items() if isinstance(entry, dict)} if isinstance(found, dict) else {}


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines(keepends=True)
    except FileNotFoundError:
        return [_HEAD]
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(NOT_WELL, f"{path} cannot be read: {error}.") from error


def _with(lines: list[str], table: tuple[str, ...], name: str, value: Any) -> list[str]:
    line = f"{name} = {_toml(value)}\n"
    start, end = _part(lines, table)
    if start is None:
        head = f"[{'.'.join([table[0], json.dumps(table[1], ensure_ascii=False)])}]\n"
        return [*_ended(lines), "\n", head, line]
    for place in range(start, end):
        if _names(lines[place], name):
            return [*lines[:place], line, *lines[place + 1 :]]
    at = _after_last_value(lines, start, end)
    return [*_ended(lines[:at]), line, *lines[at:]]


def _without(lines: list[str], table: tuple[str, ...], name: str) -> list[str]:
    start, end = _part(lines, table)
    if start is None:
        return lines
    return [line for place, line in enumerate(lines) if not (start <= place < end and _names(line, name))]


def _part(lines: list[str], table: tuple[str, ...]) -> tuple[int | None, int]:
    """Where the values of a table begin and end; the empty table is the top of the file."""
    heads = [place for place, line in enumerate(lines) if _TABLE.match(line)]
    if not table:
        return 0, heads[0] if heads else len(lines)
    for place in heads:
        if _is_head(lines[place], table):
            return place + 1, next((after for after in heads if after > place), len(lines))
    return None, len(lines)


def _is_head(line: str, table: tuple[str, ...]) -> bool:
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    for key in table:
        found = found.get(key) if isinstance(found, dict) else None
    return bool(found == {})


def _names(line: str, name: str) -> bool:
    key, equals, _ = line.partition("=")
    return bool(equals) and key.strip().strip("\"'") == name


def _after_last_value(lines: list[str], start: int, end: int) -> int:
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end


def _ended(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]}\n"] if lines and not lines[-1].endswith("\n") else lines


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CliError(NOT_WELL, f"{path} is no TOML: {error}.", "Mend it in an editor.") from error


def _write(path: str, lines: list[str], table: tuple[str, ...], name: str, value: Any) -> None:
    """Replace the file at once, readable by its owner alone, when it says what was meant."""
    text = "".join(lines)
    found: Any = _parsed(text, path)
    for key in table:
        found = found.get(key, {})
    wanted = list(value) if isinstance(value, tuple) else value
    if found.get(name) != wanted:
        raise CliError(NOT_WELL, f"{path} is written in a way that cannot be changed here.", "Change it in an editor.")
    target = os.path.realpath(path)  # a link into somebody's dotfiles stays a link
    temporary = f"{target}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, target)
    except OSError as error:
        raise CliError(NOT_WELL, f"{path} cannot be written: {error}.") from error
