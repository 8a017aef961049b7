"""The schedule: a backup when one is due, no more than may stay, and no noise when it cannot be made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_standalone.backups import archive, schedule
from argus_standalone.backups.schedule import BackupSchedule
from argus_standalone.backups.settings import BackupSettings

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(schedule, "now", made)
    monkeypatch.setattr("argus_standalone.backups.make.now", made)
    return made


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    built = Platform(settings)
    yield built
    await built.database.close()


def made_in(home: Path) -> list[str]:
    return [path.name for path in archive.whole(home / "backups")]


async def test_one_a_day_and_two_stay(clock: Clock, platform: Platform, home: Path) -> None:
    part = BackupSchedule(platform, BackupSettings(keep_daily=2))
    await part.work()
    assert made_in(home) == [], "the server has just started"
    clock.at += timedelta(minutes=6)
    await part.work()
    clock.at += timedelta(hours=23)
    await part.work()
    assert made_in(home) == ["argus-20261126T120600Z"]
    assert schedule.LAST._value.get() == datetime(2026, 11, 26, 12, 6, tzinfo=UTC).timestamp()
    for _ in range(3):
        clock.at += timedelta(days=1)
        await part.work()
    assert made_in(home) == ["argus-20261129T110600Z", "argus-20261130T110600Z"]


async def test_one_that_cannot_be_made_is_counted_and_tried_again_later(
    clock: Clock, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = BackupSchedule(platform, BackupSettings(), first_after=timedelta())
    before = schedule.FAILED._value.get()
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _: (0, 0, 1000))
        await part.work()
        await part.work()
    assert schedule.FAILED._value.get() == before + 1
    await part.work()
    assert made_in(home) == []
    clock.at += timedelta(hours=1)
    await part.work()
    assert len(made_in(home)) == 1


async def test_where_there_is_no_interval_there_is_no_schedule(platform: Platform) -> None:
    part = BackupSchedule(platform, BackupSettings(every_hours=0))
    await part.start()
    assert part._loop._task is None
    await part.stop()
