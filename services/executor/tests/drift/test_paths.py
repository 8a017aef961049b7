"""Which words of a record are taken for files."""

from __future__ import annotations

from typing import Any

import pytest

from argus_executor.drift.paths import MOST, is_path, paths_of


@pytest.mark.parametrize(
    "text",
    ["/data/cifar", "~/sets/x", "./train", "../shared/a", "configs/base.yaml", "base.yaml", "runs/7/last.ckpt", "a.PT"],
)
def test_looks_like_a_path(text: str) -> None:
    assert is_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "bert/base",
        "org/model-7b",
        "v1.0/2",
        "https://lab/x.csv",
        "s3://bucket/x.csv",
        "/dev/null",
        "/",
        "//",
        "0.1",
        "resnet50",
        "2026/11/26",
        "data/*.csv",
        "two words.csv",
        "***",
        "a=/b",
        "/x\x00",
        "/" + "x" * 2000,
        "",
    ],
)
def test_does_not(text: str) -> None:
    assert not is_path(text)


CASES: list[tuple[str | None, dict[str, Any], dict[str, Any], list[tuple[str, bool]]]] = [
    ("python train.py --data /data/x.csv --out-dir /runs/7", {}, {}, [("/data/x.csv", False), ("/runs/7", True)]),
    ("python train.py data.root=/data +save.path=./ckpt", {}, {}, [("/data", False), ("./ckpt", True)]),
    ("python scripts/train.py /data --fast /more", {}, {}, [("/data", False), ("/more", False)]),
    ("python train.py 'unfinished", {}, {}, []),
    (None, {"config": {"a": {"files": ["/x", "/y"]}, "n": 3}}, {}, [("/x", False), ("/y", False)]),
    (None, {"config": {"logDir": "/l", "log_every": 10}}, {}, [("/l", True)]),
    (None, {"config": {"checkpoint_dir": "/c", "resume_ckpt": "/c/1.pt"}}, {}, [("/c", True), ("/c/1.pt", False)]),
    (None, {"config": "data: /x"}, {"data": "/o"}, [("/o", False)]),
    ("python t.py d=/x", {"config": {"output": "/x"}}, {}, [("/x", False)]),
]  # fmt: skip


@pytest.mark.parametrize(("command", "snapshot", "overrides", "expected"), CASES)
def test_what_a_record_names(command: Any, snapshot: Any, overrides: Any, expected: Any) -> None:
    assert paths_of(command, snapshot, overrides) == expected


def test_a_record_of_thousands_is_cut_and_one_without_bottom_is_left() -> None:
    deep: dict[str, Any] = {}
    deep["down"] = deep
    many = [f"/data/{n}" for n in range(10_000)]
    assert len(paths_of(None, {"config": {"deep": deep, "files": many}}, {})) == MOST
