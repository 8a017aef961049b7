"""The plans themselves: the same from the same seed, and together they try everything."""

from __future__ import annotations

import collections

import pytest
from rig.plan import PROCESSES, STACK, STANDALONE, WAYS, draw

ALL = frozenset({"die", "kill", "freeze", "cut", "stall", "slow", "fill", "jump"})


def test_a_seed_always_draws_the_same() -> None:
    assert draw(7, ALL) == draw(7, ALL)
    assert len({str(draw(seed, ALL)).partition(":")[2] for seed in range(50)}) == 50


@pytest.mark.parametrize("mode", [STANDALONE, STACK])
def test_a_thousand_seeds_try_every_fault(mode: str) -> None:
    plans = [plan for plan in (draw(seed, ALL) for seed in range(1000)) if plan.mode == mode]
    tried = {fault.name for plan in plans for fault in plan.faults}
    expected = {f"{kind} {name}" for kind in ("kill", "freeze") for name in [*PROCESSES[mode], "reporter"]}
    expected |= {f"{kind} {way}" for kind in ("cut", "stall", "slow") for way in WAYS[mode]}
    expected |= {"fill journal", "fill data", "jump reporter", "jump server"}
    assert tried == expected


def test_memory_is_not_asked_to_outlive_its_process() -> None:
    for seed in range(500):
        names = collections.Counter(fault.name for fault in draw(seed, ALL).faults)
        assert not (names["fill journal"] and names["kill reporter"])
