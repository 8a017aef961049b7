"""How much of what happens is told at once, and how the rest is counted. Pure.

The first of a window is told at once; what follows of the same kind about the same batch or host is counted, shown in
the inbox's row a moment later, and told when the window ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.grouping.reasons import OTHER, kind_of_crash

SHOWN_AFTER: Final = timedelta(seconds=1)
"""How soon the inbox's row tells of more, at first: each time it is written again for everyone."""
_MOST_REASONS: Final = 12
_MOST_JOBS: Final = 20
_MOST_COUNTED: Final = 64


@dataclass(frozen=True, slots=True)
class Surge:
    """What happened of one kind to one thing within a window. See the table for the fields."""

    begins_at: datetime
    ends_at: datetime
    count: int
    shown: int
    told: int
    due_at: datetime | None
    reasons: Mapping[str, int]
    job_ids: Sequence[str]
    counted: Sequence[str] = ()
    wave: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether something waits for the window's end."""
        return self.told < self.count


def counted(known: Surge | None, some: Sequence[Occurrence], at: datetime, window_s: float) -> tuple[Surge, bool]:
    """The surge with some more of it, which came at once, and whether these begin it and are told now."""
    mark = _mark(some)
    if known is not None and mark in known.counted:
        # The same bundle again, after a crash.
        return known, False
    marks = [*(known.counted if known else ()), mark][-_MOST_COUNTED:]
    if known is None or (known.wave is None and at >= known.ends_at and not known.is_open):
        ends_at = at + timedelta(seconds=window_s)
        begun = Surge(at, ends_at, len(some), len(some), len(some), None, *_told(some, {}, ()), marks)
        return begun, True
    # A window that nobody has closed yet goes on: nothing is lost when the clock of its end is late.
    # The longer it lasts, the seldomer it is shown: a handful of times a window, however many batches fail at once.
    soon = min(at + max(SHOWN_AFTER, at - known.begins_at), max(known.ends_at, at))
    due_at = soon if known.due_at is None or known.due_at > soon else known.due_at
    reasons, job_ids = _told(some, known.reasons, known.job_ids)
    more = replace(known, count=known.count + len(some), due_at=due_at, reasons=reasons, job_ids=job_ids)
    # What a wave tells of has no time of its own.
    return replace(more, counted=marks, due_at=None if known.wave else due_at), False


def shown(known: Surge, at: datetime) -> tuple[Surge, bool]:
    """The surge after inboxes were told of all of it, and whether mails and channels are to be told now too."""
    if at < known.ends_at:
        return replace(known, shown=known.count, due_at=known.ends_at if known.is_open else None), False
    return replace(known, shown=known.count, told=known.count, due_at=None), known.is_open


def _told(
    some: Sequence[Occurrence], reasons: Mapping[str, int], job_ids: Sequence[str]
) -> tuple[Mapping[str, int], Sequence[str]]:
    found = dict(reasons)
    for one in some:
        # Of alerts, what each said: they are alike but for their numbers.
        reason = str(one.data.get("title", "")) if one.kind == "alert" else kind_of_crash(one.reason)
        if reason and reason not in found and len(found) >= _MOST_REASONS:
            reason = OTHER
        if reason:
            found[reason] = found.get(reason, 0) + 1
    named = dict.fromkeys([*job_ids, *(one.job_id for one in some if one.job_id)])
    return found, list(named)[:_MOST_JOBS]


def _mark(some: Sequence[Occurrence]) -> str:
    return hashlib.blake2b(f"{len(some)} {some[0].key}".encode(), digest_size=6).hexdigest()
