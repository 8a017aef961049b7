"""Two of each process behind the real gateway are restarted and upgraded under load: no request fails, every event that
was acknowledged is stored once, and every page is shown all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from roll.code import Choice, Code
from roll.restarts import Rollout
from roll.traffic import Traffic

pytestmark = [pytest.mark.rolling, pytest.mark.slow]
_BESIDE_S = 10.0


@pytest.fixture(scope="module")
def replicas() -> str:
    """Two of everything."""
    return "2"


def test_each_process_is_upgraded_after_the_other(
    traffic: Traffic,
    choice: Choice,
    old: Code,
    new: Code,
    rollout: Rollout,
    migrate: Callable[[Code], None],
    hold: Callable[..., None],
) -> None:
    print(f"from {old.name} ({old.revision}) to {new.name} ({new.revision})")
    migrate(new)
    time.sleep(_BESIDE_S)
    assert traffic.counts.failures == [], "the old code on the new tables"
    choice.set(rollout.names, new)
    rollout.one_by_one(rollout.names)
    hold(drains=old.drains)


@pytest.mark.usefixtures("traffic")
def test_each_process_is_restarted_after_the_other(old: Code, rollout: Rollout, hold: Callable[..., None]) -> None:
    rollout.one_by_one(rollout.names)
    hold(drains=old.drains)


@pytest.mark.usefixtures("traffic")
def test_half_of_all_processes_leave_at_once(old: Code, rollout: Rollout, hold: Callable[..., None]) -> None:
    for half in rollout.halves:
        rollout.restart(half)
    hold(drains=old.drains)


@pytest.mark.usefixtures("traffic")
def test_the_version_before_comes_back_on_the_new_tables(
    choice: Choice, old: Code, rollout: Rollout, hold: Callable[..., None]
) -> None:
    """A roll-back, too, fails nobody."""
    choice.set(rollout.names, old)
    rollout.one_by_one(rollout.names)
    hold(drains=old.drains)
