"""Which backups stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

Span = Callable[[datetime], object]


def kept(made: Iterable[datetime], *, hourly: int, daily: int, weekly: int) -> set[datetime]:
    """Of the newest hours, days and weeks (UTC) that have backups, the newest of each; and in any case the newest."""
    newest_first = sorted(made, reverse=True)
    staying = set(newest_first[:1])
    staying |= _newest_of(newest_first, hourly, lambda at: (at.date(), at.hour))
    staying |= _newest_of(newest_first, daily, lambda at: at.date())
    return staying | _newest_of(newest_first, weekly, lambda at: at.isocalendar()[:2])


def _newest_of(newest_first: list[datetime], spans: int, span: Span) -> set[datetime]:
    found: dict[object, datetime] = {}
    for at in newest_first:
        if span(at) not in found and len(found) < spans:
            found[span(at)] = at
    return set(found.values())
