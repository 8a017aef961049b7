"""What is sent to channels: those of people who may hear of it, and the project's.

Of what happened of one kind at once one message is made, which counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.access import active_people
from argus_notifier.alerts.audience import Audience
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Say, Words
from argus_notifier.channels import repository
from argus_notifier.delivery import repository as deliveries
from argus_schema.notifier import delivery

# People read these; a machine that takes webhooks gets every one.
_READ_BY_PEOPLE: Final = frozenset({"feishu", "slack"})


async def tell_channels(
    connection: AsyncConnection,
    audience: Audience,
    occurrences: Sequence[Occurrence],
    say: Say,
    *,
    base_url: str,
    pause_s: float,
) -> None:
    """Put messages into the queue."""
    people = set(audience.people)
    channels = await repository.that_may_hear(connection, people, audience.project)
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
    for kind, same in _by_kind(occurrences).items():
        wanting = [row for row in heard if kinds.names_of(kind) & set(row.event_kinds)]
        recent = await _recently_told(connection, kind, [row.id for row in wanting], pause_s)
        rows += [
            {
                "kind": row.kind,
                "receiver": f"channel:{row.id}",
                "channel_id": row.id,
                "target": row.shown,
                "dedupe_key": f"{same[0].key}:channel:{row.id}",
                **content(same, say(same[0], _locale(row, adders)), base_url=base_url),
            }
            for row in wanting
            if row.kind not in _READ_BY_PEOPLE or row.id not in recent
        ]
    await deliveries.add(connection, rows)


async def tell_house(
    connection: AsyncConnection, occurrences: Sequence[Occurrence], say: Say, *, base_url: str
) -> None:
    """What is an error, to the Feishu bot that the environment names."""
    rows = [
        {
            "kind": "feishu",
            "receiver": "feishu",
            "target": "Feishu",
            "dedupe_key": f"{same[0].key}:feishu",
            **content(same, say(same[0], "en-US"), base_url=base_url),
        }
        for same in _by_kind([one for one in occurrences if one.severity == "error" and one.to is None]).values()
    ]
    await deliveries.add(connection, rows)


def content(same: Sequence[Occurrence], said: Words, *, base_url: str) -> dict[str, Any]:
    """What a message about occurrences of one kind says; the first of them stands for all."""
    first = same[0]
    facts = {
        "severity": first.severity,
        "batch_id": first.batch_id,
        "project": first.batch.project if first.batch else None,
        "job_id": first.job_id,
        "count": len(same),
        "url": base_url + first.path,
    }
    if first.host is not None:
        facts["host"] = first.host
    more = f" (+{len(same) - 1})" if len(same) > 1 else ""
    return {
        "event_type": first.kind,
        "batch_id": first.batch_id,
        "subject": f"{said.title}{more}",
        "body_text": said.body,
        "facts": facts,
    }


def _by_kind(occurrences: Sequence[Occurrence]) -> dict[str, list[Occurrence]]:
    grouped: dict[str, list[Occurrence]] = {}
    for one in occurrences:
        grouped.setdefault(one.kind, []).append(one)
    return grouped


def _locale(row: sa.Row[Any], adders: dict[int, sa.Row[Any]]) -> str:
    # A project's channel is read by many.
    return str(adders[row.user_id].preferred_locale) if row.user_id in adders else "en-US"


async def _recently_told(
    connection: AsyncConnection, kind: str, channel_ids: Sequence[int], pause_s: float
) -> set[int]:
    d = delivery.c
    statement = sa.select(d.channel_id).where(
        d.event_type == kind,
        d.created_at > now() - timedelta(seconds=pause_s),
        d.channel_id.in_(channel_ids),
    )
    return set((await connection.execute(statement)).scalars())
