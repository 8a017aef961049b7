"""Answers queries: pages of jobs or batches, or groups of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches.service import batches_by_key
from argus_catalog.jobs.repository import how_many
from argus_catalog.query import keyset, repository
from argus_catalog.query.anchors import anchor, is_by_score
from argus_catalog.query.batch_fields import BATCHES
from argus_catalog.query.grouping import CONFIG, Group, Groups, tell
from argus_catalog.query.schemas import FoundBatch, FoundJob, JobQuery, QueryResult
from argus_catalog.query.seed_groups import SeedGroups, final_metrics
from argus_catalog.seeds import SEED
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_query import fields
from argus_query.conditions import condition
from argus_query.errors import QueryError, Reason
from argus_query.fields import JOBS, Json, Place, Plain, Source
from argus_query.json_values import value_at
from argus_query.parser import parse, parse_field

SOURCES: Final = {source.name: source for source in (JOBS, BATCHES)}
_SEED_KEY: Final = ("project", "model", "dataset")
# What is grouped is held in memory: some hundred bytes a group.
_MOST_GROUPS: Final = 50_000
_MANY: Final = 3_000


class _Place(NamedTuple):
    """A page of groups: of which question, from which moment on its durations count, and how many groups are before."""

    question: str
    begin: int
    at: datetime


async def answer(connection: AsyncConnection, actor: Actor, asked: JobQuery) -> QueryResult:
    """One page of what was asked for.

    Raises:
        QueryError: the query, or a field, cannot be understood.
        ArgusError: request.invalid, the cursor is another query's.
    """
    if asked.group_by:
        return await _grouped(connection, actor, asked)
    return await _listed(connection, actor, asked)


async def _listed(connection: AsyncConnection, actor: Actor, asked: JobQuery) -> QueryResult:
    tree, source = parse(asked.query), SOURCES[asked.source]
    columns = [(name, fields.place_of(parse_field(name, "columns"), "columns", source)) for name in asked.columns]
    keys = keyset.keys_of(asked.sort, source)
    question = keyset.digest(asked.source, asked.scope, asked.query, asked.sort)
    at, last = (now(), None) if asked.cursor is None else keyset.read_cursor(asked.cursor, question, keys)
    where = condition(tree, at, source)
    begin = anchor(tree) if source is JOBS else None
    total = None
    if last is None or (begin is not None and begin.is_all):
        if tree is None and source is JOBS:
            total = await how_many(connection, actor, asked.scope)
        else:
            total = await repository.count(connection, actor, where, source, asked.scope, begin=begin)
    if total is not None and total > _MANY and not asked.sort:
        # So many are met soon on the way through all jobs in the order of their start.
        begin = None
    page: dict[str, Any] = {"columns": [place for _, place in columns], "keys": keys, "last": last}
    page |= {"limit": asked.limit + 1, "scope": asked.scope}
    if begin is not None and is_by_score(begin, asked.sort):
        rows = await repository.best(connection, actor, begin, **page)
    else:
        rows = await repository.page(connection, actor, where, **page, source=source, begin=begin)
    total = total if last is None else None
    shown = rows[: asked.limit]
    is_more = len(rows) > len(shown)
    cursor = keyset.cursor_of(question, at, shown[-1][-len(keys) :]) if is_more else None
    if source is BATCHES:
        batches = await _batches(connection, actor, shown, asked.columns)
        return QueryResult(jobs=[], batches=batches, groups=[], total=total, cursor=cursor)
    jobs = [_job(row, asked.columns) for row in shown]
    return QueryResult(jobs=jobs, batches=[], groups=[], total=total, cursor=cursor)


def _job(row: Sequence[Any], columns: Sequence[str]) -> FoundJob:
    width = len(repository.LISTED)
    listed = dict(zip(repository.LISTED, row, strict=False))
    return FoundJob(**listed, metrics=row[width], values=_shown(columns, row[width + 1 :]))


async def _batches(
    connection: AsyncConnection, actor: Actor, rows: Sequence[Sequence[Any]], columns: Sequence[str]
) -> list[FoundBatch]:
    by_key = await batches_by_key(connection, actor, [row[0] for row in rows])
    return [FoundBatch(batch=by_key[row[0]], values=_shown(columns, row[1:])) for row in rows if row[0] in by_key]


def _shown(columns: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    by_name = dict(zip(columns, values, strict=False))
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in by_name.items()}


async def _grouped(connection: AsyncConnection, actor: Actor, asked: JobQuery) -> QueryResult:
    source = SOURCES[asked.source]
    names, parts = _key(asked.group_by, source)
    numbers = [_number(name, source) for name in asked.columns]
    sort = _sort_of_groups(asked, names)
    question = keyset.digest(asked.source, asked.scope, asked.query, asked.sort, asked.columns, asked.group_by)
    place = _Place(question, *_begin(asked, question))
    tree = parse(asked.query)
    chosen = condition(tree, place.at, source)
    start = anchor(tree) if source is JOBS else None
    of_groups = sa.true() if tree is None else start and start.groups
    metrics = final_metrics(asked.columns)
    if asked.group_by == [SEED] and of_groups is not None and metrics is not None:
        return await _of_seeds(SeedGroups(connection, actor, asked.scope, of_groups), asked, metrics, place)
    groups = Groups(names, asked.columns)
    async for rows in repository.members(
        connection, actor, chosen, [*parts, *numbers], source=source, scope=asked.scope, begin=start
    ):
        await asyncio.to_thread(groups.add, rows)
        _bound(groups)
    page = await _ordered(connection, groups, sort, place.begin, asked.limit)
    return await _page_of_groups(groups, page, place)


async def _of_seeds(kept: SeedGroups, asked: JobQuery, metrics: Sequence[str], place: _Place) -> QueryResult:
    """Seed groups of which the scores tell all."""
    names, _ = _key(asked.group_by, JOBS)
    sort = _sort_of_groups(asked, names)
    groups = Groups(names, asked.columns)
    await kept.count(groups)
    _bound(groups)
    is_by_number = sort is not None and sort.removeprefix("-") in asked.columns
    if is_by_number:
        await kept.number(metrics)
    page = await _ordered(kept.connection, groups, sort, place.begin, asked.limit)
    if not is_by_number:
        await kept.number(metrics, page)
    await kept.name_members(page)
    return await _page_of_groups(groups, page, place)


def _bound(groups: Groups) -> None:
    if len(groups) > _MOST_GROUPS:
        raise QueryError(Reason.TOO_MANY_GROUPS, part="group_by", most=_MOST_GROUPS)


async def _ordered(
    connection: AsyncConnection, groups: Groups, sort: str | None, begin: int, limit: int
) -> list[Group]:
    """A page of groups, whose settings stand in their keys."""
    has_settings = CONFIG in groups.names
    is_by_settings = has_settings and sort is not None and sort.removeprefix("-") == CONFIG
    if is_by_settings:
        tell(groups, await repository.configurations(connection, [one.key[CONFIG] for one in groups]))
    page = await asyncio.to_thread(groups.page, sort, begin, limit)
    if has_settings and not is_by_settings:
        tell(page, await repository.configurations(connection, [one.key[CONFIG] for one in page]))
    return page


async def _page_of_groups(groups: Groups, page: Sequence[Group], place: _Place) -> QueryResult:
    shown = await asyncio.to_thread(lambda: [groups.shown(group) for group in page])
    end = place.begin + len(shown)
    cursor = encode_cursor(place.question, place.at.isoformat(), end) if end < len(groups) else None
    return QueryResult(jobs=[], batches=[], groups=shown, total=len(groups), cursor=cursor)


def _key(group_by: Sequence[str], source: Source) -> tuple[list[str], list[sa.ColumnElement[Any]]]:
    found: dict[str, sa.ColumnElement[Any]] = {}
    for name in group_by:
        if name == SEED and source is BATCHES:
            raise QueryError(Reason.NO_SEED, part="group_by")
        if name == SEED:
            found |= {plain: fields.PLAIN[plain].value for plain in _SEED_KEY}
            found[CONFIG] = fields.job.settings_key
        else:
            found[name] = repository.value_of(fields.place_of(parse_field(name, "group_by"), "group_by", source))
    return list(found), list(found.values())


def _number(name: str, source: Source) -> sa.ColumnElement[Any]:
    place: Place = fields.place_of(parse_field(name, "columns"), "columns", source)
    if isinstance(place, Json):
        return value_at(place.column, place.path, "number")
    if isinstance(place, Plain) and place.kind in {"number", "duration"}:
        return place.value
    raise QueryError(Reason.NO_NUMBER, part="columns", name=name)


def _sort_of_groups(asked: JobQuery, names: Sequence[str]) -> str | None:
    if not asked.sort:
        return None
    if len(asked.sort) > 1 or asked.sort[0].removeprefix("-") not in {"n", *names, *asked.columns}:
        raise QueryError(Reason.NO_ORDER_OF_GROUPS, part="sort", name=asked.sort[-1][:80])
    return asked.sort[0]


def _begin(asked: JobQuery, question: str) -> tuple[int, datetime]:
    if asked.cursor is None:
        return 0, now()
    of, at, begin = decode_cursor(asked.cursor, 3)
    try:
        if of == question and isinstance(begin, int) and begin >= 0:
            return begin, datetime.fromisoformat(at).astimezone()
    except (TypeError, ValueError, OverflowError):
        pass
    raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor belongs to another query; start again without it.")
