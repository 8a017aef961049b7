import pytest

from argus_catalog.curves.splitting import About, split

A = About("resnet", "cifar", {"lr": 0.1, "seed": 0, "optim": {"name": "sgd"}})
B = About("resnet", "cifar", {"optim": {"name": "sgd"}, "seed": 1, "lr": 0.1})
C = About("resnet", "cifar", {"lr": 0.2, "seed": 0, "optim": {"name": "sgd"}})
D = About("vit", "svhn", None)
JOBS = [A, B, C, D]


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("all", {"": [0, 1, 2, 3]}),
        ("model", {"resnet": [0, 1, 2], "vit": [3]}),
        ("dataset", {"cifar": [0, 1, 2], "svhn": [3]}),
        ("config.lr", {"lr=0.1": [0, 1], "lr=0.2": [2], "lr=–": [3]}),
        ("config.optim.name", {"optim.name=sgd": [0, 1, 2], "optim.name=–": [3]}),
        ("seed", {"resnet · cifar · lr=0.1 · optim.name=sgd": [0, 1], "resnet · cifar · lr=0.2 · optim.name=sgd": [2],
                  "vit · svhn": [3]}),
    ],
)  # fmt: skip
def test_jobs_are_put_together(by, groups):
    assert split(JOBS, by) == groups


def test_settings_that_all_groups_share_are_not_named():
    assert list(split([A, B], "seed")) == ["resnet · cifar"]


def test_long_values_that_look_alike_stay_two_groups():
    long = [About("m", "d", {"note": "x" * 80 + end}) for end in "ab"]
    assert [len(places) for places in split(long, "seed").values()] == [1, 1]


def test_a_setting_whose_name_has_dots_is_found():
    assert split([About(None, None, {"a.b": 3})], "config.a.b") == {"a.b=3": [0]}
