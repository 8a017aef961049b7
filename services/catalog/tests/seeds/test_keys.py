import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_catalog.seeds import seed_key, seed_of, spread, without_seeds

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b"])
NAMES = st.sampled_from(["lr", "seed", "data_seed", "rng", "model", "random_state", "x"])
CONFIGS = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=4),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, max_size=2) | SCALARS, max_size=3),
    max_leaves=6,
)


class TestKeys:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ({"lr": 1, "seed": 0}, {"seed": 1, "lr": 1}, True),
            ({"lr": 1}, {"lr": 1, "train.seed": 4}, True),
            ({"a": {"lr": 1, "rng": 2}}, {"a": {"lr": 1}}, True),
            ({"lr": 1}, {"lr": 2}, False),
            ({"lr": 1}, {"lr": "1"}, False),
            (None, {}, True),
            (None, {"seed": 3}, True),
            ({"speed": 1}, {"speed": 2}, False),
        ],
    )
    def test_what_is_one_group(self, one, other, same):
        assert (seed_key(one) == seed_key(other)) is same

    @given(CONFIGS, st.integers(), st.randoms())
    def test_neither_order_nor_seeds_matter(self, config, seed, random):
        def shuffled(value):
            if isinstance(value, dict):
                items = [(name, shuffled(inner)) for name, inner in value.items()]
                random.shuffle(items)
                return dict(items)
            return [shuffled(inner) for inner in value] if isinstance(value, list) else value

        changed = shuffled({**config, "extra_seed": seed})
        assert seed_key(changed) == seed_key(config)
        assert json.loads(seed_key(config)) == without_seeds(config)

    @pytest.mark.parametrize(
        ("config", "shown"),
        [
            ({"seed": 3}, "3"),
            ({"train": {"seed": "abc"}}, "abc"),
            ({"seed": 1, "data_seed": 1}, "1"),
            ({"seed": 1, "data": {"seed": 2}}, "data.seed=2, seed=1"),
            ({"lr": 1}, None),
            (None, None),
        ],
    )
    def test_the_seed_as_people_read_it(self, config, shown):
        assert seed_of(config) == shown


class TestSpread:
    @given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 6)), min_size=1, max_size=40))
    def test_it_is_numpys(self, values):
        got = spread(values)
        size = max(map(abs, values))
        assert got.n == len(values)
        assert got.mean == pytest.approx(float(np.mean(values)), rel=1e-9, abs=1e-9 * size)
        assert (got.min, got.max) == (min(values), max(values))
        if len(values) == 1:
            assert got.std is None
        else:
            assert got.std == pytest.approx(float(np.std(values, ddof=1)), rel=1e-9, abs=1e-9 * size)

    def test_of_nothing(self):
        got = spread([])
        assert (got.n, got.mean, got.std, got.min, got.max) == (0, None, None, None, None)
