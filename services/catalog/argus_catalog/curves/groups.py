"""Curves of groups of jobs, over all members and all their points."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef
from argus_catalog.curves import loading, repository
from argus_catalog.curves.bands import Band, Buckets, Fold, fitting, spanning
from argus_catalog.curves.loading import Found, SeriesKey, Wish, computed
from argus_catalog.curves.reading import Window
from argus_catalog.curves.repository import JobHead, JobKey
from argus_catalog.curves.schemas import MOST_MEMBERS, MetricsQuery
from argus_catalog.curves.splitting import About, split
from argus_catalog.derivations.metrics import curve_order, direction
from argus_contracts.curves.rows import Curve
from argus_contracts.errors import ErrorCode
from argus_contracts.points import EPOCHS
from argus_kit.errors import ArgusError

# Points in memory at once, at 24 bytes each; groups with more are read in portions.
_AT_ONCE: Final = 2_000_000
# What one request may read: some seconds of work.
_MOST_READ: Final = 30_000_000
# So many wanted that every point is read as it is.
_EVERY_POINT: Final = 2**62


Members = dict[SeriesKey, list[tuple[JobHead, Curve]]]


class Group(NamedTuple):
    """A group whose members are known."""

    id: str
    label: str | None
    batch_id: str | None
    metrics: Sequence[str] | None
    members: Sequence[tuple[str, JobHead]]
    missing: Sequence[tuple[str, str]]


class Limits(NamedTuple):
    """What of the curves counts, and how many buckets there may be."""

    points: int
    window: Window
    kind: int | None


def batches_of(asked: MetricsQuery) -> set[str]:
    """The batches that a request names anywhere."""
    named = {one.batch_id for one in asked.series} | {one.batch_id for one in asked.split}
    return named | {member.batch_id for group in asked.groups for member in group.series}


async def bands(
    connection: AsyncConnection, batches: Mapping[str, BatchRef], asked: MetricsQuery, limits: Limits
) -> list[dict[str, Any]]:
    """The groups and splits that were asked for: see `schemas.GroupResult`.

    Raises:
        ArgusError: request.invalid, when there are too many members or points to be read at once.
    """
    found: list[Group | dict[str, Any]] = [*await _named(connection, batches, asked)]
    for wanted in asked.split:
        batch = batches.get(wanted.batch_id)
        if batch is None:
            found.append(_refused(wanted.batch_id))
        else:
            found += await _split(connection, batch, wanted.by, wanted.metrics)
    series = await _series_of(connection, [one for one in found if isinstance(one, Group)], limits)
    return [one if isinstance(one, dict) else _answer(one, next(series)) for one in found]


async def _named(connection: AsyncConnection, batches: Mapping[str, BatchRef], asked: MetricsQuery) -> list[Group]:
    wanted = {
        (batches[one.batch_id].batch_key, one.job_id)
        for g in asked.groups
        for one in g.series
        if one.batch_id in batches
    }
    heads = await repository.heads(connection, wanted)
    found = []
    for group in asked.groups:
        members, missing = [], []
        # A job that is named twice counts once.
        for batch_id, job_id in dict.fromkeys((one.batch_id, one.job_id) for one in group.series):
            batch = batches.get(batch_id)
            head = heads.get((batch.batch_key, job_id)) if batch else None
            if head is None:
                missing.append((batch_id, job_id))
            else:
                members.append((batch_id, head))
        found.append(Group(group.id, None, None, group.metrics, members, missing))
    return found


async def _split(connection: AsyncConnection, batch: BatchRef, by: str, metrics: Sequence[str] | None) -> list[Group]:
    heads = await repository.heads_of_batch(connection, batch.batch_key)
    if len(heads) > MOST_MEMBERS:
        message = f"{batch.id} has {len(heads)} jobs; at most {MOST_MEMBERS} can be put together."
        raise ArgusError(ErrorCode.REQUEST_INVALID, message)
    configs = await repository.configs(connection, batch.batch_key) if by not in {"all", "model", "dataset"} else {}
    about = [About(head.model, head.dataset, configs.get(head.job_no)) for head in heads]
    return [
        Group(f"{by}:{label}", label, batch.id, metrics, [(batch.id, heads[place]) for place in places], ())
        for label, places in split(about, by).items()
    ]


async def _series_of(
    connection: AsyncConnection, groups: Sequence[Group], limits: Limits
) -> Iterator[list[dict[str, Any]]]:
    """The bands of each group. All are read together, unless that is too much at once."""
    heads = {head.key: head for group in groups for _, head in group.members}
    names = _names(groups)
    stats = await repository.column_stats(connection, list(heads), names)
    counts = {key: sum(known.n for parts in some.values() for known in parts.values()) for key, some in stats.items()}
    total = sum(counts.values())
    if total > _MOST_READ:
        message = f"The members have {total} points; at most {_MOST_READ} at once. Ask for fewer metrics or jobs."
        raise ArgusError(ErrorCode.REQUEST_INVALID, message)
    if total > _AT_ONCE:
        return iter([await _in_portions(connection, group, counts, limits) for group in groups])
    wish = Wish(names, _EVERY_POINT, limits.window, limits.kind)
    found = await loading.curves(connection, list(heads.values()), wish)

    def build() -> list[list[dict[str, Any]]]:
        answers = []
        for group in groups:
            folds = _Folds(len(group.members), limits.points)
            folds.take(_by_series(group, [head for _, head in group.members], found))
            answers.append(folds.answers())
        return answers

    n_points = sum(len(drawn.curve.steps) for some in found.values() for drawn in some.values())
    return iter(await computed(n_points, build))


async def _in_portions(
    connection: AsyncConnection, group: Group, counts: Mapping[JobKey, int], limits: Limits
) -> list[dict[str, Any]]:
    """One group's bands, with no more than a portion of its points in memory."""
    heads = [head for _, head in group.members]
    wish = Wish(group.metrics, _EVERY_POINT, limits.window, limits.kind)
    folds = _Folds(len(heads), limits.points)
    if sum(counts.get(head.key, 0) for head in heads) > _AT_ONCE:
        folds.buckets = await _outer(connection, heads, limits)
    for portion in _portions(heads, counts):
        by_series = _by_series(group, portion, await loading.curves(connection, portion, wish))
        await asyncio.to_thread(folds.take, by_series)
    return await asyncio.to_thread(folds.answers)


