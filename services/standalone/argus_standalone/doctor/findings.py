"""One line of the diagnosis, and what all lines together mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from argus_kit.telemetry import without_secrets


class Level(IntEnum):
    """How bad it is. The worst of all lines is the exit code; a note is none."""

    NOTE = -1
    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, why that matters, and what to do. No secret is in it, whatever an error's text held."""

    subject: str
    level: Level
    what: str
    why: str = ""
    todo: str = ""

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        said = {"what": self.what, "why": self.why, "todo": self.todo}
        level = {"subject": self.subject, "level": self.level.name.lower()}
        return level | {name: str(without_secrets(text)) for name, text in said.items()}


Check = Callable[[], AsyncIterator[Finding]]


def ok(subject: str, what: str) -> Finding:
    """All is well."""
    return Finding(subject, Level.OK, what)


def remark(subject: str, what: str, why: str = "") -> Finding:
    """Something that was not looked at, or that is worth knowing."""
    return Finding(subject, Level.NOTE, what, why)


def warn(subject: str, what: str, why: str, todo: str) -> Finding:
    """It goes on, and not for ever."""
    return Finding(subject, Level.WARN, what, why, todo)


def fail(subject: str, what: str, why: str, todo: str) -> Finding:
    """Something does not work."""
    return Finding(subject, Level.FAIL, what, why, todo)


def exit_code(findings: Iterable[Finding]) -> int:
    """0: all is well; 1: something is worth a look; 2: something does not work."""
    return max([0, *(int(finding.level) for finding in findings)])


def explained(error: BaseException) -> str:
    """An error in a few words."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip().splitlines()
    return text[0][:200] if text else type(cause).__name__
