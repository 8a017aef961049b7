import math
import random
from collections import OrderedDict

import numpy as np
import pytest

from argus_catalog.studies.importance import service
from argus_catalog.studies.importance.design import MOST_CELLS, design
from argus_catalog.studies.importance.fanova import shares
from argus_catalog.studies.importance.service import FEWEST_TRIALS, MOST_PARAMETERS, compute
from argus_catalog.studies.importance.trials import Trial, kind_of
from argus_kit.clock import now


def tried(value_of, n=200, seed=5, **spaces):
    """Trials at random places: `spaces` say how each parameter is drawn; what draws None is left out."""
    chance = random.Random(seed)
    found = []
    for _ in range(n):
        drawn = {name: draw(chance) for name, draw in spaces.items()}
        params = {name: value for name, value in drawn.items() if value is not None}
        found.append(Trial(params, float(value_of(params))))
    return found


def unit(chance):
    return chance.random()


def decades(chance):
    return 10 ** chance.uniform(-5, -1)


def importances(trials):
    return {row.name: row.importance for row in compute(trials).parameters}


class TestKnownFunctions:
    def test_each_parameter_weighs_what_its_variance_is(self):
        # The variance of 10a is 100 times, of 3b 9 times, that of b and c: 100/110, 9/110, 1/110.
        found = importances(tried(lambda p: 10 * p["a"] + 3 * p["b"] + p["c"], n=400, a=unit, b=unit, c=unit))
        assert found["a"] == pytest.approx(100 / 110, abs=0.03)
        assert found["b"] == pytest.approx(9 / 110, abs=0.03)
        assert found["c"] < 0.02

    def test_what_does_nothing_weighs_nothing(self):
        found = importances(tried(lambda p: 10 * p["a"] + p["b"], a=unit, b=unit, c=unit))
        assert next(iter(found)) == "a"
        assert found["a"] > 0.95
        assert found["c"] < 0.01

    def test_what_only_two_together_do_is_told_as_interaction(self):
        answer = compute(tried(lambda p: (p["a"] - 0.5) * (p["b"] - 0.5), n=400, a=unit, b=unit, c=unit))
        assert answer.interactions > 0.85
        assert answer.explained > 0.8
        found = {row.name: row.importance for row in answer.parameters}
        assert min(found["a"], found["b"]) > 5 * found["c"]

    def test_noise_is_not_explained(self):
        chance = random.Random(1)
        answer = compute(tried(lambda _: chance.gauss(0, 1), a=unit, b=unit))
        assert answer.explained < 0.1

    def test_the_size_of_the_values_changes_nothing(self):
        spaces = {"a": unit, "b": unit}
        plain = importances(tried(lambda p: 3 * p["a"] + p["b"], **spaces))
        moved = importances(tried(lambda p: 1e9 + 3 * p["a"] + p["b"], **spaces))
        scaled = importances(tried(lambda p: 1e-9 * (3 * p["a"] + p["b"]), **spaces))
        assert moved == pytest.approx(plain, abs=0.01)
        assert scaled == pytest.approx(plain, abs=0.01)

    def test_categories(self):
        worth = {"adam": 0.0, "sgd": 1.0, "rms": 5.0}
        spaces = {"opt": lambda c: c.choice([*worth]), "flag": lambda c: c.random() < 0.5, "a": unit}
        found = importances(tried(lambda p: worth[p["opt"]] + 0.1 * p["a"], **spaces))
        assert found["opt"] > 0.97
        assert found["flag"] < 0.01

    def test_a_parameter_over_decades_counts_by_its_logarithm(self):
        # Even in the logarithm: the whole range matters, and half of the trials lie below a hundredth of the largest.
        answer = compute(tried(lambda p: math.log10(p["lr"]) + 2 * p["a"], n=300, lr=decades, a=unit))
        found = {row.name: row for row in answer.parameters}
        assert (found["lr"].kind, found["a"].kind) == ("log", "number")
        # Variances: 16/12 of the logarithm, 4/12 of 2a.
        assert found["lr"].importance == pytest.approx(0.8, abs=0.05)

    def test_a_parameter_that_only_some_trials_have(self):
        trials = tried(
            lambda p: 4 * p["momentum"] if "momentum" in p else 0.0,
            n=300, momentum=lambda c: c.random() if c.random() < 0.5 else None, a=unit,
        )  # fmt: skip
        answer = compute(trials)
        assert answer.method == "argus-fanova"
        first, second = answer.parameters
        assert (first.name, second.name) == ("momentum", "a")
        assert first.importance > 0.97
        assert first.n_trials == sum("momentum" in trial.params for trial in trials) < 300

    def test_the_same_trials_weigh_the_same(self):
        trials = tried(lambda p: p["a"] ** 2 + p["b"], n=60, a=unit, b=unit)
        assert compute(trials) == compute(trials)

    def test_a_few_trials_find_what_matters_most(self):
        found = importances(tried(lambda p: 10 * p["a"], n=FEWEST_TRIALS + 5, a=unit, b=unit, c=unit))
        assert found["a"] > 0.8


