"""What an occurrence puts into inboxes: those of whom it is about, and for some kinds those of administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_notifier.access import active_people
from argus_notifier.alerts.audience import Audience, admins
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Say
from argus_notifier.inbox import repository as inbox
from argus_notifier.inbox.schemas import notification_out
from argus_notifier.inbox.wishes import wishes_of

NOTIFICATIONS = Counter("argus_notifications_total", "Notifications put into inboxes", ["rule"])


async def tell_inboxes(
    transaction: Transaction, audience: Audience, occurrences: Sequence[Occurrence], say: Say
) -> None:
    """Write notifications, and promise them to whoever looks at the inbox now."""
    rows = await _rows(transaction.connection, audience, occurrences, say)
    _promise(transaction, audience, await inbox.add(transaction.connection, rows))


async def amend_inboxes(transaction: Transaction, audience: Audience, occurrence: Occurrence, say: Say) -> None:
    """Write the notification of this key again: it tells of more now, and was not read."""
    rows = await _rows(transaction.connection, audience, [occurrence], say)
    _promise(transaction, audience, await inbox.write_again(transaction.connection, rows))


async def _rows(
    connection: AsyncConnection, audience: Audience, occurrences: Sequence[Occurrence], say: Say
) -> list[dict[str, Any]]:
    shown = [one for one in occurrences if (one.ways.inbox if one.ways else one.of_kind.in_inbox)]
    if not shown:
        return []
    heads = frozenset[int]()
    if any(one.of_kind.for_admins and one.to is None for one in shown):
        heads = await admins(connection)
    people = await active_people(connection, set(audience.inboxes | heads))
    batch = shown[0].batch
    wishes = await wishes_of(
        connection,
        people,
        {one.kind for one in shown},
        batch_id=shown[0].batch_id,
        project=batch.project if batch else None,
    )
    at = now()
    rows: list[dict[str, Any]] = []
    for one in shown:
        hearing = audience.inboxes | heads if one.of_kind.for_admins and one.to is None else audience.inboxes
        for user_id in sorted(hearing & people.keys()):
            if not wishes.hears(user_id, one.of_kind, one.batch_id):
                continue
            said = say(one, people[user_id].preferred_locale)
            rows.append(
                {
                    "user_id": user_id,
                    "batch_id": one.batch_id,
                    "job_id": one.job_id,
                    "rule_id": one.kind,
                    "severity": one.severity,
                    "title": said.title,
                    "body": said.body,
                    "dedupe_key": one.key,
                    "count": one.count,
                    "made_by_rule": one.ways.rule_id if one.ways else None,
                    "batch_ids": list(one.batch_ids) or None,
                    "created_at": at,
                }
            )
    return rows


async def read_what_is_told_again(
    transaction: Transaction, audience: Audience, kind: str, batch_ids: Sequence[str], since: datetime
) -> None:
    """What inboxes were told of these batches by themselves is read: another notification tells of them all."""
    people = set(audience.inboxes)
    _promise(transaction, audience, await inbox.read_of_batches(transaction.connection, people, kind, batch_ids, since))


def _promise(transaction: Transaction, audience: Audience, written: Sequence[sa.Row[Any]]) -> None:
    for row in sorted(written, key=lambda row: row.id):
        NOTIFICATIONS.labels(row.rule_id).inc()
        message = wire.InboxMessage(
            user_id=row.user_id, notification=notification_out(row).model_dump(), project=audience.project
        )
        transaction.publish(wire.inbox_subject(row.user_id), wire.encode(message))
