"""Seed groups from the scores that are kept by group: no job is read but the few that are shown.

A group of the answer is one of a project, whoever's jobs are in it; what is kept are those of one person. Batches that
were shared one by one lie beside those that a person sees as a whole, and are asked for by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import Scope
from argus_catalog.query.anchors import PRESENT
from argus_catalog.query.grouping import SHOWN_MEMBERS, Group, Groups
from argus_kit.actor import Actor
from argus_schema import ingest
from argus_schema.plans import unindexed
from argus_schema.sums.terms import LONGEST_NAME

batch = ingest.batch.c
cell = ingest.cell.c
group = ingest.seed_group.c
job = ingest.job.c
score = ingest.score.c

_METRICS: Final = "metrics."
_LARGEST: Final = 2**63 - 1
_same = ingest.score.alias("same")
_KEYS_AT_ONCE: Final = 5_000
_KEPT: Final = ingest.cell.join(ingest.seed_group, group.cell_key == unindexed(cell.cell_key))
_SCORES: Final = _KEPT.join(ingest.score, score.group_key == unindexed(group.group_key))
_OF_BATCHES: Final = _SCORES.join(ingest.batch, batch.batch_key == score.batch_key)
_KEY: Final = (cell.project, cell.model, cell.dataset, group.settings_key, group.group_key)
_COUNT: Final = (
    sa.select(sa.func.count())
    .where(score.group_key == group.group_key, score.name == PRESENT)
    .correlate(ingest.seed_group)
    .scalar_subquery()
)


def final_metrics(columns: Sequence[str]) -> list[str] | None:
    """The metrics that columns name, where all of them are final ones that are kept with scores."""
    names = [name.removeprefix(_METRICS) for name in columns]
    are_kept = all(
        column.startswith(_METRICS) and '"' not in name and 0 < len(name) <= LONGEST_NAME
        for column, name in zip(columns, names, strict=True)
    )
    return names if are_kept else None


class SeedGroups:
    """The groups of all that a person sees and that fulfils a condition on cells and seed groups."""

    def __init__(self, connection: AsyncConnection, actor: Actor, scope: Scope, chosen: sa.ColumnElement[bool]) -> None:
        self.connection = connection
        beside = single(actor, scope)
        self._whole = sa.and_(whole(actor, scope, ingest.cell), chosen)
        self._beside = None if isinstance(beside, sa.sql.elements.False_) else sa.and_(beside, chosen)
        # By the number of what is kept, the group of the answer; `True`: of batches that were shared one by one.
        self._groups: dict[bool, dict[int, Group]] = {False: {}, True: {}}

    async def count(self, groups: Groups) -> None:
        """Put all groups into `groups`, with how many jobs each has."""
        counted = sa.select(*_KEY, _COUNT.label("n")).select_from(_KEPT).where(self._whole)
        self._take(groups, False, (await self.connection.execute(counted)).all())
        if self._beside is not None:
            counted = self._query(True, *_KEY, sa.func.count().label("n")).where(score.name == PRESENT).group_by(*_KEY)
            self._take(groups, True, (await self.connection.execute(counted)).all())

    def _take(self, groups: Groups, is_beside: bool, rows: Iterable[Any]) -> None:
        for project, model, dataset, settings_key, group_key, n in rows:
            if n:
                found = groups.group((project, model or None, dataset or None, settings_key))
                found.n += n
                self._groups[is_beside][group_key] = found

    async def number(self, metrics: Sequence[str], shown: Sequence[Group] | None = None) -> None:
        """Put the numbers of all members into these groups, or into all."""
        for place, name in enumerate(metrics):
            for is_beside, keys in self._keys(shown):
                query = self._query(is_beside, score.group_key, score.value, of_all=keys is None)
                query = query.where(score.name == name)
                if keys is not None:
                    query = query.where(score.group_key.in_(keys))
                rows = (await self.connection.execute(query)).all()
                await asyncio.to_thread(_fill, self._groups[is_beside], place, rows)

    async def name_members(self, shown: Sequence[Group]) -> None:
        """Put the first members into these groups."""
        found: dict[int, list[tuple[int, int, str, str]]] = {id(one): [] for one in shown}
        for is_beside, keys in self._keys(shown):
            of = self._groups[is_beside]
            for group_key, *member in await self.connection.execute(self._first(is_beside, keys or ())):
                found[id(of[group_key])].append(tuple(member))
        for one in shown:
            one.members = [(name, job_id) for _, _, name, job_id in sorted(found[id(one)])[:SHOWN_MEMBERS]]

    def _first(self, is_beside: bool, keys: Sequence[int]) -> sa.Select[Any]:
        """The first jobs of these groups: of batches that were shared one by one all, they are looked at anyway."""
        mine = (score.name == PRESENT, score.value == 0.0, score.group_key.in_(keys))
        query = sa.select(score.group_key, score.batch_key, score.job_no, batch.id, job.job_id)
        of_job = sa.and_(job.batch_key == unindexed(score.batch_key), job.job_no == unindexed(score.job_no))
        if is_beside:
            assert self._beside is not None, "nothing was shared one by one"
            return query.select_from(_OF_BATCHES.join(ingest.job, of_job)).where(*mine, self._beside)
        of_group = ingest.seed_group.join(ingest.score, score.group_key == unindexed(group.group_key))
        of_batch = batch.batch_key == unindexed(score.batch_key)
        return (
            query.select_from(of_group.join(ingest.job, of_job).join(ingest.batch, of_batch))
            .where(group.group_key.in_(keys), score.name == PRESENT, score.value == 0.0)
            .where(score.batch_key <= _last("batch_key"))
            .where(sa.or_(score.batch_key < _last("batch_key"), score.job_no <= _last("job_no")))
        )

    def _query(self, is_beside: bool, *columns: sa.ColumnElement[Any], of_all: bool = False) -> sa.Select[Any]:
        if is_beside:
            assert self._beside is not None, "nothing was shared one by one"
            return sa.select(*columns).select_from(_OF_BATCHES).where(self._beside)
        # What was found before in this transaction needs no looking at whose it is.
        query = sa.select(*columns).select_from(_SCORES if of_all else ingest.score)
        return query.where(self._whole) if of_all else query

    def _keys(self, shown: Sequence[Group] | None) -> Iterable[tuple[bool, list[int] | None]]:
        """Which of what is kept makes up these groups; None: all of it."""
        wanted = None if shown is None else {id(one) for one in shown}
        for is_beside, groups in self._groups.items():
            if wanted is None and groups:
                yield is_beside, None
            elif wanted is not None:
                mine = iter([key for key, one in groups.items() if id(one) in wanted])
                while keys := list(islice(mine, _KEYS_AT_ONCE)):
                    yield is_beside, keys


def _last(column: str) -> sa.ColumnElement[Any]:
    """Of the last job of a group that is shown; where it has fewer, more than any has."""
    nth = (
        sa.select(_same.c[column])
        .where(_same.c.group_key == group.group_key, _same.c.name == PRESENT, _same.c.value == 0.0)
        .order_by(_same.c.batch_key, _same.c.job_no)
        .limit(1)
        .offset(SHOWN_MEMBERS - 1)
        .correlate(ingest.seed_group)
        .scalar_subquery()
    )
    return sa.func.coalesce(nth, sa.literal(_LARGEST, sa.BigInteger()))


def _fill(groups: Mapping[int, Group], place: int, rows: Iterable[Sequence[Any]]) -> None:
    for group_key, value in rows:
        if (found := groups.get(group_key)) is not None:
            found.numbers[place].append(value)
