"""The one way from what happened to inboxes, mails and channels.

All that is told at once is one transaction, the caller's, and each row has a key of its own: what is told again changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.outbox import Transaction
from argus_kit.platform import Platform
from argus_notifier.alerts.audience import Audience, audience_of
from argus_notifier.alerts.channeling import tell_channels, tell_house
from argus_notifier.alerts.debounce import not_told_lately
from argus_notifier.alerts.inboxes import amend_inboxes, tell_inboxes
from argus_notifier.alerts.mailing import tell_mails
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Job, Say, Words, words
from argus_notifier.grouping.admission import admit
from argus_notifier.mail.server import current
from argus_notifier.rules.hearing import hear
from argus_notifier.settings import NotifierSettings
from argus_notifier.turns import take_turn_to_tell
from argus_schema import ingest


async def tell(
    transaction: Transaction, platform: Platform, settings: NotifierSettings, occurrences: Sequence[Occurrence]
) -> None:
    """Tell everyone who hears of these things, and the rules that people made about them."""
    await tell_all(transaction, platform, settings, [occurrences])


async def tell_all(
    transaction: Transaction, platform: Platform, settings: NotifierSettings, parts: Sequence[Sequence[Occurrence]]
) -> None:
    """As `tell`, of what several bundles told."""
    connection = transaction.connection
    said = await hear(connection, platform, [_by_subject(some) for some in parts])
    first = await not_told_lately(connection, parts)
    heard = [[*some, *more] for some, more in zip(first, said, strict=True)]
    told = await admit(connection, heard, settings.surge_window_s, settings.surge_batches)
    if told:
        await take_turn_to_tell(connection)
    for same in _by_subject(told):
        hearing = await _hearing(connection, same)
        await tell_inboxes(transaction, hearing.audience, same, hearing.say)
        await _tell_outside(connection, platform, settings, same, hearing)


async def amend(transaction: Transaction, platform: Platform, occurrence: Occurrence) -> None:
    """Have the inbox's row of this key tell of more."""
    hearing = await _hearing(transaction.connection, [occurrence])
    await amend_inboxes(transaction, hearing.audience, occurrence, hearing.say)


async def tell_outside(
    transaction: Transaction, platform: Platform, settings: NotifierSettings, occurrences: Sequence[Occurrence]
) -> None:
    """Mails and channels alone: the inbox knows."""
    for same in _by_subject(occurrences):
        hearing = await _hearing(transaction.connection, same)
        await _tell_outside(transaction.connection, platform, settings, same, hearing)


@dataclass(frozen=True, slots=True)
class _Hearing:
    audience: Audience
    say: Say


async def _hearing(connection: AsyncConnection, occurrences: Sequence[Occurrence]) -> _Hearing:
    jobs = await _jobs(connection, occurrences)

    def say(occurrence: Occurrence, locale: str) -> Words:
        return words(occurrence, jobs.get(occurrence.job_id or "", Job()), locale)

    return _Hearing(await audience_of(connection, occurrences[0]), say)


async def _tell_outside(
    connection: AsyncConnection,
    platform: Platform,
    settings: NotifierSettings,
    occurrences: Sequence[Occurrence],
    hearing: _Hearing,
) -> None:
    base, pause_s = platform.settings.public_url, settings.mail_pause_s
    audience, say = hearing.audience, hearing.say
    await tell_channels(connection, audience, occurrences, say, base_url=base, pause_s=pause_s)
    if settings.feishu_webhook.get_secret_value():
        await tell_house(connection, occurrences, say, base_url=base, pause_s=pause_s)
    server = await current(connection, settings, platform)
    if server.sends_mail:
        await tell_mails(connection, audience, occurrences, say, base_url=base, pause_s=pause_s)


def _by_subject(occurrences: Sequence[Occurrence]) -> list[list[Occurrence]]:
    """Those that the same people hear of, together."""
    grouped: dict[tuple[object, ...], list[Occurrence]] = {}
    for one in occurrences:
        subject = (one.batch, None if one.batch else one.host, one.to, one.ways)
        grouped.setdefault(subject, []).append(one)
    return list(grouped.values())


async def _jobs(connection: AsyncConnection, occurrences: Sequence[Occurrence]) -> dict[str, Job]:
    batch = occurrences[0].batch
    job_ids = {one.job_id for one in occurrences if one.job_id}
    if batch is None or not job_ids:
        return {}
    job = ingest.job.c
    statement = sa.select(job.job_id, job.model, job.dataset).where(job.batch_key == batch.key, job.job_id.in_(job_ids))
    return {row.job_id: Job(row.model, row.dataset) for row in await connection.execute(statement)}
