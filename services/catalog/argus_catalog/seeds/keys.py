"""Which configurations belong together, and the seed of a job as people read it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from argus_schema.seeds import is_seed, without_seeds

SEED: Final = "seed"


def seed_key(config: Mapping[str, Any] | None) -> str:
    """A text that is the same for configurations that differ by their seeds alone, in whatever order they stand."""
    return json.dumps(without_seeds(config) or {}, sort_keys=True, default=str)


def seed_of(config: Any) -> str | None:
    """The seed of a job as text, for people: the only one, or each with its name. None where there is none."""
    found = list(_seeds("", config))
    if not found:
        return None
    values = {value for _, value in found}
    return values.pop() if len(values) == 1 else ", ".join(f"{name}={value}" for name, value in sorted(found))


def _seeds(path: str, config: Any) -> Iterator[tuple[str, str]]:
    if isinstance(config, Mapping):
        for name, value in config.items():
            if is_seed(str(name)):
                yield f"{path}{name}", value if isinstance(value, str) else json.dumps(value, default=str)
            else:
                yield from _seeds(f"{path}{name}.", value)
    elif isinstance(config, list):
        for place, value in enumerate(config):
            yield from _seeds(f"{path}{place}.", value)
