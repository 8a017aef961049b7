"""When digests are due. Pure.

A day is the reader's own: by the clock on their wall. Where the clocks go forward over the hour, the digest comes when
they have; where they go back over it, the first time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones())


def due_on(day: date, hour: int, zone: str) -> datetime:
    """When the digest of this day in that zone is due, in UTC."""
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str) -> date:
    """Which day it is there."""
    return at.astimezone(ZoneInfo(zone)).date()


def next_due(after: datetime, hour: int, zone: str) -> datetime:
    """The first time after this one at which a digest is due."""
    day = day_of(after, zone) - _DAY
    while (due := due_on(day, hour, zone)) <= after:
        day += _DAY
    return due


def last_due(until: datetime, hour: int, zone: str) -> datetime:
    """The last time at which one was due, now included."""
    day = day_of(until, zone) + _DAY
    while (due := due_on(day, hour, zone)) > until:
        day -= _DAY
    return due
