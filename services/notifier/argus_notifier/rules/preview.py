"""What a rule would have said over the last day, as far as can be told by how things stand now. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_notifier import kinds
from argus_notifier.channels.repository import Owner
from argus_notifier.rules import service
from argus_notifier.rules.asking import JOINED, Asked, Viewer, asked, where
from argus_notifier.rules.schemas import RuleFields, RuleIn, RuleMatch, RuleTrial, fields_of
from argus_notifier.rules.watching import Throttle, throttled
from argus_schema import ingest
from argus_schema.access import visible_to
from argus_schema.notifier import notification

batch = ingest.batch.c
job = ingest.job.c

_DAY: Final = timedelta(days=1)
_WINDOW: Final = timedelta(minutes=1)
_MOST: Final = 2_000
_SHOWN: Final = 50
# Events whose trace is how a job or batch ended.
_OF_JOBS: Final = {"job_failed": "failed", "job_completed": "done"}
_OF_BATCHES: Final = {"batch_failed": "failed", "batch_done": "done"}


class Match(NamedTuple):
    """Something that the rule is about."""

    at: datetime
    batch_id: str
    job_id: str | None
    title: str


async def of_draft(connection: AsyncConnection, actor: Actor, owner: Owner, rule: RuleIn) -> RuleTrial:
    """Of a rule that is not saved.

    Raises:
        QueryError: as `service.check`.
    """
    await service.check(connection, actor, owner, rule)
    return await _trial(connection, Viewer(actor.user_id, actor.is_admin, owner.project), rule)


async def of_row(connection: AsyncConnection, row: sa.Row[Any], actor: Actor) -> RuleTrial:
    """Of a saved rule, as far as whoever asks may see: an editor's eyes are not another's."""
    viewer = Viewer(actor.user_id, actor.is_admin, row.project)
    return await _trial(connection, viewer, RuleFields(**fields_of(row)))


async def _trial(connection: AsyncConnection, viewer: Viewer, rule: RuleFields) -> RuleTrial:
    at = now()
    is_own = viewer.project is None and rule.scope == "mine"
    is_about_silence = rule.watches == "silence"
    question = asked(0, rule.condition, viewer, is_own=is_own, is_about_silence=is_about_silence)
    if rule.watches == "events":
        wanted = {name for name in kinds.KINDS if kinds.names_of(name) & set(rule.kinds)}
        found = await _events(connection, question, wanted, at)
        is_exact = wanted <= {*_OF_JOBS, *_OF_BATCHES}
    else:
        found = await _jobs(connection, question, rule, at)
        is_exact = False
    found = sorted(found, key=lambda one: one.at)
    said = told(found, rule.throttle_s, grouped=rule.grouped)
    items = [
        RuleMatch(at=iso(one.at) or "", batch_id=one.batch_id, job_id=one.job_id, title=one.title, said=is_said)
        for one, is_said in zip(found, said, strict=True)
    ]
    return RuleTrial(matches=len(items), messages=sum(said), exact=is_exact, items=items[::-1][:_SHOWN])


def told(matches: Sequence[Match], throttle_s: float, *, grouped: bool) -> list[bool]:
    """Of which of these, in the order of time, there would have been a message. Pure."""
    known = Throttle()
    begun: dict[str, datetime] = {}
    said: list[bool] = []
    for one in matches:
        begin = begun.get(one.batch_id)
        if grouped and begin is not None and one.at < begin + _WINDOW:
            said.append(False)
            continue
        begun[one.batch_id] = one.at
        known, may_say = throttled(known, at=one.at, throttle_s=throttle_s)
        said.append(may_say)
    return said


async def _jobs(connection: AsyncConnection, question: Asked, rule: RuleFields, at: datetime) -> list[Match]:
    heard = sa.func.coalesce(job.last_epoch_at, job.start_time)
    when = heard if question.is_about_silence else sa.func.coalesce(job.end_time, heard)
    statement = (
        sa.select(sa.type_coerce(when, job.end_time.type).label("at"), batch.id, job.job_id)
        .select_from(JOINED)
        .where(batch.last_event_at > at - _DAY, job.deleted_at.is_(None), when > at - _DAY, where(question, at))
        .order_by(when.desc())
        .limit(_MOST)
    )
    lasted = timedelta(seconds=rule.for_s)
    if question.is_about_silence:
        statement = statement.where(heard <= at - lasted)
    rows = await connection.execute(statement)
    shift = lasted if question.is_about_silence else timedelta()
    return [Match(row.at + shift, row.id, row.job_id, f"{rule.name} · {row.id} / {row.job_id}") for row in rows]


async def _events(connection: AsyncConnection, question: Asked, wanted: set[str], at: datetime) -> list[Match]:
    found: list[Match] = []
    for kind in sorted(wanted & _OF_JOBS.keys()):
        statement = (
            sa.select(job.end_time, batch.id, job.job_id)
            .select_from(JOINED)
            .where(job.status == _OF_JOBS[kind], job.end_time > at - _DAY, job.deleted_at.is_(None))
            .where(where(question, at))
        )
        rows = await connection.execute(statement.order_by(job.end_time.desc()).limit(_MOST))
        found += [Match(row.end_time, row.id, row.job_id, f"{kind} · {row.id} / {row.job_id}") for row in rows]
    for kind in sorted(wanted & _OF_BATCHES.keys()):
        found += await _batches(connection, question, kind, at)
    if other := wanted - _OF_JOBS.keys() - _OF_BATCHES.keys():
        found += await _heard_of(connection, question.viewer, other, at)
    return found


async def _batches(connection: AsyncConnection, question: Asked, kind: str, at: datetime) -> list[Match]:
    statement = sa.select(batch.end_time, batch.id).where(
        batch.status == _OF_BATCHES[kind], batch.end_time > at - _DAY, visible_to(question.viewer)
    )
    if question.is_own:
        statement = statement.where(batch.owner_id == question.viewer.user_id)
    if question.tree is not None:
        met = sa.select(batch.id).select_from(JOINED).where(job.deleted_at.is_(None), where(question, at))
        statement = statement.where(batch.id.in_(met))
    rows = await connection.execute(statement.order_by(batch.end_time.desc()).limit(_MOST))
    return [Match(row.end_time, row.id, None, f"{kind} · {row.id}") for row in rows]


async def _heard_of(connection: AsyncConnection, viewer: Viewer, wanted: set[str], at: datetime) -> list[Match]:
    """What leaves no trace but a word to people: as far as the inbox of whoever asks was told."""
    n = notification.c
    statement = sa.select(n.created_at, n.batch_id, n.job_id, n.title).where(
        n.user_id == viewer.user_id, n.rule_id.in_(sorted(wanted)), n.created_at > at - _DAY
    )
    if viewer.project is not None:
        statement = statement.where(n.batch_id.in_(sa.select(batch.id).where(visible_to(viewer))))
    rows = await connection.execute(statement.order_by(n.id.desc()).limit(_MOST))
    return [Match(row.created_at, row.batch_id or "", row.job_id, row.title) for row in rows]
