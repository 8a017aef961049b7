"""Rules about events: they hear what is told of, and have it told in their own ways."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_notifier import kinds
from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.rules.asking import JOINED, holding, where
from argus_notifier.rules.known import Known, Rules
from argus_notifier.rules.saying import repeated
from argus_schema import ingest
from argus_schema.access import visible_to

_RULES: WeakKeyDictionary[Platform, Rules] = WeakKeyDictionary()


def rules_of(platform: Platform) -> Rules:
    """The rules of a process, read once for all that ask them."""
    if platform not in _RULES:
        _RULES[platform] = Rules(platform.database)
    return _RULES[platform]


async def hear(
    connection: AsyncConnection, platform: Platform, parts: Sequence[Sequence[Sequence[Occurrence]]]
) -> list[list[Occurrence]]:
    """What rules say of each of these parts: of the things in it that are about one batch or host, together.

    Of what rules said they say nothing.
    """
    said: list[list[Occurrence]] = [[] for _ in parts]
    if all(one.kind == "rule" for part in parts for same in part for one in same):
        return said
    listening = [rule for rule in await rules_of(platform).all(connection) if rule.row.watches == "events"]
    # Rule by rule, not part by part: a rule that speaks is held until the commit (see `turns`).
    for rule in sorted(listening, key=lambda rule: int(rule.row.id)):
        heeded = set(rule.row.kinds)
        for number, part in enumerate(parts):
            for same in part:
                wanted = [one for one in same if one.kind != "rule" and kinds.names_of(one.kind) & heeded]
                if wanted and (meant := await _meant(connection, rule, wanted)):
                    said[number] += await repeated(connection, rule, meant, now())
    return said


async def _meant(connection: AsyncConnection, rule: Known, wanted: Sequence[Occurrence]) -> list[Occurrence]:
    """Those that the rule's owner may know of, and for whose jobs its condition holds."""
    batch = wanted[0].batch
    if batch is None:
        return [one for one in wanted if _is_for(rule, one)]
    if not rule.concerns(batch.owner_id, batch.project):
        return []
    if rule.asked.tree is None:
        return list(wanted) if await _sees(connection, rule, batch) else []
    jobs = {one.job_id for one in wanted if one.job_id}
    held = (await holding(connection, [rule.asked], batch.key, jobs, now()))[rule.row.id] if jobs else set()
    # What is about a whole batch has no job to ask: the condition has to hold for some job of it.
    any_job = await _holds_somewhere(connection, rule, batch) if any(not one.job_id for one in wanted) else False
    return [one for one in wanted if (one.job_id in held if one.job_id else any_job)]


def _is_for(rule: Known, one: Occurrence) -> bool:
    # A host is no project's, and has no jobs of its own to ask: who hears of it is known already.
    return rule.row.user_id is not None and (one.to is None or rule.row.user_id in one.to)


async def _sees(connection: AsyncConnection, rule: Known, batch: Batch) -> bool:
    seen = sa.select(ingest.batch.c.batch_key).where(
        ingest.batch.c.batch_key == batch.key, visible_to(rule.asked.viewer)
    )
    return (await connection.execute(seen)).first() is not None


async def _holds_somewhere(connection: AsyncConnection, rule: Known, batch: Batch) -> bool:
    job = ingest.job.c
    found = sa.select(job.job_no).select_from(JOINED).where(job.batch_key == batch.key, where(rule.asked, now()))
    return (await connection.execute(found.where(job.deleted_at.is_(None)).limit(1))).first() is not None
