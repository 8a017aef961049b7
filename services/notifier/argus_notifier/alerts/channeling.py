"""What an alert sends to channels: those of people who may see the batch, and the project's.

Of the events of one kind that come together one message is made, which counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.bus import EventBundle
from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.access import active_people, people_with_access
from argus_notifier.alerts.events import AlertEvent
from argus_notifier.alerts.wording import Words
from argus_notifier.channels import repository
from argus_notifier.delivery import repository as deliveries
from argus_schema.notifier import delivery

Say = Callable[[AlertEvent, str], Words]
"""An event in words, in a locale."""

# People read these; a machine that takes webhooks gets every one.
_READ_BY_PEOPLE: Final = frozenset({"feishu", "slack"})


async def tell_channels(
    connection: AsyncConnection,
    bundle: EventBundle,
    events: Sequence[AlertEvent],
    say: Say,
    *,
    url: str,
    pause_s: float,
) -> None:
    """Put messages into the queue."""
    people = await people_with_access(connection, bundle.batch_id, bundle.owner_id, bundle.project)
    channels = await repository.that_may_hear(connection, people, bundle.project)
    if not channels:
        return
    adders = await active_people(connection, {row.added_by_user_id for row in channels})
    heard = [
        row
        for row in channels
        if (adder := adders.get(row.added_by_user_id)) is not None
        and (row.project is None or adder.id in people or adder.is_admin)
    ]
    rows: list[dict[str, Any]] = []
    for kind, same in _by_kind(events).items():
        wanting = [row for row in heard if kinds.names_of(kind) & set(row.event_kinds)]
        recent = await _recently_told(connection, kind, [row.id for row in wanting], pause_s)
        rows += [
            {
                "kind": row.kind,
                "receiver": f"channel:{row.id}",
                "channel_id": row.id,
                "target": row.shown,
                "dedupe_key": f"{same[0].dedupe_key}:channel:{row.id}",
                **content(bundle, same, say(same[0], _locale(row, adders)), url=url),
            }
            for row in wanting
            if row.kind not in _READ_BY_PEOPLE or row.id not in recent
        ]
    await deliveries.add(connection, rows)


async def tell_house(
    connection: AsyncConnection, bundle: EventBundle, events: Sequence[AlertEvent], say: Say, *, url: str
) -> None:
    """Failures, to the Feishu bot that the environment names."""
    failures = {kind: same for kind, same in _by_kind(events).items() if same[0].alert.severity == "error"}
    rows = [
        {
            "kind": "feishu",
            "receiver": "feishu",
            "target": "Feishu",
            "dedupe_key": f"{same[0].dedupe_key}:feishu",
            **content(bundle, same, say(same[0], "en-US"), url=url),
        }
        for same in failures.values()
    ]
    await deliveries.add(connection, rows)


def content(bundle: EventBundle, same: Sequence[AlertEvent], said: Words, *, url: str) -> dict[str, Any]:
    """What a message about events of one kind says; the first of them stands for all."""
    first = same[0]
    facts = {
        "severity": first.alert.severity,
        "batch_id": bundle.batch_id,
        "project": bundle.project,
        "job_id": first.about_job,
        "count": len(same),
        "url": url,
    }
    more = f" (+{len(same) - 1})" if len(same) > 1 else ""
    return {
        "event_type": first.event_type,
        "batch_id": bundle.batch_id,
        "subject": f"{said.title}{more}",
        "body_text": said.body,
        "facts": facts,
    }


def _by_kind(events: Sequence[AlertEvent]) -> dict[str, list[AlertEvent]]:
    grouped: dict[str, list[AlertEvent]] = {}
    for event in events:
        grouped.setdefault(event.event_type, []).append(event)
    return grouped


def _locale(row: sa.Row[Any], adders: dict[int, sa.Row[Any]]) -> str:
    # A project's channel is read by many.
    return str(adders[row.user_id].preferred_locale) if row.user_id in adders else "en-US"


async def _recently_told(
    connection: AsyncConnection, event_type: str, channel_ids: Sequence[int], pause_s: float
) -> set[int]:
    d = delivery.c
    statement = sa.select(d.channel_id).where(
        d.event_type == event_type,
        d.created_at > now() - timedelta(seconds=pause_s),
        d.channel_id.in_(channel_ids),
    )
    return set((await connection.execute(statement)).scalars())
