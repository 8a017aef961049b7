"""One thing that differs, and how much it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`blocker`: it cannot start. `warning`: other results are likely. `info`: good to know."""

    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """What differs. Pages name them in the reader's language."""

    CWD = "cwd"
    COMMAND = "command"
    COMMIT = "commit"
    BRANCH = "branch"
    DIRTY = "dirty"
    PYTHON = "python"
    PACKAGE = "package"
    CUDA = "cuda"
    DRIVER = "driver"
    GPU = "gpu"
    SYSTEM = "system"
    PATH = "path"
    DISK = "disk"


class Change(StrEnum):
    """How it differs. `unknown`: one side cannot tell."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNKNOWN = "unknown"


ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Commits:
    """More about a commit that differs: subjects, how far apart, and the first of the files."""

    recorded_subject: str | None
    found_subject: str | None
    ahead: int | None
    behind: int | None
    files: tuple[str, ...]
    n_files: int


@dataclass(frozen=True, slots=True)
class Item:
    """A difference. `name` is that of a package, a path, a program; empty where the kind says all."""

    kind: Kind
    change: Change
    severity: Severity
    name: str = ""
    recorded: str | None = None
    found: str | None = None
    commits: Commits | None = None
