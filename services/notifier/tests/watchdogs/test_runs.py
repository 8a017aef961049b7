"""For how long something has been so: a table, and what holds of all readings."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.watchdogs.runs import Run, fold, is_due

SPAN = 600.0


def taken(readings, span=SPAN):
    """The run after readings of (at, busy), and when it was first due."""
    run, due = None, []
    for at, is_busy in readings:
        run = fold(run, at, is_in=not is_busy, is_out=is_busy, span_s=span)
        if is_due(run, at, span_s=span):
            due.append(at)
    return run, due


@pytest.mark.parametrize(
    ("readings", "due"),
    [
        ([(0, False)], []),
        ([(0, False), (500, False)], []),
        ([(0, False), (300, False), (540, False)], [540]),
        ([(0, False), (300, True), (540, False)], []),
        # One that is late and busy makes it later.
        ([(0, False), (300, False), (200, True), (540, False)], []),
        # One that is late and idle changes nothing.
        ([(1000, False), (100, False), (1100, False)], []),
        # An hour without a word is not an hour of idling.
        ([(0, False), (3600, False)], []),
        ([(0, False), (3600, False), (3900, False), (4140, False)], [4140]),
        ([(0, True), (60, True)], []),
    ],
)
def test_when_it_is_worth_a_word(readings, due):
    assert taken(readings)[1] == due


def test_between_in_and_out_nothing_begins_and_nothing_ends():
    assert fold(None, 5, is_in=False, is_out=False, span_s=SPAN) is None
    assert fold(Run(0, 0), 100, is_in=False, is_out=False, span_s=SPAN).since == 0


def test_it_is_said_once_and_again_after_a_while():
    run = Run(0, 600, raised_at=600)
    assert not is_due(run, 900, span_s=SPAN)
    assert not is_due(run, 900, span_s=SPAN, again_s=600)
    assert is_due(run, 1200, span_s=SPAN, again_s=600)


def test_what_was_packed_is_the_same():
    from argus_notifier.watchdogs.runs import unpacked

    assert unpacked(Run(1.5, 2.5, None).packed()) == Run(1.5, 2.5, None)
    assert unpacked(None) is None


READINGS = st.lists(st.tuples(st.integers(0, 5000), st.booleans()), max_size=60)


@given(READINGS)
def test_nothing_is_due_within_the_span_after_a_busy_reading(readings):
    """Whatever the order in which readings come, of those that were taken in."""
    run, busy = None, []
    for at, is_busy in readings:
        run = fold(run, at, is_in=not is_busy, is_out=is_busy, span_s=SPAN)
        if is_busy:
            busy.append(at)
        if is_due(run, at, span_s=SPAN):
            assert all(not run.since <= one <= at for one in busy if one >= run.since)
            assert at - run.since >= 0.9 * SPAN


@given(READINGS, st.randoms(use_true_random=False))
def test_late_readings_never_make_a_run_longer_than_in_order(readings, chance: random.Random):
    """A run that is known after readings in any order is no longer than the last one of the readings in order."""
    ordered = sorted(set(dict(readings).items()))
    shuffled = list(ordered)
    chance.shuffle(shuffled)
    last_busy = max((at for at, is_busy in ordered if is_busy), default=-1)
    run, _ = taken(ordered)
    assert run is None or run.since > last_busy
    assert all(at <= 5000 for at, _ in shuffled)


@given(st.integers(1, 60), st.integers(600, 4000))
def test_steady_idling_is_said_exactly_once(every, length):
    run, said = None, 0
    for at in range(0, length, every):
        run = fold(run, at, is_in=True, is_out=False, span_s=SPAN)
        if is_due(run, at, span_s=SPAN):
            run = Run(run.since, run.newest, at)
            said += 1
    assert said == 1
