"""What to offer to whoever writes a query: fields, and the settings, metrics and values that the newest jobs have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.query import repository
from argus_catalog.query.batch_fields import BATCHES
from argus_catalog.query.schemas import KnownField, KnownFields
from argus_kit.actor import Actor
from argus_query.fields import JOBS, TAGS, Source
from argus_query.tree import Field
from argus_schema import ingest

job = ingest.job.c

# Enough to know what people are at now, few enough to be read with every page.
_SAMPLE: Final = 400
_MOST_NAMES: Final = 300
_MOST_VALUES: Final = 40
_LONGEST_VALUE: Final = 120
_DEEPEST: Final = 5
# What many jobs share; an id or an error is another for each.
_SHARED: Final = ("project", "status", "model", "dataset", "host", "user", "owner", "batch", "batch_name", "reason")
_OF_BATCHES: Final = {"batch": "id", "batch_name": "name"}

Names = dict[str, dict[str, None]]
"""Values by name, both in the order of their coming."""


async def known_fields(connection: AsyncConnection, actor: Actor, of: Literal["jobs", "batches"]) -> KnownFields:
    """The fields of jobs or batches, with what the newest jobs tell of them."""
    plain = [JOBS.plain[name].value for name in _SHARED]
    columns = [*plain, job.extra, job.metrics, job.latest]
    rows = await repository.newest(connection, actor, columns, _SAMPLE)
    shared: Names = {name: {} for name in _SHARED}
    config: Names = {}
    metrics: Names = {}
    latest: Names = {}
    for *values, extra, final, newest in rows:
        for name, value in zip(_SHARED, values, strict=True):
            _add(shared, name, value)
        told = extra if isinstance(extra, Mapping) else {}
        _add_all(shared, TAGS, told.get("tags"))
        for path, value in _leaves(told.get("config"), ()):
            _add(config, _name("config", path), value)
        for root, found, names in (("metrics", metrics, final), ("latest", latest, newest)):
            for name in names or ():
                _add(found, _name(root, (name,)), None)
    if of == "batches":
        listed = {_OF_BATCHES.get(name, name): values for name, values in shared.items()}
        return KnownFields(fields=[*_fixed(BATCHES, listed), *_open(metrics, "number")], sampled_jobs=len(rows))
    fields = [*_fixed(JOBS, shared), *_open(config, "any"), *_open(metrics, "any"), *_open(latest, "any")]
    return KnownFields(fields=fields, sampled_jobs=len(rows))


def _fixed(source: Source, values: Names) -> Iterator[KnownField]:
    for name, place in source.plain.items():
        yield KnownField(name=name, kind=place.kind, values=list(values.get(name, ())))
    if source.has_tags:
        yield KnownField(name=TAGS, kind="texts", values=list(values.get(TAGS, ())))


def _open(names: Names, kind: Literal["any", "number"]) -> Iterator[KnownField]:
    for name in sorted(names):
        yield KnownField(name=name, kind=kind, values=list(names[name]))


def _name(root: str, path: tuple[str, ...]) -> str:
    return str(Field((root, *path)))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and len(path) < _DEEPEST:
        for name, inner in value.items():
            # Names with these cannot be asked for.
            if not any(sign in name for sign in '"\\'):
                yield from _leaves(inner, (*path, name))
    elif path:
        yield path, value


def _add(names: Names, name: str, value: Any) -> None:
    if name not in names and len(names) >= _MOST_NAMES:
        return
    values = names.setdefault(name, {})
    if isinstance(value, str) and value and len(value) <= _LONGEST_VALUE and len(values) < _MOST_VALUES:
        values[value] = None


def _add_all(names: Names, name: str, values: Any) -> None:
    for value in values if isinstance(values, Iterable) and not isinstance(values, str) else ():
        _add(names, name, value)
