"""Which jobs of a batch belong together, and what each group is called. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from argus_catalog.seeds import seed_key, without_seeds

SETTING = "config."
_LONGEST_VALUE = 60


class About(NamedTuple):
    """What a job is grouped by."""

    model: str | None
    dataset: str | None
    config: Mapping[str, Any] | None


def split(jobs: Sequence[About], by: str) -> dict[str, list[int]]:
    """By label, the places of the jobs of each group, in the order of their first.

    Args:
        jobs: all jobs of a batch.
        by: `all`; `seed`: model, dataset and configuration but for seeds; `model`; `dataset`; `config.` and the path of
            a setting.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, job in enumerate(jobs):
        groups.setdefault(_key(job, by), []).append(place)
    if by != "seed":
        return {_label(key, by): places for key, places in groups.items()}
    return _seed_labels(jobs, groups)


def _key(job: About, by: str) -> tuple[str, ...]:
    if by == "all":
        return ()
    if by == "seed":
        return (job.model or "", job.dataset or "", seed_key(job.config))
    if by.startswith(SETTING):
        return (_text(_at(job.config, by.removeprefix(SETTING).split("."))),)
    return ((job.model if by == "model" else job.dataset) or "",)


def _label(key: tuple[str, ...], by: str) -> str:
    if not key:
        return ""
    return f"{by.removeprefix(SETTING)}={key[0]}" if by.startswith(SETTING) else key[0]


def _seed_labels(jobs: Sequence[About], groups: Mapping[tuple[str, ...], list[int]]) -> dict[str, list[int]]:
    """What groups differ by: of model, dataset and settings. Where nothing does, model and dataset."""
    settings = {key: dict(_flat("", without_seeds(jobs[places[0]].config))) for key, places in groups.items()}
    names = sorted({name for own in settings.values() for name in own})
    telling = [name for name in names if len({own.get(name) for own in settings.values()}) > 1]
    parts = [part for part in (0, 1) if len({key[part] for key in groups}) > 1]
    found: dict[str, list[int]] = {}
    for key, places in groups.items():
        own = settings[key]
        told = [f"{name}={own[name]}" for name in telling if name in own]
        named = [key[part] for part in parts if key[part]]
        label = " · ".join([*named, *told] or [part for part in key[:2] if part])
        # Values that were cut short may look alike.
        found[label if label not in found else f"{label} ({len(found) + 1})"] = places
    return found


def _at(config: Any, path: Sequence[str]) -> Any:
    """A setting by its path, or by its whole name where that has dots in it."""
    if isinstance(config, Mapping) and ".".join(path) in config:
        return config[".".join(path)]
    for name in path:
        if not isinstance(config, Mapping) or name not in config:
            return None
        config = config[name]
    return config


def _flat(path: str, config: Any) -> Iterator[tuple[str, str]]:
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield from _flat(f"{path}.{name}" if path else str(name), value)
    elif config is not None:
        yield path, _text(config)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
