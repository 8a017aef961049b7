"""Who may report events into which batch: its owner, editors by share, members of its project, administrators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.compiler import SQLCompiler

from argus_contracts.errors import ErrorCode
from argus_contracts.events import EventType
from argus_ingest.fold.state import Arrival, BatchState
from argus_ingest.store.link import Link
from argus_kit.actor import Actor
from argus_schema import ingest as tables
from argus_schema.access import shared_for_editing

Right = tuple[int, int]


def is_owner(actor: Actor, batch: BatchState) -> bool:
    """Whether the batch is the actor's, or may become it; administrators count as owners."""
    return batch.owner_id is None or batch.owner_id == actor.user_id or actor.is_admin


def may_report(arrival: Arrival, batch: BatchState, editors: set[Right]) -> bool:
    """Whether this event may be added to this batch. `editors` holds (batch_key, user_id)."""
    actor, event = arrival.actor, arrival.event
    if not actor.reaches(event.source.project):
        return False
    # A row that was made a moment ago has no project yet.
    if batch.project and not actor.reaches(batch.project):
        return False
    if is_owner(actor, batch):
        return True
    # Whoever may write into a batch because of its project may not take it out of that project.
    moves = event.event_type == EventType.BATCH_START and event.source.project != batch.project
    return not moves and (batch.batch_key, actor.user_id) in editors


def why_not(arrival: Arrival) -> str:
    """What the sender of an event that `may_report` refused is told."""
    only, named = arrival.actor.project, arrival.event.source.project
    if only is None:
        return ErrorCode.EVENT_FORBIDDEN.message
    if named != only:
        return f"This token is for the project {only} only, and the event names the project {named}."
    return f"{ErrorCode.EVENT_FORBIDDEN.message} The token is for batches of the project {only} only."


async def editors(link: Link, wanted: Iterable[tuple[BatchState, int]]) -> set[Right]:
    """Of these pairs of a batch and a person who does not own it, the ones with the right to write."""
    sql, names, constants = _right(is_sqlite=link.is_sqlite)
    found: set[Right] = set()
    for batch, user_id in wanted:
        values = {**constants, "batch_key": batch.batch_key, "user_id": user_id}
        if await link.fetch(sql, *(values[name] for name in names)):
            found.add((batch.batch_key, user_id))
    return found


@cache
def _right(*, is_sqlite: bool) -> tuple[str, Sequence[str], dict[str, Any]]:
    """The query, the names of its values in order, and those that never change. A row grants the right."""
    row = tables.batch.c
    key, user = (sa.bindparam(name, 0, type_=sa.BigInteger) for name in ("batch_key", "user_id"))
    query = sa.select(row.batch_key).where(row.batch_key == key, shared_for_editing(user))
    dialect = sqlite.dialect() if is_sqlite else asyncpg.dialect()  # type: ignore[no-untyped-call]
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), compiled.positiontup or (), dict(compiled.params)
