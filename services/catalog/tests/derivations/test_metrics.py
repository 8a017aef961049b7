import math

import pytest

from argus_catalog.derivations.metrics import (
    Candidate,
    cost,
    direction,
    gpu_count,
    headline_metric,
    metric_order,
    number,
    trend,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MSE", "min"),
        ("val_loss", "min"),
        ("top1_error", "min"),
        ("sMAPE", "min"),
        ("MAPE", "min"),
        ("R2", "max"),
        ("R²", "max"),
        ("PCC", "max"),
        ("mAP", "max"),
        ("val_acc", "max"),
        ("val/accuracy", "max"),
        ("balanced_accuracy", "max"),
        ("f1_macro", "max"),
        ("AUC", "max"),
        ("mIoU", "max"),
        ("accuracy_loss", "min"),
        ("something", "min"),
        ("tracking", "min"),
    ],
)
def test_direction(name, expected):
    assert direction(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), (0.5, 0.5), (True, None), ("1", None), (None, None), (math.nan, None), (math.inf, None), (10**400, None)],
)
def test_number(value, expected):
    assert number(value) == expected


def test_usual_metrics_come_first():
    assert sorted(["zeta", "PCC", "alpha", "MSE", "R2"], key=metric_order) == ["MSE", "R2", "PCC", "alpha", "zeta"]


class TestHeadline:
    def test_mse_is_the_headline_when_anyone_has_it(self):
        found = [Candidate("a", "x", {"acc": 0.9}), Candidate("b", "x", {"acc": 0.8, "MSE": 0.2})]
        assert headline_metric(found) == "MSE"

    def test_otherwise_the_most_frequent_that_judges_a_model(self):
        found = [
            Candidate("a", "x", {"acc": 0.9, "epochs": 3}),
            Candidate("b", "x", {"epochs": 3, "acc": 0.8, "f1": 1}),
        ]
        assert headline_metric(found) == "acc"

    def test_texts_and_non_finite_values_are_no_candidates(self):
        found = [Candidate("a", "x", {"MSE": "NaN"}), Candidate("b", "x", None), Candidate("c", "x", {"MSE": math.nan})]
        assert headline_metric(found) is None


@pytest.mark.parametrize(
    ("trace", "expected"),
    [([], None), ([1.0], None), ([1.0, 0.5], "down"), ([0.5, None, 0.9], "up"), ([1.0, 1.0001], "flat")],
)
def test_trend(trace, expected):
    assert trend(trace) == expected


def test_cost_reads_the_names_that_senders_use():
    assert cost({"Avg_Batch_Time": 0.0123456, "GPU_Memory": 512, "Params": 10}) == (12.346, 512, 10)
    assert cost({"avg_batch_time": 1, "gpu_memory_peak_mb": 1.5, "num_params": 3.0}) == (1000, 1.5, 3)
    assert cost(None) == (None, None, None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([None, None], 1), (["2", None], 2), (["x", 4], 4), ([0, 3], 0), ([math.inf], 1), (["-1", 2.0], 2)],
)
def test_gpu_count(values, expected):
    assert gpu_count(values) == expected
