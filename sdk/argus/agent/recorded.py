"""What a recorded command would start here: its program, the Python behind it, and the script. Nothing is run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass

_OPERATOR = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
# What only a shell can say where it leads.
_SHELLS_OWN = frozenset({".", "source", "cd", "export", "eval", "set", "if", "for", "while", "{", "module"})
_WRAPPERS = frozenset({"env", "exec", "nice", "nohup", "time"})
# Options of Python that take the next word.
_WITH_VALUE = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_HEAD_BYTES = 512


@dataclass(frozen=True)
class Recorded:
    """`is_found` is None where only a shell could tell; `missing` is the program or the script that is gone.

    `interpreter` is the Python that would run, and `folder` where it would look for modules first.
    """

    is_found: bool | None = None
    missing: str | None = None
    interpreter: str | None = None
    folder: str | None = None


def read_command(command: str, cwd: str, search: str | None) -> Recorded:
    """Look for what a command names. `cwd` is where it would start, `search` its PATH."""
    words = _first_command(command)
    if not words or words[0] in _SHELLS_OWN or any(sign in words[0] for sign in "$`*"):
        return Recorded()
    program = _program(words[0], cwd, search)
    if program is None:
        return Recorded(is_found=False, missing=words[0])
    if _PYTHON.fullmatch(os.path.basename(words[0])):
        return _of_python(program, words[1:], cwd)
    return Recorded(is_found=True, interpreter=_of_first_line(program, search), folder=None)


def _first_command(command: str) -> list[str]:
    """Its words, without assignments and wrappers before it; empty where it cannot be read."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        for word in lexer:
            if _OPERATOR.fullmatch(word):
                break
            if words or not (_ASSIGNMENT.match(word) or word in _WRAPPERS):
                words.append(word)
    except ValueError:
        return []
    return words


def _program(word: str, cwd: str, search: str | None) -> str | None:
    if "/" not in word:
        return shutil.which(word, path=search)
    path = os.path.join(cwd, os.path.expanduser(word))
    return path if os.access(path, os.X_OK) and os.path.isfile(path) else None


def _of_python(interpreter: str, words: list[str], cwd: str) -> Recorded:
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word.startswith(("-m", "-c")) or word == "-":
            return Recorded(is_found=True, interpreter=interpreter, folder=cwd)
        elif not word.startswith("-"):
            script = os.path.join(cwd, os.path.expanduser(word))
            if not os.path.exists(script):
                return Recorded(is_found=False, missing=word, interpreter=interpreter, folder=cwd)
            folder = script if os.path.isdir(script) else os.path.dirname(os.path.realpath(script))
            return Recorded(is_found=True, interpreter=interpreter, folder=folder)
    return Recorded(is_found=True, interpreter=interpreter, folder=cwd)


def _of_first_line(program: str, search: str | None) -> str | None:
    """The Python that a script such as `torchrun` names in its first line."""
    try:
        with open(program, "rb") as file:
            head = file.read(_HEAD_BYTES).split(b"\n", 1)[0].decode("utf-8", "replace")
    except OSError:
        return None
    words = head.removeprefix("#!").split() if head.startswith("#!") else []
    if len(words) > 1 and os.path.basename(words[0]) == "env":
        words = words[1:]
    if not words or not _PYTHON.fullmatch(os.path.basename(words[0])):
        return None
    return words[0] if os.path.isabs(words[0]) else shutil.which(words[0], path=search)
