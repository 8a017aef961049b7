import pytest

from argus_catalog.matrix.choice import decided, headline


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"acc": 9, "MSE": 1}, "MSE"),
        ({"acc": 9, "ece": 10}, "acc"),
        ({"acc": 4, "ece": 10}, "ece"),
        ({"val_loss": 9, "val_acc": 9}, "val_acc"),
        ({"R2": 9, "acc": 9}, "R2"),
        ({"n_params": 10, "ece": 1}, "ece"),
        ({"n_params": 10}, "n_params"),
        ({}, None),
    ],
)
def test_the_metric_that_decides_when_nobody_says(counts, expected):
    assert headline(counts) == expected


@pytest.mark.parametrize(
    ("name", "said", "toward", "expected"),
    [
        ("acc", {}, None, ("max", True)),
        ("ece", {}, None, ("min", False)),
        ("ece", {}, "max", ("max", True)),
        ("ece", {"primary_metric": "ece", "direction": "max"}, None, ("max", True)),
        ("ece", {"primary_metric": "ece", "direction": "max"}, "min", ("min", True)),
        ("acc", {"primary_metric": "ece", "direction": "min"}, None, ("max", True)),
        ("ece", {"primary_metric": "ece", "direction": "sideways"}, None, ("min", False)),
    ],
)
def test_what_is_better(name, said, toward, expected):
    assert decided(name, said, toward)[1:] == expected