def _names(groups: Sequence[Group]) -> list[str] | None:
    names: set[str] = set()
    for group in groups:
        if group.metrics is None:
            return None
        names.update(group.metrics)
    return sorted(names)


def _by_series(group: Group, heads: Sequence[JobHead], found: Mapping[JobKey, Found]) -> Members:
    members: Members = defaultdict(list)
    for head in heads:
        for key, drawn in found[head.key].items():
            if len(drawn.curve.steps) and (group.metrics is None or key[1] in group.metrics):
                members[key].append((head, drawn.curve))
    return members


class _Folds:
    """A fold for each curve of a group. Buckets are of all members' points, or were told before."""

    def __init__(self, n_members: int, points: int) -> None:
        self._n_members, self._points = n_members, points
        self.buckets: dict[int, Buckets] | None = None
        self._open: dict[SeriesKey, Fold] = {}
        self._members: dict[SeriesKey, int] = defaultdict(int)
        self._n_points: dict[SeriesKey, int] = defaultdict(int)

    def take(self, found: Members) -> None:
        for key, members in found.items():
            fold = self._open.get(key)
            if fold is None:
                told = self.buckets and self.buckets[key[0]]
                buckets = told or fitting([curve for _, curve in members], self._points)
                fold = self._open[key] = Fold(buckets, self._n_members if told else len(members))
            for head, curve in members:
                fold.add(curve, head.start_time.timestamp() if head.start_time else float(curve.times[0]))
                self._n_points[key] += len(curve.steps)
            self._members[key] += len(members)

    def answers(self) -> list[dict[str, Any]]:
        chosen: dict[str, int] = {}
        for kind, name in self._open:
            chosen[name] = min(kind, chosen.get(name, kind))  # EPOCHS is the lower kind.
        return [
            _series(name, kind, self._open[kind, name].band(), self._members[kind, name], self._n_points[kind, name])
            for name, kind in sorted(chosen.items(), key=lambda item: curve_order(item[0]))
        ]


async def _outer(connection: AsyncConnection, heads: Sequence[JobHead], limits: Limits) -> dict[int, Buckets]:
    """Equal buckets over all that is stored of these jobs: where there is too much of it to be held at once."""
    ends = await repository.ends(connection, [head.key for head in heads])
    window = limits.window
    found = {}
    for kind, (first, last) in ends.items():
        low = first if window.from_step is None else max(first, window.from_step)
        high = last if window.to_step is None else min(last, window.to_step)
        found[kind] = spanning(low, max(low, high), len(heads), limits.points)
    return found


def _portions(heads: Sequence[JobHead], counts: Mapping[JobKey, int]) -> Iterator[list[JobHead]]:
    portion: list[JobHead] = []
    size = 0
    for head in heads:
        if portion and size + counts.get(head.key, 0) > _AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(head)
        size += counts.get(head.key, 0)
    if portion:
        yield portion


def _series(name: str, kind: int, band: Band, n_members: int, n_points: int) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "epoch" if kind == EPOCHS else "step",
        "direction": direction(name),
        "n_members": n_members,
        "n_points": n_points,
        **{column: values.tolist() for column, values in band._asdict().items()},
    }


def _answer(group: Group, series: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": group.id,
        "label": group.label,
        "batch_id": group.batch_id,
        "error": None,
        "members": [{"batch_id": batch_id, "job_id": head.job_id} for batch_id, head in group.members],
        "missing": [{"batch_id": batch_id, "job_id": job_id} for batch_id, job_id in group.missing],
        "series": series,
    }


def _refused(batch_id: str) -> dict[str, Any]:
    code = ErrorCode.BATCH_NOT_FOUND
    error = {"code": code, "message": code.message}
    return {
        "id": batch_id,
        "label": None,
        "batch_id": batch_id,
        "error": error,
        "members": [],
        "missing": [],
        "series": [],
    }
