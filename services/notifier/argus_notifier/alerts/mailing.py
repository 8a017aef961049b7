"""Whom an occurrence is mailed to: people who may hear of it and want it, and the project's recipients."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.access import active_people
from argus_notifier.alerts.audience import Audience
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.wording import Say, letter
from argus_notifier.mail import repository as mails
from argus_schema.notifier import batch_subscription, delivery, recipient, subscription, unsubscribe_token


@dataclass(frozen=True, slots=True)
class Addressee:
    """Someone to write to."""

    email: str
    locale: str
    unsubscribe_path: str


async def tell_mails(
    connection: AsyncConnection,
    audience: Audience,
    occurrences: Sequence[Occurrence],
    say: Say,
    *,
    base_url: str,
    pause_s: float,
) -> None:
    """Put mails into the queue."""
    rows: list[dict[str, Any]] = []
    # Of several of one kind the first is mailed: the pause between two mails holds for what comes at once too.
    for one in {one.kind: one for one in reversed(occurrences)}.values():
        for to in await addressees(connection, audience, one.kind, pause_s=pause_s):
            said = say(one, to.locale)
            links = {"page_url": base_url + one.path, "unsubscribe_url": base_url + to.unsubscribe_path}
            rows.append(
                {
                    "target": to.email,
                    "subject": f"[Argus] {said.title}",
                    "body_text": letter(said, locale=to.locale, **links),
                    "event_type": one.kind,
                    "batch_id": one.batch_id,
                    "dedupe_key": f"{one.key}:{to.email.lower()}",
                }
            )
    await mails.add(connection, rows)


async def addressees(connection: AsyncConnection, audience: Audience, kind: str, *, pause_s: float) -> list[Addressee]:
    """Everyone who wants mail of this kind and had none of it for `pause_s` seconds."""
    people = await active_people(connection, set(audience.people))
    wanting = await _who_want(connection, audience, kind, set(people))
    outside = await _recipients(connection, audience, kind)
    taken = {people[user_id].email.lower() for user_id in wanting}
    outside = [row for row in outside if row.email not in taken]
    recent = await _recently_written(connection, kind, [*taken, *(row.email for row in outside)], pause_s)
    found = [
        Addressee(people[user_id].email, people[user_id].preferred_locale, path)
        for user_id, path in (await _unsubscribe_paths(connection, kind, wanting)).items()
        if people[user_id].email.lower() not in recent
    ]
    found += [
        Addressee(row.email, "en-US", f"/api/unsubscribe/recipient/{row.unsubscribe_token}")
        for row in outside
        if row.email not in recent
    ]
    return found


async def _who_want(connection: AsyncConnection, audience: Audience, kind: str, people: set[int]) -> list[int]:
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
    default = kinds.KINDS[kind].mailed
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


async def _recently_written(
    connection: AsyncConnection, kind: str, addresses: Iterable[str], pause_s: float
) -> set[str]:
    d = delivery.c
    statement = sa.select(sa.func.lower(d.target)).where(
        d.kind == mails.KIND,
        sa.func.lower(d.target).in_(list(addresses)),
        d.event_type == kind,
        d.created_at > now() - timedelta(seconds=pause_s),
    )
    return set((await connection.execute(statement)).scalars())


async def _unsubscribe_paths(connection: AsyncConnection, kind: str, user_ids: list[int]) -> dict[int, str]:
    at = now()
    tokens = {user_id: secrets.token_urlsafe(24) for user_id in user_ids}
    rows = [
        {"token": token, "user_id": user_id, "event_type": kind, "created_at": at} for user_id, token in tokens.items()
    ]
    if rows:
        await connection.execute(sa.insert(unsubscribe_token), rows)
    return {user_id: f"/api/unsubscribe?token={token}" for user_id, token in tokens.items()}
