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


class CrashOut(Shape):
    """Why a job died. `kind` is null for a job that did not. `hint_key` finds the hint in a page's language; `facts`
    are for it: the module that is missing, the path, what was to be allocated. `n_lines`: how many lines were read.
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
