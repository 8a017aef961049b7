"""The real stack with several replicas of every service and worker behind the real gateway: two, or as many as
ARGUS_SCALE_REPLICAS says (`make scale` takes four).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rig.replicas import REPLICAS, Replicas
from rig.systems import Stack

from argus_standalone.testing import Account

# Leases are looked at so often, so that what one holder does can be waited for.
_SETTINGS = {"ARGUS_COMPACTION_EVERY_S": "0.5", "ARGUS_AUTH_GUESSES_PER_MINUTE": "10"}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    made = Stack(via_relays=False, ARGUS_STACK_REPLICAS=str(REPLICAS), **_SETTINGS)
    made.start(within_s=900)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def replicas(stack: Stack) -> Replicas:
    return Replicas(stack)


@pytest.fixture(scope="session")
def ada(stack: Stack) -> Iterator[Account]:
    """The first person, who is an administrator."""
    with Account(stack.url) as account:
        yield account


@pytest.fixture(scope="session")
def bob(stack: Stack, ada: Account) -> Iterator[Account]:
    """Somebody else."""
    with Account(stack.url, "bob") as account:
        yield account


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Call a function until it returns something true."""

    def wait(check: Callable[[], Any], timeout_s: float = 60) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := check()):
            assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
            time.sleep(0.1)
        return found

    return wait
