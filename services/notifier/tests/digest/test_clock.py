"""When digests are due, in zones whose clocks jump."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.digest.clock import day_of, due_on, last_due, next_due, zones

ZONES = st.sampled_from(
    (
        *("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Shanghai"),
        *("Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "America/Santiago", "Africa/Casablanca"),
    )
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC))
HOURS = st.integers(0, 23)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "due"),
    [
        (date(2026, 1, 10), 8, "UTC", utc(2026, 1, 10, 8)),
        (date(2026, 1, 10), 8, "Europe/Berlin", utc(2026, 1, 10, 7)),
        (date(2026, 7, 10), 8, "Europe/Berlin", utc(2026, 7, 10, 6)),
        # At two the clock says three: the hour is not there, and the digest comes when it would have been.
        (date(2026, 3, 29), 2, "Europe/Berlin", utc(2026, 3, 29, 1)),
        # At three it says two again: the first of both.
        (date(2026, 10, 25), 2, "Europe/Berlin", utc(2026, 10, 25, 0)),
        (date(2026, 10, 25), 3, "Europe/Berlin", utc(2026, 10, 25, 2)),
        (date(2026, 1, 10), 8, "Asia/Kolkata", utc(2026, 1, 10, 2, 30)),
        (date(2026, 1, 10), 0, "Pacific/Kiritimati", utc(2026, 1, 9, 10)),
    ],
)
def test_table(day, hour, zone, due):
    assert due_on(day, hour, zone) == due


@given(MOMENTS, HOURS, ZONES)
def test_the_last_one_is_before_and_the_next_one_after_and_nothing_is_between(at, hour, zone):
    before, after = last_due(at, hour, zone), next_due(at, hour, zone)
    assert before <= at < after
    assert next_due(before, hour, zone) == after
    assert timedelta(hours=22) <= after - before <= timedelta(hours=26)


@given(MOMENTS, HOURS, ZONES)
def test_every_day_has_one(at, hour, zone):
    days = []
    for _ in range(400):
        at = next_due(at, hour, zone)
        days.append(day_of(at, zone))
    assert all(after - before == timedelta(days=1) for before, after in itertools.pairwise(days))


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), MOMENTS, HOURS, ZONES)
def test_whoever_looks_now_and_then_tells_every_day_once_and_all_of_the_time(pauses_min, begin, hour, zone):
    """As the sender does it, with outages of any length: what was told ends where the next begins."""
    next_at, told_until, told_days = next_due(begin, hour, zone), last_due(begin, hour, zone), []
    at = begin
    for pause in pauses_min:
        at += timedelta(minutes=pause)
        if next_at > at:
            continue
        until = last_due(at, hour, zone)
        assert told_until < until <= at
        told_days.append(day_of(until, zone))
        told_until, next_at = until, next_due(at, hour, zone)
        assert at < next_at <= until + timedelta(hours=26)
    assert len(set(told_days)) == len(told_days)


def test_names_of_zones_are_known():
    assert {"UTC", "Asia/Shanghai", "Europe/Berlin"} <= zones()
    assert "../etc/passwd" not in zones()
