from datetime import UTC, datetime, timedelta

import pytest

from argus_catalog.derivations.progress import (
    batch_eta_s,
    completion_pct,
    elapsed_s,
    epochs_total,
    failure_rate,
    health_warnings,
    host_warnings,
    job_pace,
    pending_jobs,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("n_total", "n_done", "n_failed", "expected"),
    [(None, 3, 0, None), (0, 3, 0, None), (9, 3, 0, 33.33), (4, 3, 1, 100.0), (2, 3, 0, 100.0)],
)
def test_completion(n_total, n_done, n_failed, expected):
    assert completion_pct(n_total, n_done, n_failed) == expected


@pytest.mark.parametrize(("done", "failed", "expected"), [(0, 0, None), (2, 1, 0.3333), (0, 5, 1.0)])
def test_failure_rate(done, failed, expected):
    assert failure_rate(done, failed) == expected


@pytest.mark.parametrize(
    ("n_total", "n_done", "n_failed", "expected"), [(None, 1, 1, 0), (9, 2, 1, 6), (2, 3, 0, 0), (0, 0, 0, 0)]
)
def test_pending(n_total, n_done, n_failed, expected):
    assert pending_jobs(n_total, n_done, n_failed) == expected


@pytest.mark.parametrize(
    ("pending", "samples", "expected"),
    [
        (0, [], 0),
        (3, [], None),
        (3, [100], 300),
        # 0.3 * 200 + 0.7 * 100 = 130
        (2, [100, 200], 260),
        # 0.3 * 10 + 0.7 * 130 = 94
        (1, [100, 200, 10], 94),
    ],
)
def test_batch_eta(pending, samples, expected):
    assert batch_eta_s(pending, samples) == expected


class TestJobPace:
    @staticmethod
    def pace(done, total, gap_s=60.0, *, is_live=True):
        last = NOW - timedelta(seconds=5)
        return job_pace(done, total, last - timedelta(seconds=gap_s * max(0, done - 1)), last, is_live=is_live, now=NOW)

    def test_is_the_mean_gap_times_what_is_left(self):
        pace = self.pace(5, 20)
        assert (pace.epochs_done, pace.epochs_total, pace.avg_epoch_time_s, pace.eta_s) == (5, 20, 60.0, 900)
        assert pace.finish == NOW + timedelta(seconds=900)

    def test_assumes_fifty_epochs(self):
        assert self.pace(10, None).eta_s == 40 * 60

    def test_is_unknown_after_one_epoch(self):
        pace = self.pace(1, 20)
        assert (pace.avg_epoch_time_s, pace.eta_s, pace.finish) == (None, None, None)

    def test_is_unknown_when_all_epochs_came_at_once(self):
        assert self.pace(5, 20, gap_s=0).eta_s is None

    @pytest.mark.parametrize(("done", "is_live"), [(20, True), (25, True), (3, False)])
    def test_is_zero_when_nothing_is_left(self, done, is_live):
        pace = self.pace(done, 20, is_live=is_live)
        assert (pace.eta_s, pace.finish) == (0, None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (({"train_epochs": 12}, None), 12),
        ((None, {"epochs": 30}), 30),
        (({"epochs": 0}, {"n_epochs": 7.0}), 7),
        (({"epochs": "30"}, None), 30),
        (({"epochs": "many"}, {"epochs": True}), None),
        (({"epochs": 2.5}, {"epochs": -3}), None),
        ((None, None), None),
    ],
)
def test_epochs_total(told, expected):
    assert epochs_total(*told) == expected


@pytest.mark.parametrize(
    ("end", "known", "is_live", "expected"),
    [
        (None, None, True, 600),
        (NOW - timedelta(seconds=100), None, False, 500),
        (None, 42, False, 42),
        (None, None, False, None),
    ],
)
def test_elapsed(end, known, is_live, expected):
    assert elapsed_s(NOW - timedelta(seconds=600), end, known, is_live=is_live, now=NOW) == expected


def test_health_warnings_name_silence_and_failures():
    warnings = health_warnings(is_stalled=True, age_s=301.5, threshold_s=300, failures=2)
    assert ["301" in warnings[0], "300" in warnings[0], "2 jobs" in warnings[1]] == [True, True, True]
    assert health_warnings(is_stalled=False, age_s=1, threshold_s=300, failures=0) == []


@pytest.mark.parametrize(
    ("snapshot", "count"),
    [
        ({}, 0),
        ({"gpu_temp_c": 85, "disk_free_mb": 10_000}, 0),
        ({"gpu_temp_c": 86}, 1),
        ({"gpus": [{"temp_c": 60}, {"temp_c": 91}], "gpu_temp_c": 60}, 1),
        ({"disk_free_mb": 9_999, "gpu_temp_c": 90}, 2),
        ({"gpu_temp_c": "hot", "gpus": "none", "disk_free_mb": None}, 0),
    ],
)
def test_host_warnings(snapshot, count):
    assert len(host_warnings(snapshot)) == count
