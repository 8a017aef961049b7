"""Commands while everything on their way dies: at each step of their life the agent, the run's supervisor, the
executor, NATS, PostgreSQL or the line between them. What was asked for is executed once, or somebody is told why not;
and what was paused goes on where it was, with no gap in its curves.

`make chaos` runs some of them; `COMMAND_SEEDS=100` so many, `COMMAND_SEED=17` that one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from rig.command_plan import PROCESSES, STEPS, WAYS, draw_commands
from rig.command_run import CommandRun, Executions

COUNT = int(os.environ.get("COMMAND_SEEDS", "12"))
CHOSEN = os.environ.get("COMMAND_SEED")
SEEDS = [int(seed) for seed in CHOSEN.split(",")] if CHOSEN else range(1, COUNT + 1)


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_executed_twice_or_lost(seed: int, systems: Any, executions: Callable[[Executions], None]) -> None:
    system, account = systems("stack")
    plan = draw_commands(seed)
    run = CommandRun(plan, system, account)
    well = False
    try:
        found = run.go()
        executions(found)
        assert not found.broken, "\n".join(found.broken)
        well = True
    finally:
        if not well:
            print(f"\n{plan}\nlogs: {run.folder}")
        run.close(keep=not well)
        system.wait_ready()


def test_a_seed_always_draws_the_same() -> None:
    assert draw_commands(7) == draw_commands(7)


def test_six_thousand_seeds_try_everything_at_every_step() -> None:
    tried = {(blow.at, blow.name) for seed in range(6000) for blow in draw_commands(seed).blows}
    everything = {f"kill {name}" for name in PROCESSES} | {f"cut {way}" for way in WAYS}
    for command, steps in STEPS.items():
        for step in steps:
            found = {name for at, name in tried if at == f"{command}:{step}"}
            missing = everything - found
            early = command in {"rerun", "resume"} and step in {"asked", "queued", "delivered", "begun"}
            assert missing == ({"kill supervisor"} if early else set()), f"{command}:{step}"
