"""What a project's card shows, put together from the sums of its holdings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope
from argus_catalog.batches.repository import recent_elapsed
from argus_catalog.derivations.metrics import Best, Direction, direction, judges
from argus_catalog.derivations.progress import SAMPLES, batch_eta_s
from argus_catalog.matrix.choice import decided, primary
from argus_catalog.project_settings.repository import all_settings
from argus_catalog.projects import holdings, repository
from argus_catalog.projects.repository import Row
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema.sums.terms import COUNTS

DAYS: Final = 7
TOP: Final = 3
_USUAL: Final = "MSE"
# Of a row of `holdings.totals`, what comes after project, owner and name.
_COUNTS: Final = slice(3, 3 + len(COUNTS))


@dataclass(slots=True)
class Project:
    """What a project comes to, for one person."""

    counts: Counter[str] = field(default_factory=Counter)
    owners: set[str] = field(default_factory=set)
    last_event_at: datetime | None = None
    eta_s: int | None = None
    top: list[Best] = field(default_factory=list)

    def heard(self, at: datetime | None) -> None:
        """Take a sign of life."""
        if at is not None and (self.last_event_at is None or at > self.last_event_at):
            self.last_event_at = at


async def projects(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None
) -> dict[str, Project]:
    """By name, the projects of which the caller sees a batch. Ten statements at most, however many there are."""
    found: dict[str, Project] = defaultdict(Project)
    rows = await holdings.totals(connection, actor, scope, only)
    for row in rows:
        project = found[row.project]
        for name, count in zip(COUNTS, row[_COUNTS], strict=True):
            project.counts[name] += int(count)
        project.owners.update([row.username] if row.username is not None else [])
        project.heard(None if row.is_stale else row.last_event_at)
    stale = [row for row in rows if row.is_stale]
    for name, at in (await holdings.last_events(connection, stale)).items():
        found[name].heard(at)
    for name, at in await repository.last_events(connection, actor, scope, only):
        if name in found:
            found[name].heard(at)
    if any(project.counts["n_pending"] for project in found.values()):
        await _pace(connection, found, await repository.paces(connection, actor, scope, only))
    for name, top in (await _tops(connection, actor, scope, only)).items():
        if name in found:
            found[name].top = top
    return dict(found)


async def _pace(
    connection: AsyncConnection, found: Mapping[str, Project], running: Sequence[tuple[int, str, int]]
) -> None:
    """The time that is left, from the last jobs of the batches that began last: ten are enough."""
    pending = {name: count for name, project in found.items() if (count := project.counts["n_pending"])}
    asked: dict[str, list[int]] = defaultdict(list)
    finished: Counter[str] = Counter()
    for key, name, n_done in running:
        if name in pending and finished[name] < SAMPLES:
            asked[name].append(key)
            finished[name] += n_done
    samples = await recent_elapsed(connection, [key for keys in asked.values() for key in keys])
    for name, count in pending.items():
        seen = [taken for key in asked[name] for taken in samples.get(key, [])][:SAMPLES]
        found[name].eta_s = batch_eta_s(count, seen)


class _Judge(NamedTuple):
    """The metric by which a project is told, and what is better in it."""

    metric: str
    toward: Direction


async def _tops(connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None) -> dict[str, list[Best]]:
    """By project, the best models in the metric by which it is told."""
    beside = await holdings.single_best(connection, actor, scope, only)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for project, name, count in await holdings.metric_names(connection, actor, scope, only):
        names[project][name] += count
    for project, _, _, name, _, _ in beside:
        names[project][name] += 1
    said = await all_settings(connection, only)
    found = {project: _judge(counted, said.get(project, {})) for project, counted in names.items()}
    judges_of = {project: judge for project, judge in found.items() if judge is not None}
    by_project: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for project, model, dataset, name, value in await _best(connection, actor, scope, only, judges_of):
        if value is not None:
            by_project[project].append((model, dataset, name, value))
    for project, model, dataset, name, low, high in beside:
        judge = judges_of.get(project)
        by_project[project].append((model, dataset, name, high if judge and judge.toward == "max" else low))
    return {project: _top(judge, by_project[project]) for project, judge in judges_of.items()}


async def _best(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None, judges_of: Mapping[str, _Judge]
) -> Sequence[Row]:
    if not judges_of:
        return []
    names = {judge.metric for judge in judges_of.values()}
    lowest = sorted(name for name in names if direction(name) == "min")
    turned = [(project, one.metric) for project, one in judges_of.items() if one.toward != direction(one.metric)]
    highest = sorted(names - set(lowest))
    return await holdings.best(connection, actor, scope, only, lowest=lowest, highest=highest, turned=turned)


def _judge(counted: Mapping[str, int], said: Mapping[str, Any]) -> _Judge | None:
    """What the project says, if any of its jobs has that metric, else what most of them have."""
    own = primary(said)
    name = own if own in counted else headline(counted)
    return None if name is None else _Judge(name, decided(name, said).direction)


def headline(counted: Mapping[str, int]) -> str | None:
    """The metric by which a project is told: MSE if anyone has it, else the most frequent that judges a model."""
    if _USUAL in counted:
        return _USUAL
    judging = {name: count for name, count in counted.items() if judges(name)}
    return min(judging, key=lambda name: (-judging[name], name), default=None)


def _top(judge: _Judge, rows: Sequence[tuple[Any, ...]]) -> list[Best]:
    is_max = judge.toward == "max"
    best: dict[tuple[str, str], float] = {}
    for model, dataset, name, value in rows:
        known = best.get((model, dataset))
        if name == judge.metric and (known is None or (value > known if is_max else value < known)):
            best[model, dataset] = value
    ranked = sorted(best.items(), key=lambda item: item[1], reverse=is_max)[:TOP]
    return [Best(model or None, dataset or None, judge.metric, value) for (model, dataset), value in ranked]


async def volumes(connection: AsyncConnection, actor: Actor, scope: Scope) -> dict[str, list[int]]:
    """By project, how many batches began on each of the last days (UTC), the oldest first."""
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=DAYS - 1)
    places = {(first + timedelta(days=place)).date().isoformat(): place for place in range(DAYS)}
    found: dict[str, list[int]] = defaultdict(lambda: [0] * DAYS)
    for project, day, count in await holdings.volumes(connection, actor, scope, min(places)):
        if day in places:
            found[project][places[day]] += int(count)
    for project, start in await repository.starts_since(connection, actor, scope, first):
        if (day := start.date().isoformat()) in places:
            found[project][places[day]] += 1
    return found
