"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argus_standalone.backups.keep import kept

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOURLY = [NOON - timedelta(hours=hours) for hours in range(24 * 40)]


@pytest.mark.parametrize(
    ("hourly", "daily", "weekly", "staying"),
    [
        (0, 0, 0, [0]),
        (3, 0, 0, [0, 1, 2]),
        (0, 3, 0, [0, 13, 37]),  # 12:00, and 23:00 of the two days before
        (2, 2, 0, [0, 1, 13]),
        (0, 0, 2, [0, 85]),  # Thursday, and the Sunday before
        (1, 2, 2, [0, 13, 85]),
    ],
)
def test_the_newest_of_each_span_stays(hourly: int, daily: int, weekly: int, staying: list[int]) -> None:
    found = kept(HOURLY, hourly=hourly, daily=daily, weekly=weekly)
    assert sorted(found, reverse=True) == [HOURLY[hours] for hours in staying]


def test_days_without_a_backup_count_for_nothing() -> None:
    sparse = [NOON, NOON - timedelta(days=20), NOON - timedelta(days=300)]
    assert kept(sparse, hourly=0, daily=3, weekly=0) == set(sparse)


def test_none_stay_of_none() -> None:
    assert kept([], hourly=1, daily=1, weekly=1) == set()
