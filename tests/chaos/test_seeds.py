"""Runs drawn from seeds, each a few seconds: nothing that a client counted is lost, and nothing is stored twice.

`make chaos` runs a hundred and more; `make chaos SEEDS=1000` so many, `make chaos SEED=17` that one. A seed always
draws the same plan on machines that can make the same faults; where it fails it prints the plan, and keeps what
everybody wrote.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from rig.able import kinds
from rig.page import Page
from rig.plan import draw
from rig.run import Outcome, Run

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

ABLE = kinds()
COUNT = int(os.environ.get("SEEDS", "8"))
SEEDS = [int(seed) for seed in os.environ["SEED"].split(",")] if os.environ.get("SEED") else range(1, COUNT + 1)
PLANS = [draw(seed, ABLE) for seed in SEEDS]


# One system at a time: two cores are few.
@pytest.mark.parametrize("plan", sorted(PLANS, key=lambda plan: plan.mode), ids=lambda plan: f"{plan.mode}-{plan.seed}")
def test_nothing_is_lost_or_doubled(plan: Any, systems: Any, outcomes: Callable[[Outcome], None]) -> None:
    system, account = systems(plan.mode)
    page = Page(system.url, account.token, "dashboard")
    run = Run(plan, system, account)
    well = False
    try:
        outcome = run.go(page)
        outcomes(outcome)
        assert not outcome.broken, f"\n{plan}\n" + "\n".join(outcome.broken) + f"\nlogs: {run.folder}"
        well = True
    except BaseException:
        print(f"\n{plan}\nlogs: {run.folder}")
        raise
    finally:
        page.close()
        run.close(keep=not well)
