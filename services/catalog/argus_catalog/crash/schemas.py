"""The shape of a crash."""

from __future__ import annotations

from typing import Literal

from argus_catalog.crash.rules import Kind
from argus_catalog.logs.whole.schemas import ExactTime
from argus_catalog.wire import Shape


class CrashLine(Shape):
    """A line that shows the failure; `is_key` marks the one that names it."""

    id: int
    ts: ExactTime
    level: str
    line: str
    is_key: bool


class CrashHost(Shape):
    """What the host's agent told of the process: the kernel's line about memory, what the driver said of cards, and the
    end of its output, which may say more than the log that the run sent. `never_began`: why there was no process.
    """

    kernel: str | None
    gpu_errors: list[str]
    last_lines: list[str]
    never_began: str | None


class CrashOut(Shape):
    """Why a job or a batch died. `kind` is null for one that did not. `hint_key` finds the hint in a page's language;
    `facts` are for it: the module that is missing, the path, what was to be allocated. `n_lines`: how many were read.
    """

    kind: Kind | None
    certainty: Literal["sure", "likely", "none"]
    hint_key: str | None
    facts: dict[str, str]
    reason: str | None
    exit_code: int | None
    signal: str | None
    lines: list[CrashLine]
    n_lines: int
    host: CrashHost | None
