"""When a disk is full: by a line through what was read, and not at all where that says nothing."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from argus_catalog.gpus.forecast import forecast

T0 = datetime(2026, 3, 1, tzinfo=UTC)
TOTAL = 1_000_000.0


def filling(per_day, *, days=5, free=500_000.0, noise=0.0, begin=T0):
    chance = Random(3)
    hours = range(days * 24)
    return [(begin + timedelta(hours=h), free - per_day * h / 24 + noise * chance.gauss(0, 1)) for h in hours]


def test_a_steady_fill_is_found_to_the_hour():
    readings = filling(50_000.0)
    found = forecast(readings, TOTAL)
    at, free = readings[-1]
    assert found.mb_per_day == pytest.approx(50_000)
    assert abs(found.full_at - (at + timedelta(days=free / 50_000))) < timedelta(minutes=1)
    assert abs(found.late - found.early) < timedelta(minutes=1)


def test_what_is_noisy_is_told_with_more_room_to_both_sides():
    calm, noisy = forecast(filling(50_000.0, noise=50.0), TOTAL), forecast(filling(50_000.0, noise=4_000.0), TOTAL)
    assert noisy.early < noisy.full_at < noisy.late
    assert noisy.late - noisy.early > 10 * (calm.late - calm.early)


def test_the_likely_time_holds_the_true_one():
    found = forecast(filling(50_000.0, noise=4_000.0), TOTAL)
    truth = T0 + timedelta(days=500_000 / 50_000)
    assert found.early < truth < found.late


def test_room_that_was_made_begins_the_line_anew():
    before = filling(100_000.0, days=3, free=300_000.0)
    after = filling(20_000.0, days=3, free=800_000.0, begin=T0 + timedelta(days=3))
    found = forecast([*before, *after], TOTAL)
    assert found.since == T0 + timedelta(days=3)
    assert found.mb_per_day == pytest.approx(20_000)


@pytest.mark.parametrize("per_day", [0.0, -10_000.0])
def test_a_disk_that_does_not_fill_is_never_full(per_day):
    assert forecast(filling(per_day), TOTAL).full_at is None


@pytest.mark.parametrize("readings", [[], filling(9.0)[:5], [(T0 + timedelta(minutes=n), 5.0) for n in range(60)]])
def test_too_little_says_nothing(readings):
    assert forecast(readings, TOTAL) is None
