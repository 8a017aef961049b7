"""What somebody changed, put into a recorded command the way that command takes its settings. Nothing is run.

The web app shows the same command before it is asked for (`features/batches/overriding.ts`); both are held to
`sdk/tests/agent/vectors/overriding.json`.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

# A part of a word: in quotes, behind a backslash, or one plain character. In none of them is anything that a shell does
# more with than to take it.
_PIECE = re.compile(r"""'([^']*)'|"([^"$`\\]*)"|\\([^\n])|([^\s'"\\|&;<>()$`*?[\]{}~!#])""")
_WORD = re.compile(rf"(?P<word>(?:{_PIECE.pattern})+)(?:[ \t]+|\Z)")
_OPTION = re.compile(r"--?[A-Za-z]")
_PAIR = re.compile(r"\+{0,2}[A-Za-z_][\w.@/-]*=")
_PYTHON = re.compile(r"(?:^|/)python[\d.]*$")
_OFF = {"false", "null"}


@dataclass
class _Word:
    """A word of the command; `text` is what the program gets, `written` how the command has it."""

    text: str
    written: str


def overridden(command: str, overrides: dict[str, Any]) -> str:
    """The shell command with its settings changed, each value quoted so that it stays one word.

    An option that the command has (`--lr 0.1`, `--lr=0.1`, a flag) or a pair (`lr=0.1`) is changed in its place; `_`
    and `-` in the names of options are the same. What it has not yet comes at the end: as an option where the command
    takes options and no pairs, else as `key=value`. A command of which only a shell knows the words gets all of them
    as `key=value` at its end.
    """
    if not overrides:
        return command
    words = _words(command)
    if words is None:
        added = [word for key, value in overrides.items() for word in _added(key, value, as_option=False)]
        return " ".join([command, *(word.written for word in added)])
    for key, value in overrides.items():
        _change(words, key, value)
    return " ".join(word.written for word in words)


def _change(words: list[_Word], key: str, value: Any) -> None:
    begin = _first_argument(words)
    places = [*range(begin, len(words)), *range(1, begin)]  # a launcher's own options after the program's
    text = _text(value)
    for place in places:
        word = words[place].text
        if place < begin and not word.startswith("--"):
            continue
        name, sign, old = word.partition("=")
        if _PAIR.match(word) and name.lstrip("+") == key:
            words[place] = _made(f"{name}={_like(old, text)}")
            return
        if not _OPTION.match(word):
            continue
        if _same(name, key):
            if sign:
                words[place] = _made(f"{name}={_like(old, text)}")
            else:
                _change_option(words, place, value)
            return
        if not sign and _same(name, f"no-{key}") and isinstance(value, bool):
            words[place] = _made(f"--{key}") if value else words[place]
            return
    options = [word.text for word in words[begin:] if _OPTION.match(word.text)]
    pairs = [word.text for word in words[begin:] if _PAIR.match(word.text)]
    words += _added(key, value, as_option=bool(options) and not pairs)


def _added(key: str, value: Any, *, as_option: bool) -> list[_Word]:
    """What comes at the end. A key with dashes is an option, whatever the command takes."""
    text = _text(value)
    if not (as_option or key.startswith("-")):
        return [_made(f"{key}={text}")]
    name = key if key.startswith("-") else f"--{key}"
    if value is True:
        return [_made(name)]
    return [_made(f"{name}={text}")] if name.startswith("--") else [_made(name), _made(text)]


def _change_option(words: list[_Word], place: int, value: Any) -> None:
    """Change the values after an option, or the flag that it is."""
    text = _text(value)
    end = place + 1
    while end < len(words) and not _OPTION.match(words[end].text):
        end += 1
    if isinstance(value, list) and end > place + 1:
        words[place + 1 : end] = [_made(_text(one)) for one in value]
    elif end > place + 1:
        words[place + 1] = _made(_like(words[place + 1].text, text))
    elif text in _OFF:
        del words[place]
    elif value is not True:
        words.insert(place + 1, _made(text))


def _first_argument(words: list[_Word]) -> int:
    """Where the program's own arguments begin: after a script, Python's `-m` or `-c`, else after the first word."""
    for place, word in enumerate(words):
        if word.text.endswith(".py") and not word.text.startswith("-"):
            return place + 1
        if word.text in {"-m", "-c"} and _PYTHON.search(words[place - 1].text):
            return place + 2
    return 1


def _same(option: str, key: str) -> bool:
    return option.lstrip("-").replace("_", "-") == key.lstrip("-").replace("_", "-")


def _like(old: str, text: str) -> str:
    """Truths are written as the command wrote them: `True` as Python does."""
    return text.capitalize() if old in {"True", "False", "None"} and text in {"true", "false"} else text


def _made(text: str) -> _Word:
    return _Word(text, shlex.quote(text))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _words(command: str) -> list[_Word] | None:
    """The words of a command as a shell would take them, or None where it would do more than to take them."""
    words: list[_Word] = []
    place = len(command) - len(command.lstrip(" \t"))
    while place < len(command):
        found = _WORD.match(command, place)
        if found is None:
            return None
        pieces = _PIECE.finditer(found["word"])
        words.append(_Word("".join(piece[piece.lastindex or 0] for piece in pieces), found["word"]))
        place = found.end()
    return words
