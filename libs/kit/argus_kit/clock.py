"""The one clock. Code asks `now()`; a test sets it with `frozen(...)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_UP_TO_SECONDS = len("2026-11-30T12:00:00")

_frozen: datetime | None = None


def now() -> datetime:
    """The current time, aware and in UTC."""
    return _frozen if _frozen is not None else datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock of this process at `at`, for a test."""
    global _frozen
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before


def iso(at: datetime | None) -> str | None:
    """The wire's form of a time: ISO 8601 in UTC, second precision, `Z`. None stays None."""
    # A long list has thousands, nearly all from the database and in UTC: `strftime` takes three times as long.
    if at is None:
        return None
    return f"{(at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()[:_UP_TO_SECONDS]}Z"


def iso_exact(at: datetime) -> str:
    """Like `iso`, with microseconds when there are any."""
    at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at.microsecond else at.strftime("%Y-%m-%dT%H:%M:%SZ")
