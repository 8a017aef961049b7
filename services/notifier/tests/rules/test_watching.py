"""When a rule has something to say."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from argus_notifier.rules.watching import Throttle, Watch, step, throttled

START = datetime(2026, 11, 26, 12, tzinfo=UTC)


def later(seconds):
    return START + timedelta(seconds=seconds)


class TestStep:
    def test_what_need_not_last_is_said_at_once_and_once(self):
        watch, fires = step(None, holds=True, at=START, for_s=0)
        assert fires
        assert step(watch, holds=True, at=later(60), for_s=0) == (watch, False)

    def test_what_must_last_is_said_when_it_did(self):
        watch, fires = step(None, holds=True, at=START, for_s=600)
        assert (watch, fires) == (Watch(START, later(600)), False)
        assert step(watch, holds=True, at=later(599), for_s=600) == (watch, False)
        said, fires = step(watch, holds=True, at=later(600), for_s=600)
        assert fires
        assert said == Watch(START, None)

    def test_what_ended_in_between_begins_anew(self):
        watch, _ = step(None, holds=True, at=START, for_s=600)
        assert step(watch, holds=False, at=later(300), for_s=600) == (None, False)
        again, fires = step(None, holds=True, at=later(400), for_s=600)
        assert (again.due_at, fires) == (later(1000), False)

    def test_each_sign_of_life_puts_silence_off(self):
        watch, _ = step(None, holds=True, at=START, for_s=1800, hears=True)
        watch, fires = step(watch, holds=True, at=later(1700), for_s=1800, hears=True)
        assert (watch.due_at, fires) == (later(3500), False)
        said, fires = step(watch, holds=True, at=later(3500), for_s=1800)
        assert fires
        # Heard of again after it was told: it may fall silent a second time.
        again, fires = step(said, holds=True, at=later(4000), for_s=1800, hears=True)
        assert (again.due_at, fires) == (later(5800), False)

    def test_steps_a_second_are_no_row_a_second(self):
        watch, _ = step(None, holds=True, at=START, for_s=1800, hears=True)
        assert step(watch, holds=True, at=later(20), for_s=1800, hears=True) == (watch, False)
        assert step(watch, holds=True, at=later(31), for_s=1800, hears=True)[0].since == later(31)

    @given(
        st.lists(st.tuples(st.booleans(), st.floats(0.001, 1000)), max_size=40),
        st.integers(0, 2000),
    )
    def test_it_speaks_once_for_each_time_that_it_held_long_enough(self, told, for_s):
        watch, at, held_since, spoke, expected = None, START, None, 0, 0
        is_said = False
        for holds, gap in told:
            at += timedelta(seconds=gap)
            if not holds:
                held_since, is_said = None, False
            else:
                held_since = held_since or at
                if not is_said and at >= held_since + timedelta(seconds=for_s):
                    expected, is_said = expected + 1, True
            watch, fires = step(watch, holds=holds, at=at, for_s=for_s)
            spoke += fires
        assert spoke == expected


class TestThrottle:
    def test_what_is_kept_back_is_counted(self):
        known, says = throttled(Throttle(), at=START, throttle_s=60)
        assert says
        known, says = throttled(known, at=later(30), throttle_s=60, count=3)
        assert (known.unsaid, says) == (3, False)
        assert throttled(known, at=later(60), throttle_s=60) == (Throttle(later(60), 0), True)

    @given(st.lists(st.floats(0, 500), max_size=40), st.integers(1, 600))
    def test_two_words_are_never_nearer_than_the_throttle(self, gaps, throttle_s):
        known, at, spoken = Throttle(), START, []
        for gap in gaps:
            at += timedelta(seconds=gap)
            known, says = throttled(known, at=at, throttle_s=throttle_s)
            spoken += [at] if says else []
        assert all(b - a >= timedelta(seconds=throttle_s) for a, b in pairwise(spoken))
