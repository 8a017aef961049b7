"""What counts as a difference, and how much it matters: a table for each side of a record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argus_executor.drift.comparison import Record, compare
from argus_executor.drift.found import read
from argus_executor.drift.items import ORDER

SHA, OTHER = "a" * 40, "b" * 40
BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLEAN = {"commit": SHA, "branch": "main", "is_dirty": False}
SNAPSHOT = {
    "cwd": "/home/lin/lab",
    "git_sha": SHA,
    "git_branch": "main",
    "git_dirty": False,
    "python_version": "3.11.7",
    "pip_freeze": ["numpy==1.26.0", "Torch_Audio==2.1", "rich==13.8.0"],
    "cuda_version": "12.1",
    "driver_version": "550.54",
    "gpu_names": ["A100", "A100"],
    "os": "Debian 12",
}
SAME = {
    "cwd_exists": True,
    "command_found": True,
    "git": CLEAN,
    "python": "3.11.7",
    "packages": {"numpy": "1.26.0", "torch-audio": "2.1", "rich": "13.8.0"},
    "cuda": "12.1",
    "driver": "550.54",
    "gpus": ["A100", "A100"],
    "os": "Debian 12",
    "disk_free": 500 * 1024**3,
}


def differs(snapshot: dict[str, Any], answer: dict[str, Any], **record: Any) -> list[tuple[str, ...]]:
    found = read({**SAME, **answer})
    assert found is not None
    items = compare(Record("python train.py", {**SNAPSHOT, **snapshot}, BEGAN, **record), found)
    return [(item.kind, item.change, item.severity, *([item.name] if item.name else [])) for item in items]


def test_what_is_the_same_is_no_item() -> None:
    assert differs({}, {}) == []


CASES: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, ...]]]] = [
    # The place.
    ({"cwd": None}, {}, [("cwd", "unknown", "warning")]),
    ({}, {"command_found": False, "command_missing": "train.py"}, [("command", "removed", "blocker", "train.py")]),
    ({}, {"command_found": None}, []),
    ({}, {"cwd_exists": False, "git": None, "packages": None}, [("cwd", "removed", "blocker")]),
    # The code.
    ({}, {"git": {**CLEAN, "commit": OTHER}}, [("commit", "changed", "warning")]),
    ({"git_sha": SHA[:8]}, {}, []),
    ({}, {"git": None}, [("commit", "removed", "warning")]),
    ({"git_sha": None}, {"git": None}, []),
    ({}, {"git": {**CLEAN, "branch": "dev"}}, [("branch", "changed", "info")]),
    ({}, {"git": {**CLEAN, "is_dirty": True}}, [("dirty", "added", "warning")]),
    ({"git_dirty": True}, {}, [("dirty", "removed", "warning")]),
    ({"git_dirty": True, "git_diff_sha256": "1"}, {"git": {**CLEAN, "is_dirty": True, "diff_sha256": "1"}}, []),
    ({"git_dirty": True, "git_diff_sha256": "1"}, {"git": {**CLEAN, "is_dirty": True, "diff_sha256": "2"}}, [
        ("dirty", "changed", "warning"),
    ]),
    ({"git_dirty": True}, {"git": {**CLEAN, "is_dirty": True, "diff_sha256": "2"}}, [("dirty", "unknown", "info")]),
    ({"git_dirty": None}, {"git": {**CLEAN, "is_dirty": True}}, []),
    # Python and its packages.
    ({}, {"python": "3.11.9"}, [("python", "changed", "info")]),
    ({}, {"python": "3.12.0"}, [("python", "changed", "warning")]),
    ({}, {"python": None, "packages": None}, [("package", "unknown", "info")]),
    ({"pip_freeze": None}, {"packages": {"x": "1"}}, []),
    ({}, {"packages": {**SAME["packages"], "new": "1"}}, [("package", "added", "info", "new")]),
    ({}, {"packages": {"numpy": "1.26.0", "torch.audio": "2.1"}}, [("package", "removed", "warning", "rich")]),
    ({}, {"packages": {**SAME["packages"], "rich": "13.8.9"}}, [("package", "changed", "info", "rich")]),
    ({}, {"packages": {**SAME["packages"], "rich": "13.9.0"}}, [("package", "changed", "warning", "rich")]),
    ({}, {"packages": {**SAME["packages"], "numpy": "1.26.4"}}, [("package", "changed", "warning", "numpy")]),
    ({"pip_freeze": ["argus-reporter==0.3.0"]}, {"packages": {"argus_reporter": "0.4.0"}}, [
        ("package", "changed", "info", "argus-reporter"),
    ]),
    ({"pip_freeze": ["lab @ file:///home/lin/lab", 3, "-e ."]}, {"packages": {"lab": "1"}}, [
        ("package", "changed", "warning", "lab"),
    ]),
    # CUDA and cards.
    ({}, {"cuda": "12.4"}, [("cuda", "changed", "warning")]),
    ({}, {"cuda": None}, [("cuda", "removed", "warning")]),
    ({"cuda_version": None, "hip_version": "6.0"}, {"cuda": "6.0"}, []),
    ({}, {"driver": "560.1"}, [("driver", "changed", "info")]),
    ({}, {"driver": "535.1"}, [("driver", "changed", "warning")]),
    ({}, {"driver": None}, [("driver", "unknown", "info")]),
    ({}, {"gpus": ["A100"]}, [("gpu", "changed", "warning")]),
    ({}, {"gpus": []}, [("gpu", "removed", "warning")]),
    ({}, {"gpus": ["A100"] * 4}, [("gpu", "changed", "info")]),
    ({}, {"gpus": None}, [("gpu", "unknown", "info")]),
    ({"gpu_names": []}, {"gpus": ["A100"]}, []),
    ({}, {"os": "Debian 13"}, [("system", "changed", "info")]),
    ({}, {"disk_free": 1024}, [("disk", "changed", "warning")]),
    # Files.
    ({}, {"paths": [{"path": "/x", "exists": False}]}, [("path", "removed", "warning", "/x")]),
    ({}, {"paths": [{"path": "/x", "exists": None}]}, [("path", "unknown", "info", "/x")]),
    ({}, {"paths": [{"path": "/x", "exists": True, "modified": "2026-11-01T12:00:01+00:00"}]}, [
        ("path", "changed", "info", "/x"),
    ]),
    ({}, {"paths": [{"path": "/x", "exists": True, "modified": "2026-11-01T11:00:00+00:00"}]}, []),
    ({}, {"paths": [{"path": "/x", "exists": True, "is_dir": True, "modified": "2026-12-01T11:00:00+00:00"}]}, []),
    ({}, {"paths": [{"path": "/x", "exists": True, "modified": "yesterday"}]}, []),
    ({}, {"paths": [{"path": "/out", "exists": False}]}, []),
    ({}, {"paths": [{"path": "/out", "exists": True, "modified": "2027-01-01T00:00:00+00:00"}]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("snapshot", "answer", "expected"), CASES)
def test_one_difference(snapshot: Any, answer: Any, expected: Any) -> None:
    assert differs(snapshot, answer, outputs=frozenset({"/out"})) == expected


def test_the_gravest_come_first_and_a_commit_tells_more() -> None:
    git = {
        **CLEAN,
        "commit": OTHER,
        "is_dirty": True,
        "subject": "New",
        "recorded_subject": "Old",
        "ahead": 3,
        "behind": 0,
    }
    git |= {"changed_files": [f"{n}.py" for n in range(80)], "n_changed_files": 80}
    found = read({**SAME, "os": "Debian 13", "git": git, "command_found": False})
    assert found is not None
    items = compare(Record("python train.py", SNAPSHOT), found)
    assert [item.severity for item in items] == ["blocker", "warning", "warning", "info"]
    commits = items[1].commits
    assert commits is not None
    assert (commits.recorded_subject, commits.found_subject, commits.ahead, len(commits.files)) == ("Old", "New", 3, 50)


def test_a_batch_without_a_command_cannot_start() -> None:
    found = read(SAME)
    assert found is not None
    assert [(item.kind, item.severity) for item in compare(Record(None, SNAPSHOT), found)] == [("command", "blocker")]


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"cwd_exists": "yes"}, {**SAME, "git": 3}, {**SAME, "packages": ["x"]}, {**SAME, "paths": [{}]}],
)
def test_what_is_no_answer(answer: Any) -> None:
    assert read(answer) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@example({"pip_freeze": 7})
@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*SNAPSHOT, "git_diff_sha256", "hip_version"], anything)))
def test_no_record_is_too_odd(snapshot: dict[str, Any]) -> None:
    found = read({**SAME, "git": {**CLEAN, "is_dirty": True}, "cuda": None})
    assert found is not None
    ranks = [ORDER[item.severity] for item in compare(Record("x", snapshot), found)]
    assert ranks == sorted(ranks)
