"""A configuration, from whatever the training keeps it in: always JSON, never an exception, no secrets."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import pathlib
import subprocess
import sys
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any, NamedTuple

import attrs
import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from argus._config import CUT, as_config, config_digest

WANTED = {"lr": 0.1, "model": {"depth": 3}}


@dataclasses.dataclass
class Model:
    depth: int = 3


@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    model: Model = dataclasses.field(default_factory=Model)


@attrs.define
class AttrsModel:
    depth: int = 3


@attrs.define
class AttrsSettings:
    lr: float = 0.1
    model: AttrsModel = attrs.Factory(AttrsModel)


class PydanticModel(pydantic.BaseModel):
    depth: int = 3


class PydanticSettings(pydantic.BaseModel):
    lr: float = 0.1
    model: PydanticModel = PydanticModel()


class TupleModel(NamedTuple):
    depth: Any


class WithToDict:
    def to_dict(self):
        return {"lr": 0.1, "model": OrderedDict(depth=3)}


class Plain:
    lr = 0.1
    _hidden = 1

    def __init__(self):
        self.model = {"depth": 3}

    def method(self):
        pass


class OnlyAClass(Plain):
    model = {"depth": 3}


@pytest.mark.parametrize(
    "config",
    [
        WANTED,
        argparse.Namespace(lr=0.1, model={"depth": 3}),
        SimpleNamespace(lr=0.1, model=Model()),
        Settings(),
        AttrsSettings(),
        PydanticSettings(),
        OmegaConf.create(WANTED),
        OmegaConf.structured(Settings),
        WithToDict(),
        Plain(),
        OnlyAClass,
        {"lr": np.float64(0.1), "model": TupleModel(np.int32(3))},
    ],
    ids=lambda config: type(config).__name__,
)
def test_every_kind_of_configuration_becomes_the_same_dict(config):
    assert as_config(config) == WANTED


class TestValues:
    def test_omegaconf_is_resolved_and_what_leads_nowhere_stays_as_written(self):
        assert as_config(OmegaConf.create({"a": 1, "b": "${a}", "c": ["${a}"], "d": "???"})) == {
            "a": 1, "b": 1, "c": [1], "d": "???",
        }  # fmt: skip
        assert as_config(OmegaConf.create({"b": "${nowhere}"})) == {"b": "${nowhere}"}
        assert as_config({"steps": OmegaConf.create([1, 2])}) == {"steps": [1, 2]}

    def test_enums_paths_sets_and_functions_become_texts_that_are_the_same_in_the_next_run(self):
        colour = enum.Enum("Colour", {"RED": 1})
        mode = enum.Enum("Mode", {"FAST": "fast"}, type=str)
        found = as_config(
            {
                "colour": colour.RED,
                "mode": mode.FAST,
                "path": pathlib.Path("a/b"),
                "set": {3, 1, 2},
                "tuple": (1, (2,)),
                "function": json.dumps,
                "class": Model,
                "object": object(),
                "bytes": b"abc",
            }
        )
        assert found == {
            "colour": "RED", "mode": "fast", "path": "a/b", "set": [1, 2, 3], "tuple": [1, [2]],
            "function": "json.dumps", "class": f"{Model.__module__}.Model", "object": "<object object>",
            "bytes": "3 bytes",
        }  # fmt: skip

    def test_numbers_that_json_lacks_are_spelled(self):
        found = as_config({"a": float("nan"), "b": float("-inf"), "c": 2**80, "d": np.float32("inf"), "e": True})
        assert found == {"a": "NaN", "b": "-Infinity", "c": str(2**80), "d": "Infinity", "e": True}

    def test_short_arrays_are_numbers_and_long_ones_their_shape(self):
        found = as_config({"mean": np.array([0.5, 0.25]), "data": np.zeros((100, 3), np.float32)})
        assert found == {"mean": [0.5, 0.25], "data": "ndarray float32 (100, 3)"}

    def test_an_array_on_a_device_is_not_fetched_from_it(self):
        class OnDevice:
            shape = (2,)
            dtype = "float32"
            device = "cuda:0"

            def tolist(self):
                raise AssertionError("a copy from the device waits for the training")

        class OnTheHost(OnDevice):
            device = "TFRT_CPU_0"

            def tolist(self):
                return [1.0, 2.0]

        assert as_config({"a": OnDevice(), "b": OnTheHost()}) == {"a": "OnDevice float32 (2,)", "b": [1.0, 2.0]}

    def test_flags_of_absl_are_their_values(self):
        class FlagValues:
            def flag_values_dict(self):
                return {"lr": 0.1}

        assert as_config(FlagValues()) == {"lr": 0.1}

    def test_keys_that_are_no_texts_are_kept_apart(self):
        assert as_config({1: "a", "1": "b", None: "c", (1, 2): "d"}) == {
            "1": "a",
            "1'": "b",
            "None": "c",
            "[1, 2]": "d",
        }

    def test_what_is_no_mapping_is_a_value(self):
        assert as_config([1, 2]) == {"value": [1, 2]}
        assert as_config("configs/a.yaml") == {"value": "configs/a.yaml"}
        assert as_config(None) == {}


class TestLimits:
    def test_a_cycle_ends_where_it_closes(self):
        config: dict[str, Any] = {"a": 1}
        config["self"] = config
        assert as_config(config) == {"a": 1, "self": f"{CUT} the same dict again", CUT: 1}

    def test_too_deep_too_long_and_too_many_say_what_was_cut(self):
        deep: Any = 1
        for _ in range(40):
            deep = [deep]
        found = as_config({"list": list(range(5000)), "text": "x" * 5000, "deep": deep})
        assert found["list"][-1] == f"{CUT} 4000 more"
        assert found["text"] == "x" * 4096 + f"{CUT} 904 more"
        assert f"{CUT} a list too deep" in json.dumps(found["deep"], ensure_ascii=False)
        assert found[CUT] == 4002
        many = as_config({str(number): {"a": 1} for number in range(10_000)})
        assert len(many) < 5000
        assert many[CUT] >= 5000

    def test_the_whole_has_a_size(self):
        assert len(json.dumps(as_config({str(number): "y" * 4000 for number in range(4000)}))) < 600_000

    def test_an_object_that_cannot_be_read_costs_only_itself(self):
        class Broken:
            def __getattr__(self, name):
                raise RuntimeError(name)

            def __str__(self):
                raise ValueError

        class BrokenDict(dict):
            def items(self):
                raise KeyError

        found = as_config({"a": 1, "broken": Broken(), "dict": BrokenDict(), "b": 2})
        assert (found["a"], found["b"]) == (1, 2)
        assert found["dict"] == f"{CUT} unreadable: KeyError"
        assert isinstance(as_config(Broken()), dict)


class TestSecrets:
    def test_values_are_masked_by_their_keys_at_any_depth(self):
        found = as_config(
            {
                "db": {"password": "hunter2", "port": 5432},
                "wandb_api_key": "x",
                "token": "0123456789",
                "credentials": {"user": "u", "pin": 1},
                "hf": "hf_" + "a" * 30,
                "url": "postgres://u:p@db/x",
            }
        )
        assert found == {
            "db": {"password": "***", "port": 5432}, "wandb_api_key": "***", "token": "***", "credentials": "***",
            "hf": "***", "url": "postgres://***@db/x",
        }  # fmt: skip

    def test_names_that_only_sound_like_secrets_stay(self):
        config = {
            "tokenizer": "gpt2-large", "max_tokens": 512, "num_key_value_heads": 8, "pad_token": "<|endoftext|>",
            "sort_key": "timestamp_of_it", "token": 7, "author": "somebody", "use_auth_token": False, "session": 3,
            "key": "observation.image",
        }  # fmt: skip
        assert as_config(config) == config


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(object),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers() | st.none() | st.floats(), inner)
        | st.tuples(inner)
        | st.builds(lambda value: SimpleNamespace(x=value), inner)
    ),
    max_leaves=30,
)


@settings(deadline=None)
@given(JUNK)
def test_anything_becomes_json_and_stays_what_it_is_the_second_time(value):
    found = as_config(value)
    text = json.dumps(found, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert as_config(json.loads(text)) == {**found}
    assert config_digest(found) == config_digest(as_config(value))


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers() | st.text(max_size=5)))
def test_the_digest_does_not_depend_on_the_order_of_keys(config):
    backwards = dict(reversed(list(config.items())))
    assert config_digest(as_config(config)) == config_digest(as_config(backwards)) or len(as_config(config)) != len(
        config
    )


def test_equal_configurations_share_a_digest_and_others_do_not():
    assert config_digest({"a": 1, "b": 2}) == config_digest({"b": 2, "a": 1})
    assert config_digest({"a": 1}) != config_digest({"a": 2})
    assert config_digest({}) is None


def test_no_library_is_imported_for_a_plain_configuration():
    code = (
        "import sys; from argus._config import as_config; as_config({'a': [1, 'x']});"
        "print(sorted({'omegaconf', 'numpy', 'pydantic', 'json', 'dataclasses'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
