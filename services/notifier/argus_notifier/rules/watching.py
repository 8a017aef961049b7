"""When a rule has something to say of a job: its condition holds, for long enough, and it was not said. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of a job for which a rule's condition holds.

    Attributes:
        since: from when on it holds; of a rule about silence, when the job was last heard.
        due_at: when there will be something to say; None once it was said.
    """

    since: datetime
    due_at: datetime | None


def step(
    watch: Watch | None, *, holds: bool, at: datetime, for_s: float, hears: bool = False
) -> tuple[Watch | None, bool]:
    """What to remember next, and whether to speak now.

    Args:
        watch: what is remembered; None: the condition did not hold.
        holds: whether it holds at `at`.
        at: now.
        for_s: how long it has to hold.
        hears: the rule is about silence, and the job was just heard: the time begins anew.
    """
    if not holds:
        return None, False
    if watch is None or hears:
        if watch is not None and watch.due_at is not None and (at - watch.since).total_seconds() < _grain_s(for_s):
            # Each step of a training would be a row to write; nobody sees these seconds.
            return watch, False
        watch = Watch(at, at + timedelta(seconds=for_s))
    if watch.due_at is None or watch.due_at > at:
        return watch, False
    return replace(watch, due_at=None), True


def _grain_s(for_s: float) -> float:
    return min(for_s / 10, 30.0)


@dataclass(frozen=True, slots=True)
class Throttle:
    """When a rule last spoke, and how much it has kept to itself since."""

    said_at: datetime | None = None
    unsaid: int = 0


def throttled(known: Throttle, *, at: datetime, throttle_s: float, count: int = 1) -> tuple[Throttle, bool]:
    """What to remember, and whether to speak: at most once in `throttle_s`. The rest is counted, for the next time."""
    if known.said_at is not None and at < known.said_at + timedelta(seconds=throttle_s):
        return Throttle(known.said_at, known.unsaid + count), False
    return Throttle(at, 0), True
