from datetime import UTC, datetime, timedelta

import pytest

from argus_catalog.derivations.status import age_s, is_stalled, shown_job_status

END = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE, AFTER = END - timedelta(hours=1), END + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        ("running", 301, True),
        ("running", 300, False),
        ("running", None, False),
        (None, 301, True),
        ("stopping", 301, True),
        ("done", 9999, False),
        ("stopped", 9999, False),
        ("requested", 9999, False),
        ("stalled", 1, True),
    ],
)
def test_is_stalled(status, age, expected):
    assert is_stalled(status, age, 300) is expected


def test_a_clock_that_runs_ahead_is_no_negative_age():
    assert age_s(AFTER, END) == 0.0
    assert age_s(None, END) is None


@pytest.mark.parametrize(
    ("status", "start", "last_epoch", "batch_status", "expected"),
    [
        ("running", BEFORE, BEFORE, "running", "running"),
        ("running", BEFORE, BEFORE, "done", "lost"),
        ("running", BEFORE, None, "stopped", "lost"),
        ("running", BEFORE, AFTER, "done", "running"),
        ("running", AFTER, None, "failed", "running"),
        ("done", BEFORE, BEFORE, "failed", "done"),
        ("failed", None, None, "done", "failed"),
    ],
)
def test_a_job_left_behind_is_lost_until_it_is_heard_of(status, start, last_epoch, batch_status, expected):
    assert shown_job_status(status, start, last_epoch, batch_status, END) == expected
