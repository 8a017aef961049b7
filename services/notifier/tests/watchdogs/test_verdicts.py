"""Cards, disks, texts and silence, by tables."""

from datetime import UTC, datetime, timedelta

import pytest

from argus_notifier.watchdogs import disk, heat, idleness, memory, silence
from argus_notifier.watchdogs.runs import Run, is_due

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def card(index, util, **more):
    return {"index": index, "util_pct": util, **more}


@pytest.mark.parametrize(
    ("data", "cards"),
    [
        ({}, {}),
        ({"gpu_util_pct": 3}, {"": 3.0}),
        ({"gpu_util_pct": float("nan")}, {}),
        # Those on which the process holds memory are its own, whatever else the host has.
        (
            {"gpu_util_pct": 3, "gpus": [card(0, 90), card(1, 2, proc_mem_mb=800), card(2, 50, proc_mem_mb=1)]},
            {"1": 2.0, "2": 50.0},
        ),
        ({"gpus": [card(0, 1, processes=[{"pid": 1, "own": True}])]}, {"0": 1.0}),
        ({"gpu_util_pct": 9, "gpus": [card(0, 1, processes=[{"pid": 1, "own": False}])]}, {"": 9.0}),
        ({"gpu_util_pct": 9, "gpus": [card(0, 1, proc_mem_mb=0)]}, {"": 9.0}),
        ({"gpu_util_pct": 9, "gpus": "many"}, {"": 9.0}),
        ({"gpus": [None, card(0, "busy", proc_mem_mb=5)]}, {}),
    ],
)
def test_whose_cards_are_looked_at(data, cards):
    assert idleness.own_cards(data) == cards


def test_each_card_idles_on_its_own_and_one_that_is_left_is_no_card_any_more():
    runs = {}
    for at in range(0, 601, 60):
        runs = idleness.folded(runs, at, {"0": 99, "1": 0}, below=5, span_s=600)
    assert list(runs) == ["1"]
    assert is_due(runs["1"], 600, span_s=600)
    assert idleness.folded(runs, 660, {"0": 99}, below=5, span_s=600) == {}
    assert idleness.folded(runs, 660, {"0": 99, "1": 5}, below=5, span_s=600) == {}


def test_a_hot_card_is_cool_when_it_is_five_degrees_below():
    def folded(runs, at, temp):
        return heat.folded(runs, at, {"0": temp}, limit=90, span_s=180)

    runs = folded(folded({}, 0, 91), 100, 89)
    assert runs["0"].since == 0
    assert is_due(folded(runs, 170, 92)["0"], 170, span_s=180)
    assert folded(runs, 200, 84) == {}
    assert heat.folded(runs, 200, {"1": 20}, limit=90, span_s=180) == runs
    assert heat.temperatures({"gpu_temp_c": 60, "gpus": [{"index": 3, "temp_c": 71}]}) == {"3": 71.0}
    assert heat.temperatures({"gpu_temp_c": 60}) == {"": 60.0}


def test_a_full_disk_is_said_at_once_and_well_again_with_two_percent_more():
    def full(run, at, free):
        return disk.folded(run, at, disk.space({"disk_free_mb": free, "disk_total_mb": 1000}), limit_pct=5)

    assert full(None, 0, 50) is None
    run = full(None, 0, 49)
    assert is_due(run, 0, span_s=0)
    assert full(Run(0, 0, 0), 10, 60) is not None
    assert full(Run(0, 0, 0), 10, 70) is None


@pytest.mark.parametrize(
    "data", [{}, {"disk_free_mb": 1}, {"disk_free_mb": 1, "disk_total_mb": 0}, {"disk_free_mb": -1, "disk_total_mb": 9}]
)
def test_a_disk_that_is_not_told_of(data):
    assert disk.space(data) is None


@pytest.mark.parametrize(
    ("text", "is_sign"),
    [
        ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", True),
        ("torch.cuda.OutOfMemoryError: oh", True),
        ("CUDA error: cannot allocate memory", True),
        ("cuda could not allocate", True),
        ("oom-kill event in cgroup", True),
        ("numpy.core._exceptions._ArrayMemoryError: no", False),
        ("MemoryError: Unable to allocate 3 GiB", True),
        ("epoch 3 loss 0.4", False),
        ("the room is full of memory foam", False),
        ("x" * 5000 + "out of memory", False),
    ],
)
def test_signs_of_memory_that_ran_out(text, is_sign):
    assert memory.sign(text) is is_sign


@pytest.mark.parametrize(
    ("status", "silent_min", "act"),
    [
        ("running", 14, None),
        ("running", 16, "stall"),
        ("stopping", 16, "stall"),
        ("stalled", 16, None),
        ("paused", 99, None),
        ("done", 99, None),
        (None, 99, None),
    ],
)
def test_silence_of_a_batch(status, silent_min, act):
    heard = AT - timedelta(minutes=silent_min)
    look = silence.at_batch(status, heard, AT, limit=QUARTER, never_began_since=None)
    assert look.act == act
    assert (look.again_at is None) is (status not in {"running", "stopping", "stalled"})
    assert look.again_at is None or look.again_at > AT


def test_what_was_to_stop_and_never_began():
    def look(asked_s):
        since = AT - timedelta(seconds=asked_s)
        return silence.at_batch("stopping", AT, AT, limit=QUARTER, never_began_since=since)

    assert look(59) == (None, AT + timedelta(seconds=1))
    assert look(61).act == "fail"


def test_a_stalled_batch_is_looked_at_ever_more_seldom():
    times = [
        silence.at_batch("stalled", AT - timedelta(hours=h), AT, limit=QUARTER, never_began_since=None).again_at - AT
        for h in (1, 8, 80, 800)
    ]
    assert times == sorted(times)
    assert times[0] == QUARTER
    assert times[-1] == timedelta(days=1)
