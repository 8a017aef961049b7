"""What the soak calls flat, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from roll.memory import Life


def judged(mib_at: Callable[[float], float], minutes: int = 20) -> bool:
    life = Life("catalog", 1)
    life.samples = [(5.0 * n, mib_at(5.0 * n / 60)) for n in range(minutes * 12)]
    growth = life.judge()
    assert growth is not None
    return growth.is_flat


@pytest.mark.parametrize("a_minute", [1.5, 3, 10])
def test_what_grows_all_the_time_is_not_flat(a_minute: float) -> None:
    assert not judged(lambda minute: 130 + a_minute * minute)


def test_what_grows_less_and_less_and_yet_too_much_is_not_flat() -> None:
    assert not judged(lambda minute: 130 + 30 * minute**0.5)


@pytest.mark.parametrize("when", [2, 8, 12, 16])
def test_a_step_is_flat_whenever_it_comes(when: int) -> None:
    assert judged(lambda minute: 130 + (25 if minute >= when else 0))


def test_caches_that_fill_are_flat() -> None:
    assert judged(lambda minute: 130 + 0.4 * minute)
