"""Numbers and times as people read them in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

_BARS = "▁▂▃▄▅▆▇█"
_STATUS_STYLES = {
    "running": "cyan",
    "done": "green",
    "failed": "red",
    "stopping": "yellow",
    "stopped": "yellow",
    "stalled": "yellow",
}


def sparkline(values: Sequence[float | None], width: int = 40) -> str:
    """A curve of `width` characters; each stands for a stretch of the values and shows its mean. No number is a gap."""
    if not values:
        return ""
    buckets = _buckets(values, width)
    finite = [value for value in buckets if value is not None]
    if not finite:
        return " " * len(buckets)
    low, high = min(finite), max(finite)
    # By halves: the whole from the lowest to the highest number is none.
    span = high / 2 - low / 2
    return "".join(
        " " if value is None else _BARS[round((value / 2 - low / 2) / span * (len(_BARS) - 1)) if span else 0]
        for value in buckets
    )


def number(value: float | None) -> str:
    """Five significant digits."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    return f"{value:.5g}"


def duration(seconds: float | None) -> str:
    """`3d4h`, `2h05m`, `4m10s`, `7s`: two units at most."""
    if seconds is None:
        return "-"
    total = max(0, int(seconds))
    days, hours, minutes, rest = total // 86400, total // 3600 % 24, total // 60 % 60, total % 60
    if days:
        return f"{days}d{hours}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def moment(text: str | None) -> datetime | None:
    """A time of the server's as aware UTC."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def ago(text: str | None, now: datetime) -> str:
    """How long ago a time of the server's was."""
    found = moment(text)
    return "-" if found is None else f"{duration((now - found).total_seconds())} ago"


def elapsed(start: str | None, end: str | None, now: datetime) -> str:
    """How long something lasted, or has lasted so far."""
    first = moment(start)
    return "-" if first is None else duration(((moment(end) or now) - first).total_seconds())


def status_style(status: str | None) -> str | None:
    """The colour of a status."""
    return _STATUS_STYLES.get(status or "")


def _buckets(values: Sequence[float | None], width: int) -> list[float | None]:
    count = min(width, len(values))
    means: list[float | None] = []
    for place in range(count):
        part = values[place * len(values) // count : (place + 1) * len(values) // count]
        finite = [value for value in part if value is not None and math.isfinite(value)]
        means.append(sum(value / len(finite) for value in finite) if finite else None)
    return means
