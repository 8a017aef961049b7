"""Quiet hours, in the zone of whoever sleeps."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.rules.quiet import EVERY_DAY, QuietHours, quiet_until

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"])
CLOCKS = st.times(max_value=time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
HOURS = st.builds(
    QuietHours,
    CLOCKS,
    CLOCKS,
    ZONES.map(ZoneInfo),
    st.frozensets(st.integers(0, 6), min_size=1, max_size=7),
)


def berlin(begin="22:00", end="07:00", **more):
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), ZoneInfo("Europe/Berlin"), **more)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


class TestQuietUntil:
    @pytest.mark.parametrize(
        ("hours", "moment", "ends"),
        [
            (berlin(), "2026-11-26T23:00+01:00", "2026-11-27T07:00+01:00"),
            (berlin(), "2026-11-27T06:59+01:00", "2026-11-27T07:00+01:00"),
            (berlin(), "2026-11-27T07:00+01:00", None),
            (berlin(), "2026-11-26T21:59+01:00", None),
            (berlin("12:00", "13:00"), "2026-11-26T12:30+01:00", "2026-11-26T13:00+01:00"),
            # The clock goes forward at two, and back at three: the night is an hour shorter, then longer.
            (berlin(), "2026-03-28T23:00+01:00", "2026-03-29T07:00+02:00"),
            (berlin(), "2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),
            # The hour that comes twice is quiet both times.
            (berlin("02:00", "03:00"), "2026-10-25T02:30+02:00", "2026-10-25T03:00+01:00"),
            (berlin("02:00", "02:30"), "2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"),
            # There is no half past two on that day.
            (berlin("02:30", "04:00"), "2026-03-29T03:45+02:00", "2026-03-29T04:00+02:00"),
            # Friday's night lasts into Saturday; on Saturday's there is none.
            (berlin(days=frozenset({4})), "2026-11-28T03:00+01:00", "2026-11-28T07:00+01:00"),
            (berlin(days=frozenset({4})), "2026-11-29T03:00+01:00", None),
            # A whole weekend is two whole days that touch.
            (berlin("00:00", "00:00", days=frozenset({5, 6})), "2026-11-28T09:00+01:00", "2026-11-30T00:00+01:00"),
        ],
    )
    def test_table(self, hours, moment, ends):
        assert quiet_until(hours, at(moment)) == (at(ends) if ends else None)

    def test_an_error_is_let_through_by_choice(self):
        hours, night = berlin(lets_errors=True), at("2026-11-26T23:00+01:00")
        assert quiet_until(hours, night, "error") is None
        assert quiet_until(hours, night, "warn") == at("2026-11-27T07:00+01:00")
        assert quiet_until(berlin(), night, "error") == at("2026-11-27T07:00+01:00")

    def test_without_quiet_hours_nothing_is_held(self):
        assert QuietHours.of(None) is None
        assert quiet_until(None, at("2026-11-26T23:00+01:00")) is None

    @given(HOURS, MOMENTS)
    def test_the_end_is_later_and_is_an_end_by_the_clock_there(self, hours, moment):
        ends = quiet_until(hours, moment)
        if ends is None:
            return
        assert moment < ends <= moment + timedelta(days=9)
        shown = ends.astimezone(hours.zone)
        # A clock that skips the end shows a later time.
        assert shown.time() == hours.end or shown.time() > hours.end

    @given(HOURS, MOMENTS, st.floats(0, 0.999))
    def test_all_of_a_quiet_time_ends_together(self, hours, moment, part):
        ends = quiet_until(hours, moment)
        if ends is not None and len(hours.days) < 7:
            assert quiet_until(hours, moment + (ends - moment) * part) == ends
            assert quiet_until(hours, ends) is None

    @given(HOURS, MOMENTS)
    def test_what_is_quiet_is_what_a_clock_on_the_wall_says(self, hours, moment):
        local = moment.astimezone(hours.zone)
        near = {hours.zone.utcoffset(local + timedelta(hours=step)) for step in (-26, 0, 26)}
        if len(near) > 1:
            return  # the night of a change has its own table above
        today = local.weekday() in hours.days
        yesterday = (local.weekday() - 1) % 7 in hours.days
        clock = local.time()
        if hours.begin < hours.end:
            quiet = today and hours.begin <= clock < hours.end
        else:
            quiet = (today and clock >= hours.begin) or (yesterday and clock < hours.end)
        assert (quiet_until(hours, moment) is not None) == quiet

    def test_every_day_is_seven(self):
        assert len(EVERY_DAY) == 7
