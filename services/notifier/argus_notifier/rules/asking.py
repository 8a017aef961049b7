"""Asks the database for which jobs of a batch the conditions of rules hold: one statement for all of them.

What a rule sees is what its owner may see: `argus_schema.access` is part of each condition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_query.conditions import condition
from argus_query.fields import JOBS, Plain, Root, Source, Tags, place_of
from argus_query.json_values import anything_at
from argus_query.parser import parse
from argus_query.tree import Both, Compare, Field, In, Is, Node, Not
from argus_schema import auth, ingest
from argus_schema.access import exists_for_people, visible_to
from argus_schema.statuses import LIVE_JOB

batch = ingest.batch.c
job = ingest.job.c

# Whoever brings old runs into Argus is told nothing of them.
OLD: Final = timedelta(days=1)
_AT_ONCE: Final = 40
_MOST_VALUES: Final = 6
JOINED: Final = ingest.job.join(ingest.batch, job.batch_key == batch.batch_key).outerjoin(
    auth.user, auth.user.c.id == batch.owner_id
)


# Of the few jobs that changed, settings are read where they stand. Asking each configuration that there is, as finding
# jobs among all of them does, would read more than these jobs.
_EXTRA: Final = sa.type_coerce(job.extra, job.extra.type)


def _where_it_stands(root: Root) -> Root:
    column, before, after, is_numeric = root
    return (_EXTRA if column is job.extra else column, before, after, is_numeric)


FEW: Final = replace(JOBS, roots={name: _where_it_stands(root) for name, root in JOBS.roots.items()})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes a rule has, and how far they reach. See `argus_schema.access.Viewer`."""

    user_id: int
    is_admin: bool
    project: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule's condition, ready to be asked."""

    rule_id: int
    tree: Node | None
    viewer: Viewer
    is_own: bool
    is_about_silence: bool = False


def asked(rule_id: int, text: str, viewer: Viewer, *, is_own: bool = False, is_about_silence: bool = False) -> Asked:
    """Read a condition. `is_own`: only batches of the viewer.

    Raises:
        QueryError: with the place of the fault.
    """
    tree = parse(text)
    found = Asked(rule_id, tree, viewer, is_own, is_about_silence)
    # Fields and values are looked at here, so that a stored rule is one that can be asked.
    where(found, now())
    return found


def where(one: Asked, at: datetime, source: Source = JOBS) -> sa.ColumnElement[bool]:
    """The condition of SQL on a job and its batch; `FEW` for few jobs."""
    parts = [visible_to(one.viewer), condition(one.tree, at, source, is_certain=True)]
    if one.is_own:
        parts.append(batch.owner_id == one.viewer.user_id)
    if one.is_about_silence:
        # Of what is over or paused nobody expects a word.
        parts.append(JOBS.plain["status"].value == "running")
    return sa.and_(*parts)


async def holding(
    connection: AsyncConnection, rules: Sequence[Asked], batch_key: int, job_ids: Collection[str] | None, at: datetime
) -> Mapping[int, set[str]]:
    """For which jobs of a batch each rule's condition holds. Without `job_ids`: of all that have not ended."""
    found: dict[int, set[str]] = {one.rule_id: set() for one in rules}
    is_meant = job.status.in_(sorted(LIVE_JOB)) if job_ids is None else job.job_id.in_(sorted(job_ids))
    is_new = sa.func.coalesce(job.end_time, at) > at - OLD
    for begin in range(0, len(rules), _AT_ONCE):
        part = rules[begin : begin + _AT_ONCE]
        columns = [sa.case((where(one, at, FEW), 1), else_=0).label(f"r{number}") for number, one in enumerate(part)]
        statement = (
            sa.select(job.job_id, *columns)
            .select_from(JOINED)
            .where(job.batch_key == batch_key, is_meant, is_new, job.deleted_at.is_(None), exists_for_people())
        )
        for job_id, *answers in await connection.execute(statement):
            for one, answer in zip(part, answers, strict=True):
                if answer:
                    found[one.rule_id].add(job_id)
    return found


async def values(
    connection: AsyncConnection, one: Asked, batch_key: int, job_ids: Collection[str]
) -> Mapping[str, Mapping[str, Any]]:
    """What the fields that a condition names are, of each of these jobs: for people to read."""
    named = list(dict.fromkeys(fields_in(one.tree)))[:_MOST_VALUES]
    columns: dict[str, sa.ColumnElement[Any]] = {}
    for field in named:
        place = place_of(field)
        if isinstance(place, Plain):
            columns[str(field)] = place.value
        elif not isinstance(place, Tags):
            columns[str(field)] = anything_at(place.column, place.path)
    if not columns:
        return {}
    labelled = [column.label(f"v{number}") for number, column in enumerate(columns.values())]
    statement = (
        sa.select(job.job_id, *labelled)
        .select_from(JOINED)
        .where(job.batch_key == batch_key, job.job_id.in_(sorted(job_ids)))
    )
    rows = await connection.execute(statement)
    return {job_id: dict(zip(columns, told, strict=True)) for job_id, *told in rows}


def fields_in(tree: Node | None) -> Iterator[Field]:
    """All fields that a condition names, in their order."""
    if isinstance(tree, Both):
        for item in tree.items:
            yield from fields_in(item)
    elif isinstance(tree, Not):
        yield from fields_in(tree.item)
    elif isinstance(tree, Compare | In | Is):
        yield tree.field
