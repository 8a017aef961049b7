"""What is sent to channels: those of people who may hear of it, and the project's.

What happens of one kind at once was made one before (`grouping.admission`), and says how many it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.access import active_people
from argus_notifier.alerts.audience import Audience
from argus_notifier.alerts.mailing import pause_of
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Say, Words
from argus_notifier.channels import repository
from argus_notifier.grouping.holding import Again, Message, send_or_hold

# People read these, and have their pause; a machine that takes webhooks is told of each surge when it begins and ends.
_READ_BY_PEOPLE: Final = frozenset({"feishu", "slack", "apprise"})


async def tell_channels(
    connection: AsyncConnection,
    audience: Audience,
    occurrences: Sequence[Occurrence],
    say: Say,
    *,
    base_url: str,
    pause_s: float,
) -> None:
    """Put messages into the queue. To people, one that comes within the pause after another waits, and grows."""
    people = set(audience.people)
    channels = await _channels(connection, audience, occurrences[0])
    if not channels:
        return
    adders = await active_people(connection, {row.added_by_user_id for row in channels})
    heard = [
        row
        for row in channels
        if (adder := adders.get(row.added_by_user_id)) is not None
        and (row.project is None or adder.id in people or adder.is_admin)
    ]
    for one in occurrences:
        wanting = [row for row in heard if one.ways or kinds.names_of(one.kind) & set(row.event_kinds)]
        until = one.ways.until if one.ways else None
        for pause, some in ((pause_of(one, pause_s), True), (0.0, False)):
            messages = [
                _message(one, row, say, _locale(row, adders), base_url)
                for row in wanting
                if (row.kind in _READ_BY_PEOPLE) is some
            ]
            await send_or_hold(connection, messages, at=now(), pause_s=pause, until=until if some else None)


async def _channels(connection: AsyncConnection, audience: Audience, first: Occurrence) -> Sequence[sa.Row[Any]]:
    """Those that may hear of it: of people and of the project, and of a rule those that it names."""
    project = audience.project
    if first.ways is not None and first.batch is not None:
        project = first.batch.project
    found = await repository.that_may_hear(connection, set(audience.people), project)
    return found if first.ways is None else [row for row in found if row.id in first.ways.channels]


async def tell_house(
    connection: AsyncConnection, occurrences: Sequence[Occurrence], say: Say, *, base_url: str, pause_s: float
) -> None:
    """What is an error, to the Feishu bot that the environment names."""
    for one in occurrences:
        if one.severity == "error" and one.to is None:
            to = {"kind": "feishu", "receiver": "feishu", "target": "Feishu", "dedupe_key": f"{one.key}:feishu"}
            said = say(one, "en-US")
            message = Message({**to, **content(one, said, base_url=base_url)}, said.title, "en-US", _again(base_url))
            await send_or_hold(connection, [message], at=now(), pause_s=pause_s)


def _message(one: Occurrence, row: sa.Row[Any], say: Say, locale: str, base_url: str) -> Message:
    said = say(one, locale)
    to = {
        "kind": row.kind,
        "receiver": f"channel:{row.id}",
        "channel_id": row.id,
        "target": row.shown,
        "dedupe_key": f"{one.key}:channel:{row.id}",
    }
    return Message({**to, **content(one, said, base_url=base_url)}, said.title, locale, _again(base_url))


def _again(base_url: str) -> Again:
    def again(title: str, body: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        # It is about several things now: the inbox shows them all.
        of_one = {"batch_id": None, "job_id": None, "host": None, "url": f"{base_url}/inbox"}
        return {"subject": title, "body_text": body, "batch_id": None, "facts": of_one}

    return again


def content(one: Occurrence, said: Words, *, base_url: str) -> dict[str, Any]:
    """What a message says."""
    facts: dict[str, Any] = {
        "severity": one.severity,
        "batch_id": one.batch_id,
        "project": one.batch.project if one.batch else None,
        "job_id": one.job_id,
        "count": one.count,
        "url": base_url + one.path,
    }
    if one.host is not None:
        facts["host"] = one.host
    if one.batch_ids:
        facts["batches"], facts["batch_ids"] = one.data["batches"], list(one.batch_ids)
    if one.count > 1:
        facts["job_ids"], facts["reasons"] = one.data.get("job_ids"), one.data.get("reasons")
    return {
        "event_type": one.kind,
        "batch_id": one.batch_id,
        "subject": said.title,
        "body_text": said.body,
        "facts": facts,
    }


def _locale(row: sa.Row[Any], adders: dict[int, sa.Row[Any]]) -> str:
    # A project's channel is read by many.
    return str(adders[row.user_id].preferred_locale) if row.user_id in adders else "en-US"
