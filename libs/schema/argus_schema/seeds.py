"""Which settings are seeds, what a configuration is without them, and the number under which that is kept. Pure.

`job.settings_key` is this number. Jobs that differ by their seeds alone have the same; whoever writes a job's
configuration writes it, and the rest of the settings into `configuration`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NamedTuple

# The key of no settings at all.
NO_SETTINGS: Final = 0

_SEEDS: Final = frozenset({"random_state", "rng", "seeds"})
# From here on databases write a float without an exponent, and it comes back as an integer.
_WRITTEN_OUT: Final = 1e16


class Settings(NamedTuple):
    """What a job was run with, but for its seeds; `body` is None where there is nothing."""

    key: int
    body: Any


def is_seed(name: str) -> bool:
    """Whether a setting of this name is a seed: seed, random_seed, train.seed, dataSeed, random_state."""
    lowered = name.lower()
    return lowered.endswith(("seed", ".random_state")) or lowered in _SEEDS


def without_seeds(config: Any) -> Any:
    """A configuration without its seeds, at any depth."""
    if isinstance(config, dict):
        return {name: without_seeds(value) for name, value in config.items() if not is_seed(name)}
    if isinstance(config, list):
        return [without_seeds(value) for value in config]
    return config


def settings_of(extra: Any) -> Settings:
    """The settings of a job, from what its start told (`job.extra`).

    The key is the same whatever the order of the names, and for what was sent as for what a database gives back.
    """
    config = extra.get("config") if isinstance(extra, Mapping) else None
    body = without_seeds(config) if config else None
    if not body:
        return Settings(NO_SETTINGS, None)
    text = json.dumps(_same(body), sort_keys=True, default=str)
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
    return Settings(number or 1, body)


def _same(value: Any) -> Any:
    kind = value.__class__
    if kind is float:
        return _same_number(value)
    if kind is dict:
        return {name: _same(inner) for name, inner in value.items()}
    if kind is list:
        return [_same(inner) for inner in value]
    return value


def _same_number(value: float) -> float | int:
    """A number as it is after a database kept it: 1e22 is an integer there, and zero has no sign."""
    if not value:
        return 0.0
    return int(Decimal(repr(value))) if abs(value) >= _WRITTEN_OUT and isfinite(value) else value
