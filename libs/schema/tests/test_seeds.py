"""The number under which settings are kept: the same for the same settings, however they were written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_schema.seeds import NO_SETTINGS, settings_of, without_seeds

NUMBERS = st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.sampled_from(["lr", "seed", "data_seed", "rng", "model", "random_state", "x"])
CONFIGS = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


def as_a_database_writes(value):
    """JSONB keeps decimal digits: what has no fraction comes back as an integer, unless a point was written."""
    if isinstance(value, float):
        text = json.dumps(value)
        plain = f"{value:f}" if "e" not in text else None
        return value if plain is not None or abs(value) < 1 else int(_digits(text))
    if isinstance(value, dict):
        return {name: as_a_database_writes(value[name]) for name in sorted(value, reverse=True)}
    return [as_a_database_writes(inner) for inner in value] if isinstance(value, list) else value


def _digits(text):
    mantissa, exponent = text.split("e")
    whole, _, fraction = mantissa.partition(".")
    return whole + fraction + "0" * (int(exponent) - len(fraction))


class TestKeys:
    @given(CONFIGS)
    def test_what_a_database_gives_back_has_the_same_key(self, config):
        assert settings_of({"config": as_a_database_writes(config)}).key == settings_of({"config": config}).key

    @given(CONFIGS, CONFIGS)
    def test_others_have_others(self, one, other):
        def text(config):
            return json.dumps(without_seeds(as_a_database_writes(config)) or {}, sort_keys=True)

        is_same = settings_of({"config": one}).key == settings_of({"config": other}).key
        assert is_same == (text(one) == text(other)) or -0.0 in (one, other) or "-0.0" in text(one) + text(other)

    @pytest.mark.parametrize("extra", [None, {}, {"config": None}, {"config": {}}, {"config": {"seed": 1}}, "odd"])
    def test_nothing_is_nothing(self, extra):
        assert settings_of(extra) == (NO_SETTINGS, None)

    def test_it_stays_what_it_is(self):
        """Rows hold it: another way of computing it needs a migration."""
        extra = {"config": {"lr": 1e-3, "seed": 3, "layers": [64, 64.0, 1e22], "optimizer": {"name": "adam"}}}
        assert settings_of(extra).key == 886449914956546946
