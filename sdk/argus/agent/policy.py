"""What this host allows, whatever the server says: `policy.toml` beside the agent's token, read at each command.

    dry_run = false                       # true: refuse, and say what would have run
    allowed_users = ["lin", "admin"]      # who may have runs started here; without it only who registered the agent
    directories = ["~/projects/*"]        # where runs may start, and below; without it anywhere
    commands = ["python *.py*", "re:make .*"]  # what may run; without it anything that was recorded
    deny = ["*rm *", "*sudo*"]            # what never runs
    environment = ["SEED", "OMP_*"]       # names that are taken from the record
    max_runs = 4

A `*` of `commands` matches no sign by which a shell would begin another command (`; & | < > $ ( ) backtick`, newline).
"""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from dataclasses import dataclass
from typing import Any

# What makes every program that starts run somebody's code: taken from a record only where the policy names it.
_LOADERS = ("LD_*", "DYLD_*", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PYTHONHOME", "PROMPT_COMMAND")
_ORDINARY = r"[^;&|<>$`()\n\r]"
# Servers take no longer summaries.
_MOST_RULES, _MOST_LETTERS = 30, 100
_LISTS = ("allowed_users", "directories", "commands", "deny", "environment")


class PolicyError(Exception):
    """The file is there and cannot be obeyed; the text says where it is wrong."""


@dataclass(frozen=True)
class Policy:
    """The rules of the file; None where it says nothing about something."""

    dry_run: bool = False
    allowed_users: tuple[str, ...] | None = None
    directories: tuple[str, ...] | None = None
    commands: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    environment: tuple[str, ...] | None = None
    max_runs: int | None = None

    @classmethod
    def load(cls, folder: str) -> Policy:
        """Read `policy.toml` of the agent's folder; where there is none, the defaults. Raises `PolicyError`."""
        path = os.path.join(folder, "policy.toml")
        try:
            with open(path, "rb") as file:
                content = tomllib.load(file)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise PolicyError(f"{path} cannot be read: {error}.") from error
        return cls(**_checked(content, path))

    def objection(self, command: str, folder: str | None) -> str | None:
        """Why a command may not run in a folder; None where it may."""
        if any(_is_denied(pattern, command) for pattern in self.deny):
            return "The policy of this host denies this command."
        if self.commands is not None and not any(_allows(pattern, command) for pattern in self.commands):
            return "The policy of this host does not list this command."
        if self.directories is not None and not is_inside(folder, self.directories):
            return f"The policy of this host allows no runs in {folder or 'an unnamed folder'}."
        return None

    def takes(self, name: str) -> bool:
        """Whether a variable may be taken from the record."""
        if self.environment is not None:
            return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.environment)
        return not any(fnmatch.fnmatchcase(name, pattern) for pattern in _LOADERS)

    def summary(self) -> dict[str, Any]:
        """What the server may show of it: of long lists the beginning."""
        return {
            "dry_run": self.dry_run,
            "users": _shown(self.allowed_users),
            "directories": _shown(self.directories),
            "commands": _shown(self.commands),
            "deny": _shown(self.deny),
            "max_runs": self.max_runs,
        }


def _shown(rules: tuple[str, ...] | None) -> list[str] | None:
    return None if rules is None else [rule[:_MOST_LETTERS] for rule in rules[:_MOST_RULES]]


def _checked(content: dict[str, Any], path: str) -> dict[str, Any]:
    unknown = sorted(set(content) - {*_LISTS, "dry_run", "max_runs"})
    if unknown:
        raise PolicyError(f"{path}: there is no rule {unknown[0]!r}.")
    rules: dict[str, Any] = {}
    for name, value in content.items():
        if name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise PolicyError(f"{path}: {name} must be a list of texts.")
            rules[name] = tuple(value)
        elif (name == "dry_run" and isinstance(value, bool)) or (name == "max_runs" and _is_count(value)):
            rules[name] = value
        else:
            wanted = "true or false" if name == "dry_run" else "a number, 0 or more"
            raise PolicyError(f"{path}: {name} must be {wanted}.")
    for pattern in (*rules.get("commands", ()), *rules.get("deny", ())):
        _compiled(pattern, ".", path)
    return rules


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _allows(pattern: str, command: str) -> bool:
    return _compiled(pattern, _ORDINARY).fullmatch(command.strip()) is not None


def _is_denied(pattern: str, command: str) -> bool:
    return _compiled(pattern, ".").fullmatch(command.strip()) is not None


def _compiled(pattern: str, anything: str, path: str = "policy.toml") -> re.Pattern[str]:
    if pattern.startswith("re:"):
        try:
            return re.compile(pattern[3:])
        except re.error as error:
            raise PolicyError(f"{path}: {pattern!r} is no regular expression: {error}.") from error
    signs = {"*": f"{anything}*", "?": anything}
    return re.compile("".join(signs.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def is_inside(folder: str | None, patterns: tuple[str, ...]) -> bool:
    """Whether a path lies in, or below, one of the folders that the globs name."""
    if not folder:
        return False
    real = os.path.realpath(folder)
    steps = [real]
    while os.path.dirname(steps[-1]) != steps[-1]:
        steps.append(os.path.dirname(steps[-1]))
    globs = [os.path.realpath(os.path.expanduser(pattern)) for pattern in patterns]
    return any(fnmatch.fnmatchcase(step, pattern) for step in steps for pattern in globs)
