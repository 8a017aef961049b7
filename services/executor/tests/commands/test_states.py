"""The status machine of commands, by tables and by any order of events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_executor.commands.states import (
    ENDED,
    OPEN,
    WAYS,
    Event,
    Status,
    Step,
    after,
    of_acknowledgement,
    of_report,
)

_ORDER = {Status.PENDING: 0, Status.DELIVERED: 1, Status.STARTED: 2} | dict.fromkeys(ENDED, 3)

events = st.lists(st.sampled_from(Event), max_size=30)


def walk(happened: list[Event]) -> list[Status]:
    """The statuses that a command goes through."""
    path = [Status.PENDING]
    for event in happened:
        reached = after(path[-1], event)
        if reached is not None:
            path.append(reached)
    return path


@given(events)
def test_a_command_only_goes_on_and_never_back(happened: list[Event]) -> None:
    path = walk(happened)
    assert all(_ORDER[one] < _ORDER[next_] for one, next_ in pairwise(path))


@given(events, events)
def test_what_ended_stays_as_it_ended(happened: list[Event], later: list[Event]) -> None:
    reached = walk(happened)[-1]
    if reached in ENDED:
        assert all(after(reached, event) is None for event in later)


@given(events)
def test_it_is_started_once_and_what_was_started_is_neither_cancelled_nor_expired(happened: list[Event]) -> None:
    path = walk(happened)
    assert path.count(Status.STARTED) <= 1
    if Status.STARTED in path:
        assert path[-1] not in {Status.CANCELLED, Status.EXPIRED}


def test_every_status_is_open_started_or_ended_and_can_be_reached() -> None:
    assert OPEN | {Status.STARTED} | ENDED == set(Status)
    assert {Status.PENDING} | {way.after for way in WAYS.values()} == set(Status)
    assert set(WAYS) == set(Event)


def test_nothing_happens_to_a_status_that_is_not_known() -> None:
    assert {after("else", event) for event in Event} == {None}


@pytest.mark.parametrize(
    ("status", "event"), [("started", Event.START), ("failed", Event.GIVE_UP), ("done", None), ("", None)]
)
def test_acknowledgements(status: str, event: Event | None) -> None:
    assert of_acknowledgement(status) == event


@pytest.mark.parametrize(
    ("kind", "step", "exit_code", "event"),
    [
        ("rerun", "refused", None, Event.REFUSE),
        ("stop", "refused", None, Event.REFUSE),
        ("rerun", "ended", 0, Event.SUCCEED),
        ("rerun", "ended", 75, Event.SUCCEED),
        ("rerun", "ended", 1, Event.FAIL),
        ("rerun", "ended", -9, Event.FAIL),
        ("rerun", "ended", None, Event.FAIL),
        ("stop", "ended", None, Event.SUCCEED),
        ("stop", "ended", 137, Event.SUCCEED),
        ("inspect", "inspected", None, Event.SUCCEED),
        ("rerun", "inspected", None, None),
    ],
)
def test_reports(kind: str, step: str, exit_code: int | None, event: Event | None) -> None:
    assert of_report(kind, step, exit_code) == event


@given(st.sampled_from([Step.QUEUED, Step.SPAWNED, Step.SIGTERM, Step.SIGKILL, Step.NOTE]), st.integers() | st.none())
def test_what_is_only_told_changes_nothing(step: Step, exit_code: int | None) -> None:
    assert of_report("rerun", step, exit_code) is None
