"""By which metric a board is made, and what is better in it.

What was asked for, else what the project says, else what the names tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import Direction, direction, judges, known_direction, metric_order
from argus_catalog.matrix import repository
from argus_catalog.matrix.repository import Where
from argus_catalog.matrix.schemas import BoardMetric, BoardMetrics

FALLBACK = "MSE"


class Choice(NamedTuple):
    """A metric and what is better in it; `is_sure`: somebody said so, or its name does."""

    metric: str
    direction: Direction
    is_sure: bool


async def choose(
    connection: AsyncConnection, project: str, where: Where | None, metric: str | None, toward: Direction | None
) -> Choice:
    """The metric that decides. Without one, and without `where` to look for one, MSE."""
    said = await repository.settings(connection, project)
    name = metric or primary(said)
    if name is None:
        name = FALLBACK if where is None else headline(await repository.metric_counts(connection, where)) or FALLBACK
    return decided(name, said, toward)


def decided(name: str, said: Mapping[str, Any], toward: Direction | None = None) -> Choice:
    """What is better in a metric: the caller's word, else the project's, else what the name tells."""
    is_projects = said.get("primary_metric") == name and said.get("direction") in {"min", "max"}
    word = toward or (said["direction"] if is_projects else known_direction(name))
    return Choice(name, word or direction(name), word is not None)


def headline(counts: Mapping[str, int]) -> str | None:
    """The metric that judges most jobs: MSE where there is one, else the most frequent, cost left aside.

    One whose name says what is better comes before one that does not, if half as many jobs have it.
    """
    if FALLBACK in counts:
        return FALLBACK
    judging = {name: n for name, n in counts.items() if judges(name)} or dict(counts)
    enough = max(judging.values(), default=0) / 2
    clear = {name: n for name, n in judging.items() if n >= enough and known_direction(name)} or judging
    return min(clear, key=lambda name: (-clear[name], metric_order(name)), default=None)


async def board_metrics(connection: AsyncConnection, project: str, where: Where) -> BoardMetrics:
    """The metrics of these jobs' final values."""
    said = await repository.settings(connection, project)
    counts = await repository.metric_counts(connection, where)
    shown = [_shown(decided(name, said), counts[name]) for name in sorted(counts, key=metric_order)]
    own = primary(said)
    return BoardMetrics(metrics=shown, primary=own if own in counts else headline(counts))


def _shown(choice: Choice, n_jobs: int) -> BoardMetric:
    return BoardMetric(name=choice.metric, n_jobs=n_jobs, direction=choice.direction, is_sure=choice.is_sure)


def primary(said: Mapping[str, Any]) -> str | None:
    """The metric that a project says decides."""
    name = said.get("primary_metric")
    return name if isinstance(name, str) and name else None
