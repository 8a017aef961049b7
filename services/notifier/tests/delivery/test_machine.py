"""Waits, circuits and shares, by tables and by properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.delivery.machine import (
    OPENS_AFTER,
    Again,
    Backoff,
    Circuit,
    Demand,
    Done,
    Failed,
    GivenUp,
    Refused,
    Sent,
    after,
    circuit_after,
    share,
    wait,
)

WELL = Circuit()
AT = datetime(2026, 1, 1, tzinfo=UTC)
BACKOFF = Backoff(first_s=10, longest_s=300, attempts=6, give_up_after_s=3600)

chances = st.floats(0, 1)
outcomes = st.one_of(
    st.builds(Sent),
    st.builds(Refused, st.just("no")),
    st.builds(Failed, st.just("away"), st.one_of(st.none(), st.floats(0, 1e6))),
)


class TestAfter:
    @pytest.mark.parametrize(
        ("outcome", "attempts", "age_s", "becomes"),
        [
            (Sent(), 1, 0, Done()),
            (Sent(), 99, 1e9, Done()),
            (Refused("no"), 1, 0, GivenUp()),
            (Failed("away"), 1, 0, Again(10)),
            (Failed("away"), 2, 0, Again(20)),
            (Failed("away"), 5, 0, Again(160)),
            (Failed("away"), 6, 0, GivenUp()),
            (Failed("away"), 1, 3595, GivenUp()),
            (Failed("busy", 60), 1, 0, Again(60)),
            (Failed("busy", 5), 1, 0, Again(10)),
            (Failed("busy", 1e6), 1, 0, Again(300)),
        ],
    )
    def test_table(self, outcome, attempts, age_s, becomes):
        assert after(outcome, BACKOFF, attempts=attempts, age_s=age_s, chance=1) == becomes

    @given(st.lists(chances, min_size=200, max_size=200))
    def test_a_delivery_ends_whatever_its_receiver_says(self, dice):
        age_s, attempts = 0.0, 0
        for chance in dice:
            attempts += 1
            step = after(Failed("away"), BACKOFF, attempts=attempts, age_s=age_s, chance=chance)
            if step == GivenUp():
                break
            age_s += step.wait_s
        assert attempts <= BACKOFF.attempts
        assert age_s <= BACKOFF.give_up_after_s

    @given(st.integers(1, 10_000), chances, chances)
    def test_a_wait_is_within_half_of_its_bound_and_never_beyond_the_longest(self, attempts, one, other):
        whole = wait(BACKOFF, attempts, 1)
        assert whole / 2 <= wait(BACKOFF, attempts, one) <= whole <= BACKOFF.longest_s
        assert wait(BACKOFF, attempts + 1, 1) >= whole
        assert (one < other) == (wait(BACKOFF, attempts, one) < wait(BACKOFF, attempts, other)) or abs(
            one - other
        ) < 1e-9


class TestCircuit:
    def _fail(self, times, circuit=WELL, at=AT):
        for _ in range(times):
            circuit = circuit_after(circuit, Failed("away"), at, chance=1)
        return circuit

    def test_it_opens_tries_one_and_closes(self):
        assert self._fail(OPENS_AFTER - 1).state(AT) == "closed"
        opened = self._fail(OPENS_AFTER)
        assert (opened.state(AT), opened.places(AT, 4)) == ("open", 0)
        later = opened.open_until
        assert (opened.state(later), opened.places(later, 4)) == ("half_open", 1)
        assert circuit_after(opened, Sent(), later, chance=1) == Circuit()

    def test_each_trial_that_fails_makes_the_rest_longer(self):
        circuit, at, rests = self._fail(OPENS_AFTER), AT, []
        for _ in range(12):
            rests.append((circuit.open_until - at).total_seconds())
            at = circuit.open_until
            circuit = circuit_after(circuit, Failed("away"), at, chance=1)
        assert rests[:4] == [15, 30, 60, 120]
        assert rests[-1] == 600

    def test_what_was_under_way_when_it_opened_makes_it_no_longer(self):
        opened = self._fail(OPENS_AFTER)
        assert self._fail(7, opened).open_until == opened.open_until

    def test_who_asks_for_a_pause_gets_it_at_once(self):
        asked = circuit_after(Circuit(), Failed("busy", 42), AT, chance=0)
        assert asked.open_until == AT + timedelta(seconds=42)

    @given(st.lists(st.tuples(outcomes, st.floats(0, 1000), chances), max_size=60))
    def test_it_is_never_open_for_longer_than_ten_minutes(self, history):
        circuit, at = Circuit(), AT
        for outcome, later_s, chance in history:
            at += timedelta(seconds=later_s)
            circuit = circuit_after(circuit, outcome, at, chance=chance)
            assert circuit.open_until is None or circuit.open_until - at <= timedelta(minutes=10)
            assert isinstance(outcome, Failed) or circuit == Circuit()


demands = st.lists(
    st.builds(
        Demand,
        receiver=st.text("abcdefgh", min_size=1, max_size=3),
        due=st.integers(0, 10_000),
        under_way=st.integers(0, 6),
        limit=st.integers(1, 6),
        circuit=st.sampled_from(
            [Circuit(), Circuit(2), Circuit(9, AT + timedelta(seconds=1)), Circuit(9, AT - timedelta(seconds=1))]
        ),
    ),
    max_size=30,
    unique_by=lambda demand: demand.receiver,
)


class TestShare:
    @given(demands, st.integers(0, 50))
    def test_it_keeps_to_every_bound_and_leaves_no_place_empty(self, found, free):
        taken = share(found, free, AT)
        room = {d.receiver: min(d.due, max(d.circuit.places(AT, d.limit) - d.under_way, 0)) for d in found}
        assert sum(taken.values()) == min(free, sum(room.values()))
        assert all(0 < count <= room[receiver] for receiver, count in taken.items())

    @given(demands, st.integers(0, 50))
    def test_nobody_gets_a_second_place_before_everybody_has_a_first(self, found, free):
        taken = share(found, free, AT)
        wanting = {d.receiver for d in found if min(d.due, d.circuit.places(AT, d.limit) - d.under_way) > 0}
        if any(count > 1 for count in taken.values()):
            assert set(taken) == wanting

    def test_a_long_queue_does_not_keep_another_waiting(self):
        found = [Demand("slow", 10_000, 0, 2), Demand("other", 1, 0, 2)]
        assert share(found, 3, AT) == {"slow": 2, "other": 1}
        assert share(found, 2, AT) == {"slow": 1, "other": 1}
