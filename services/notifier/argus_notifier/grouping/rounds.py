"""What a wave tells: in the inbox a moment after it is up and then seldomer, and at the end of each window outside.

A wave goes on while batches of it are counted, a window a round; each round is one notification, and tells what is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.outbox import Transaction
from argus_kit.platform import Platform
from argus_notifier.alerts.audience import of_several
from argus_notifier.alerts.inboxes import read_what_is_told_again
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.telling import amend, tell_outside
from argus_notifier.grouping import repository
from argus_notifier.grouping.counting import SHOWN_AFTER, Surge
from argus_notifier.grouping.repository import Key, Member
from argus_notifier.grouping.stored import restored, stored
from argus_notifier.grouping.waves import kind_of
from argus_notifier.settings import NotifierSettings
from argus_schema import catalog

_MOST_NAMED: Final = 20
# One row tells of all, so it may tell often.
_SHOWN_AGAIN: Final = timedelta(seconds=5)
_MOST_REASONS: Final = 12


async def tell_round(
    transaction: Transaction,
    platform: Platform,
    settings: NotifierSettings,
    *,
    key: Key,
    found: tuple[Surge, dict[str, Any]],
    at: datetime,
) -> None:
    """Tell what a wave has to tell now; the caller has its turn."""
    connection = transaction.connection
    wave, first = found[0], restored(found[1])
    parts = [one for one in await repository.members(connection, kind_of(key), key[1]) if one.news > 0]
    jobs = sum(one.news for one in parts)
    told = as_one(first, wave, parts)
    if jobs > wave.shown:
        if wave.shown == 0 and wave.told == 0 and first.ways is None and first.batch is not None:
            about = await of_several(connection, first.batch)
            again = [_batch(first, one) for one in parts]
            await read_what_is_told_again(transaction, about, first.kind, again, wave.begins_at)
        await amend(transaction, platform, told)
    if at < wave.ends_at:
        due_at = min(at + min(max(SHOWN_AFTER, at - wave.begins_at), _SHOWN_AGAIN), wave.ends_at)
        await repository.save(connection, key, replace(wave, shown=jobs, due_at=due_at), found[1])
        return
    if parts:
        base_url = platform.settings.public_url
        everyone = [_with_links(replace(told, key=f"{told.key}:all"), base_url)]
        alone = await _for_those_with_shares(connection, first, wave, parts, base_url)
        await tell_outside(transaction, platform, settings, [*everyone, *alone])
    await repository.save(connection, key, await _after(connection, key, wave, settings, at), stored(first))


async def _after(connection: AsyncConnection, key: Key, wave: Surge, settings: NotifierSettings, at: datetime) -> Surge:
    """The next round, or the end of it when the windows of all its batches are over."""
    ended = replace(wave, begins_at=at, ends_at=at, due_at=None, shown=0, told=0)
    if not await repository.settle(connection, kind_of(key), key[1], at):
        return ended
    until = at + timedelta(seconds=settings.surge_window_s)
    # In another round nothing was told by itself before: `told` says so.
    return replace(ended, ends_at=until, due_at=min(at + SHOWN_AFTER, until), told=1)


def as_one(first: Occurrence, wave: Surge, parts: Sequence[Member]) -> Occurrence:
    """All batches of a round, as one occurrence. Pure."""
    reasons: Counter[str] = Counter()
    for one in parts:
        # Of one that was told before, the reasons are those of before, too.
        reasons.update(one.reasons if one.told == 0 else {})
    data = {
        "name": first.data.get("name") or first.data.get("title") or "",
        "count": sum(one.news for one in parts),
        "batches": len(parts),
        "batch_ids": [_batch(first, one) for one in parts[:_MOST_NAMED]],
        "reasons": dict(reasons.most_common(_MOST_REASONS)),
    }
    # The first that happened names the wave: two of one kind never begin with the same.
    key = f"{first.key}:batches:{wave.begins_at.isoformat()}"
    return replace(first, key=key, job_id=None, data=data)


def _batch(first: Occurrence, one: Member) -> str:
    # Of a rule, the subject has its number before it.
    return one.subject if first.ways is None else one.subject.partition(":")[2]


def _with_links(one: Occurrence, base_url: str) -> Occurrence:
    return replace(one, data={**one.data, "links": [f"{base_url}/batches/{name}" for name in one.batch_ids]})


async def _for_those_with_shares(
    connection: AsyncConnection, first: Occurrence, wave: Surge, parts: Sequence[Member], base_url: str
) -> list[Occurrence]:
    """Who was given some of the batches, and not all of the project's, hears of these."""
    if first.ways is not None or first.batch is None:
        return []
    share = catalog.batch_share.c
    by_id = {_batch(first, one): one for one in parts}
    granted = sa.select(share.grantee_id, share.batch_id).where(share.batch_id.in_(by_id))
    heard = (await of_several(connection, first.batch)).people
    given: dict[int, list[Member]] = {}
    for row in await connection.execute(granted):
        if row.grantee_id not in heard:
            given.setdefault(row.grantee_id, []).append(by_id[row.batch_id])
    told = {person: as_one(first, wave, some) for person, some in sorted(given.items())}
    return [
        _with_links(replace(one, key=f"{one.key}:all:{person}", to=frozenset({person})), base_url)
        for person, one in told.items()
    ]
