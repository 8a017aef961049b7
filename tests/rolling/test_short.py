"""What `make rolling` shows of all services, shown of three whose requests differ most: events, streams and held polls.

The system starts with the code and the tables of an earlier version; then come the new tables, and only then the new
code, as an upgrade does it. So the old code runs on the new tables, alone and beside the new code.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from roll.code import Choice, Code
from roll.restarts import Rollout
from roll.traffic import Traffic

pytestmark = pytest.mark.slow
# What goes on on the new tables before anything is restarted.
_BESIDE_S = 3.0


@pytest.fixture(scope="module")
def replicas() -> str:
    """Pairs of what is upgraded; of the rest one, which keeps its old code."""
    return "ingest=2,realtime=2,executor=2,ingest-worker=1,executor-worker=1"


def test_an_upgrade_while_everybody_works(
    traffic: Traffic,
    choice: Choice,
    old: Code,
    new: Code,
    rollout: Rollout,
    migrate: Callable[[Code], None],
    revision: Callable[[], str],
    hold: Callable[..., None],
) -> None:
    assert revision() == old.revision
    print(f"from {old.name} ({old.revision}) to {new.name} ({new.revision})")
    migrate(new)
    assert revision() == new.revision
    time.sleep(_BESIDE_S)
    assert traffic.counts.failures == [], "the old code on the new tables"
    choice.set(rollout.names, new)
    for half in rollout.halves:
        rollout.restart(half)
    # Versions before decision 0056 hang up when they are asked to end.
    hold(drains=old.drains)
