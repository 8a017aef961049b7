"""Quiet hours: until when mails and chats wait. Pure, in the time zone of whoever sleeps there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` of the clock on a wall in `zone`, on `days` (0 is Monday) when they begin.

    An end that is not after the beginning is on the next day, so equal ones are a whole day.
    """

    begin: time
    end: time
    zone: ZoneInfo
    days: frozenset[int] = EVERY_DAY
    lets_errors: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self | None:
        """As a rule's row keeps them: {from, to, zone, days, let_errors}."""
        if not stored:
            return None
        return cls(
            time.fromisoformat(stored["from"]),
            time.fromisoformat(stored["to"]),
            ZoneInfo(stored["zone"]),
            frozenset(stored.get("days", EVERY_DAY)),
            bool(stored.get("let_errors")),
        )


def quiet_until(hours: QuietHours | None, at: datetime, severity: str = "info") -> datetime | None:
    """When the quiet that `at` lies in ends, in UTC; None where it lies in none. Spans that touch are one."""
    if hours is None or (hours.lets_errors and severity == "error"):
        return None
    ends = at
    # Seven spans of a week may touch; more than that is a week without a word.
    for _ in range(8):
        later = max((end for begin, end in _spans(hours, ends) if begin <= ends < end), default=None)
        if later is None:
            break
        ends = later
    return ends.astimezone(UTC) if ends != at else None


def _spans(hours: QuietHours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans that began yesterday, today or tomorrow: the day there is not the day here."""
    today = at.astimezone(hours.zone).date()
    for day in (today + timedelta(days=step) for step in (-1, 0, 1)):
        if day.weekday() in hours.days:
            over = day if hours.end > hours.begin else day + timedelta(days=1)
            yield _moment(day, hours.begin, hours.zone, fold=0), _moment(over, hours.end, hours.zone, fold=1)


def _moment(day: date, clock: time, zone: ZoneInfo, *, fold: int) -> datetime:
    # In the hour that a clock shows twice, quiet begins the first time and ends the second.
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)
