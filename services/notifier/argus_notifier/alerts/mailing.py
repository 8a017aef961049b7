"""Whom an occurrence is mailed to: people who may hear of it and want it, and the project's recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.access import active_people
from argus_notifier.alerts.audience import Audience
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Say, Words
from argus_notifier.grouping.holding import Message, send_or_hold
from argus_notifier.mail import repository as mails
from argus_notifier.mail.facts import NOTHING, About, facts_of
from argus_notifier.mail.rendering import Overrides, Rendered, render
from argus_notifier.templates.repository import overrides
from argus_notifier.templates.variables import for_reader, of_many, of_occurrence
from argus_notifier.unsubscribe.links import FACT, paths, recipient_path
from argus_schema.notifier import batch_subscription, recipient, subscription


@dataclass(frozen=True, slots=True)
class Addressee:
    """Someone to write to."""

    email: str
    locale: str
    unsubscribe_path: str
    user: Mapping[str, Any] | None = None


async def tell_mails(
    connection: AsyncConnection,
    audience: Audience,
    occurrences: Sequence[Occurrence],
    say: Say,
    *,
    base_url: str,
    pause_s: float,
) -> None:
    """Put mails into the queue. One that comes within the pause after another of its kind waits, and grows."""
    own = await overrides(connection)
    for one in occurrences:
        found = await addressees(connection, audience, one)
        about = await facts_of(connection, one) if found else NOTHING
        messages = [_mail(one, to, say, base_url, about=about, own=own) for to in found]
        until = one.ways.until if one.ways else None
        await send_or_hold(connection, messages, at=now(), pause_s=pause_of(one, pause_s), until=until)


def pause_of(one: Occurrence, pause_s: float) -> float:
    """How long nothing more of its kind leaves: what rules say has a throttle of its own."""
    return 0.0 if one.ways else pause_s


def _mail(one: Occurrence, to: Addressee, say: Say, base_url: str, *, about: About, own: Overrides) -> Message:
    said = say(one, to.locale)
    unsubscribe_url = base_url + to.unsubscribe_path

    def again(title: str, body: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        variables = of_many(Words(title, body), one.severity, base_url)
        made = render(one.kind, to.locale, for_reader(variables, facts.get(FACT, unsubscribe_url), to.user), own)
        return {**_texts(made), "batch_id": None}

    variables = of_occurrence(one, said, about.job, batch=about.batch, base_url=base_url)
    row = {
        "kind": mails.KIND,
        "receiver": mails.KIND,
        "target": to.email,
        **_texts(render(one.kind, to.locale, for_reader(variables, unsubscribe_url, to.user), own)),
        "facts": {FACT: unsubscribe_url},
        "event_type": one.kind,
        "batch_id": one.batch_id,
        "dedupe_key": f"{one.key}:{to.email.lower()}",
    }
    return Message(row, said.title, to.locale, again)


def _texts(made: Rendered) -> dict[str, str]:
    return {"subject": made.subject, "body_text": made.body_text, "body_html": made.body_html}


async def addressees(connection: AsyncConnection, audience: Audience, one: Occurrence) -> list[Addressee]:
    """Everyone who wants mail of this."""
    if one.ways is not None and not one.ways.mail:
        return []
    people = await active_people(connection, set(audience.people))
    wanting = await _who_want(connection, audience, one.kind, set(people), by_default=one.ways is not None)
    outside = await _recipients(connection, audience, one.kind)
    taken = {people[user_id].email.lower() for user_id in wanting}
    found = [
        Addressee(people[user_id].email, people[user_id].preferred_locale, path, _of_user(people[user_id]))
        for user_id, path in (await paths(connection, one.kind, wanting)).items()
    ]
    found += [
        Addressee(row.email, "en-US", recipient_path(row.unsubscribe_token))
        for row in outside
        if row.email not in taken
    ]
    return found


def _of_user(person: sa.Row[Any]) -> dict[str, Any]:
    return {"id": person.id, "username": person.username, "email": person.email}


async def _who_want(
    connection: AsyncConnection, audience: Audience, kind: str, people: set[int], *, by_default: bool = False
) -> list[int]:
    """A choice for the batch decides, else one for the project, else one for all, else the default."""
    names = kinds.names_of(kind)
    b, s = batch_subscription.c, subscription.c
    statement = sa.select(b.user_id, b.event_kinds).where(
        b.batch_id == audience.batch_id, b.user_id.in_(people), b.enabled.is_(True)
    )
    for_batch = {row.user_id: bool(names & set(row.event_kinds)) for row in await connection.execute(statement)}
    chosen = sa.select(s.user_id, s.project, s.enabled).where(
        s.user_id.in_(people), s.project.in_({"", audience.project or ""}), s.event_type.in_(names)
    )
    for_project: dict[int, bool] = {}
    # The empty project sorts first, so a choice for this project replaces it.
    for row in sorted(await connection.execute(chosen), key=lambda row: bool(row.project)):
        for_project[row.user_id] = row.enabled
    default = by_default or kinds.KINDS[kind].mailed
    return [user_id for user_id in sorted(people) if for_batch.get(user_id, for_project.get(user_id, default))]


async def _recipients(connection: AsyncConnection, audience: Audience, kind: str) -> list[sa.Row[Any]]:
    if audience.project is None:
        return []
    r = recipient.c
    statement: sa.Select[Any] = sa.select(r.email, r.event_kinds, r.unsubscribe_token, r.added_by_user_id).where(
        r.project == audience.project, r.enabled.is_(True)
    )
    names = kinds.names_of(kind)
    rows = [row for row in await connection.execute(statement) if names & set(row.event_kinds)]
    adders = await active_people(connection, {row.added_by_user_id for row in rows if row.added_by_user_id is not None})
    return [
        row
        for row in rows
        if row.added_by_user_id in adders
        and (row.added_by_user_id in audience.people or adders[row.added_by_user_id].is_admin)
    ]
