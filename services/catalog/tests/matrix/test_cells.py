"""Which jobs count, what they are together, which cell is best: by the vectors that the web app is held to as well."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_catalog.derivations.metrics import direction, known_direction
from argus_catalog.matrix.cells import Entry, best_group, cell, extremes, group, latest_cell, seed_groups

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "boards.json").read_text())


def entry(value, *, status="done", is_idle=False, config=None, no=0, more=()):
    return Entry("b", f"j{no}", "m", "d", status, is_idle, (value, *more), config, (1, no))


class TestVectors:
    @pytest.mark.parametrize("case", VECTORS["directions"], ids=lambda case: case["metric"])
    def test_directions(self, case):
        assert direction(case["metric"]) == case["direction"]
        assert (known_direction(case["metric"]) is not None) is case["is_sure"]

    @pytest.mark.parametrize("case", VECTORS["extremes"], ids=lambda case: case["name"])
    def test_extremes(self, case):
        groups = [None if one is None else group([entry(**one)]) for one in case["cells"]]
        assert extremes(groups, case["direction"]) == (case["best"], case["worst"])


VALUES = st.none() | st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
ENTRIES = st.lists(
    st.builds(
        entry,
        VALUES,
        status=st.sampled_from(["done", "done", "done", "failed", "running", "lost"]),
        is_idle=st.sampled_from([False, False, True]),
        config=st.builds(lambda lr, seed: {"lr": lr, "seed": seed}, st.integers(0, 2), st.integers(0, 9)),
        no=st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=30,
)


class TestGroups:
    @given(ENTRIES)
    def test_a_seed_groups_numbers_are_numpys_over_all_its_members(self, entries):
        groups = seed_groups(entries)
        assert sum(len(one.members) for one in groups) == len(entries)
        assert len({one.members[0].config["lr"] for one in groups}) == len(groups)
        for one in groups:
            able = [m.value for m in one.members if m.status == "done" and not m.is_idle and m.value is not None]
            values = able or [m.value for m in one.members if m.value is not None]
            assert (one.total.n, one.is_eligible) == (len(values), bool(able))
            if not values:
                assert one.total.mean is None
                continue
            size = max(map(abs, values))
            assert one.total.mean == pytest.approx(float(np.mean(values)), rel=1e-9, abs=1e-9 * size)
            if len(values) > 1:
                assert one.total.std == pytest.approx(float(np.std(values, ddof=1)), rel=1e-9, abs=1e-9 * size)

    @given(ENTRIES, st.sampled_from(["min", "max"]))
    def test_a_cell_shows_its_best_eligible_group(self, entries, toward):
        made = cell(entries, toward, by_seed=True)
        assert (made.n_jobs, sum(made.states.values())) == (len(entries), len(entries))
        means = [one.total.mean for one in seed_groups(entries) if one.is_eligible]
        if means:
            assert made.shown.total.mean == (max(means) if toward == "max" else min(means))
            assert made.shown.is_eligible

    @given(ENTRIES, st.sampled_from(["min", "max"]))
    def test_extremes_are_alone_and_beyond_all_others(self, entries, toward):
        groups = [group([one]) for one in entries]
        best, worst = extremes(groups, toward)
        values = [one.value for one in entries if one.is_eligible]
        sign = -1 if toward == "max" else 1
        for place, extreme in ((best, min), (worst, max)):
            if place is not None:
                assert entries[place].value == extreme(values, key=lambda value: sign * value)
                assert values.count(entries[place].value) == 1
        assert best is None or best != worst

    def test_of_equal_groups_the_larger_speaks(self):
        one, two = group([entry(1.0)]), group([entry(1.0), entry(1.0, no=1)])
        assert best_group([one, two], "min") is two
        assert best_group([two, one], "max") is two

    def test_a_single_lucky_failure_does_not_speak(self):
        failed, done = entry(0.0, status="failed"), entry(5.0, no=1)
        assert cell([failed, done], "min", by_seed=False).shown.members == [done]

    def test_without_numbers_the_last_speaks(self):
        first, last = entry(None, status="failed"), entry(None, status="running", no=1)
        assert cell([first, last], "min", by_seed=False).shown.members == [last]

    def test_a_batch_shows_the_last_job_in_the_order_of_its_list(self):
        better, last = entry(0.0), entry(5.0, no=1)
        made = latest_cell([better, last])
        assert (made.shown.members, made.n_jobs) == ([last], 2)

    def test_further_metrics_are_of_the_members_that_count(self):
        members = [entry(1.0, more=(10.0,)), entry(2.0, more=(30.0,), no=1), entry(9.0, more=(999.0,), status="failed")]
        other = group(members).spread_of(1)
        assert (other.n, other.mean) == (2, 20.0)
        assert math.isclose(other.std, float(np.std([10, 30], ddof=1)))
