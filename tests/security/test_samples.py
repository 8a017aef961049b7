"""The table of samples is whole: each operation has one, and it does what it is there to do."""

from __future__ import annotations

import pytest
from stage.samples import OPERATIONS, SAMPLES, sample_of
from stage.world import World


def test_samples_are_of_operations_that_exist() -> None:
    assert set(SAMPLES) <= set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_rightful_caller_is_answered(world: World, operation: str) -> None:
    call = sample_of(operation).call(world)
    answer = world.client.send(operation.partition(" ")[0], call)
    assert answer.status_code < 400, f"{answer.status_code} {answer.text}"