class TestBounds:
    def test_too_few_say_so(self):
        assert compute(tried(lambda p: p["a"], n=FEWEST_TRIALS - 1, a=unit)).reason == "few_trials"

    def test_nothing_that_differs_says_so(self):
        assert compute(tried(lambda _: 1.0, n=20, seed=1, a=lambda _: 3)).reason == "no_parameters"
        assert compute(tried(lambda _: 1.0, n=20, a=unit)).reason == "same_value"

    def test_a_table_of_the_largest_size_and_odd_values(self):
        spaces = {f"p{i}": unit for i in range(MOST_PARAMETERS + 3)}
        spaces |= {"odd": lambda c: c.choice([None, [1], {"a": 1}, "x", True, 1, math.inf])}
        trials = tried(lambda p: p["p0"], n=120, **spaces)
        found = compute(trials).parameters
        assert len(found) == MOST_PARAMETERS
        assert found[0].name == "p0"
        assert sum(row.importance for row in found) == pytest.approx(1)


class TestDesign:
    def test_the_weights_of_even_numbers_are_even(self):
        (one,) = design([Trial({"n": n}, n) for n in (1, 2, 3, 4)], ["n"]).parameters
        assert one.weights == pytest.approx([0.25] * 4)

    def test_many_values_share_cells_and_all_are_placed(self):
        trials = tried(lambda p: p["a"], n=500, a=unit)
        table = design(trials, ["a"])
        assert len(table.parameters[0].weights) == MOST_CELLS
        assert table.parameters[0].weights.sum() == pytest.approx(1)
        assert set(table.codes[:, 0]) == set(range(MOST_CELLS))
        order = np.argsort([trial.params["a"] for trial in trials])
        assert (np.diff(table.codes[order, 0]) >= 0).all()

    def test_the_absent_come_first_and_weigh_their_share(self):
        table = design([Trial({"a": 1.0}, 0), Trial({"a": 2.0}, 0), Trial({}, 0), Trial({}, 0)], ["a"])
        assert table.parameters[0].weights == pytest.approx([0.5, 0.25, 0.25])
        assert table.codes[:, 0].tolist() == [1, 2, 0, 0]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([1, 2.5], "number"),
            ([True, False], "category"),
            ([1, "a"], "category"),
            ([1e-5, 1e-4, 1e-3, 1e-2], "log"),
            ([0.0, 1e-4, 1.0], "number"),
            ([0.001, *(0.1 * i for i in range(1, 10))], "number"),
            ([math.nan, 1.0], "category"),
            ([], "category"),
        ],
    )
    def test_what_kind_a_parameter_is(self, values, expected):
        assert kind_of(values) == expected

    def test_a_constant_column_weighs_nothing(self):
        found = shares(design([Trial({"a": i, "k": 7}, i) for i in range(20)], ["a", "k"]))
        assert found.means[1] == pytest.approx(0)


@pytest.fixture
async def study(world):
    """Forty trials of y = 10a + b over two batches, a failed one, a pruned one, and one that runs."""
    await world.batch("s1")
    await world.batch("s2")
    chance = random.Random(3)
    rows = [("done", {"score": None})] * 40 + [("failed", None), ("pruned", None), ("running", None)]
    for number, (status, metrics) in enumerate(rows):
        params = {"a": chance.random(), "b": chance.random(), "c": chance.choice(["x", "y"])}
        reached = {"score": 10 * params["a"] + params["b"], "seconds": 5 * params["b"]} if metrics else None
        label = {"study_name": "find/it", "trial_id": number, "params": params, "target_metric": "score"}
        ended = {} if status == "running" else {"end_time": now()}
        await world.job(
            f"s{number % 2 + 1}", f"t{number}", status=status, metrics=reached, extra={"optuna": label}, **ended
        )
    return world


PATH = "/api/studies/find/it/importance"


class TestRoute:
    async def test_the_parameters_of_a_study_the_most_important_first(self, study):
        found = await study.read(PATH)
        assert (found["study_name"], found["metric"], found["n_trials"]) == ("find/it", "score", 40)
        assert (found["method"], found["reason"]) == ("argus-fanova", None)
        assert found["parameters"][0]["name"] == "a"
        assert found["parameters"][0]["importance"] > 0.9
        assert 0 < found["explained"] <= 1

    async def test_of_any_metric(self, study):
        found = await study.read(PATH, metric="seconds")
        assert (found["metric"], found["parameters"][0]["name"]) == ("seconds", "b")
        none = await study.read(PATH, metric="no such")
        assert (none["reason"], none["n_trials"], none["parameters"]) == ("few_trials", 0, [])

    async def test_over_the_trials_that_one_sees(self, study):
        await study.person("bob")
        assert (await study.read(PATH, "bob"))["n_trials"] == 0
        await study.share("s1", "bob")
        assert (await study.read(PATH, "bob"))["n_trials"] == 20

    async def test_what_was_computed_is_kept_until_a_trial_comes(self, study, monkeypatch):
        monkeypatch.setattr(service, "_known", OrderedDict())
        first = await study.read(PATH)
        computed = []
        monkeypatch.setattr(service, "compute", lambda trials: computed.append(len(trials)) or compute(trials))
        assert await study.read(PATH) == first
        assert computed == []
        label = {"study_name": "find/it", "trial_id": 90, "params": {"a": 0.5, "b": 0.5, "c": "x"}}
        await study.job("s1", "new", status="done", metrics={"score": 5.5}, extra={"optuna": label}, end_time=now())
        assert (await study.read(PATH))["n_trials"] == 41
        assert computed == [41]
