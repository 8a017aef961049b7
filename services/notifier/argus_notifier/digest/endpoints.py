"""Routes of the daily mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import Request

from argus_contracts.bus import DigestReply
from argus_kit.clock import iso, now
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayChangeAccount, MayReadAccount
from argus_kit.routing import APIRouter
from argus_notifier.access import active_people
from argus_notifier.digest import repository
from argus_notifier.digest.asking import ask
from argus_notifier.digest.clock import next_due
from argus_notifier.digest.letter import is_worth_telling, variables_of
from argus_notifier.digest.schemas import DigestIn, DigestOut, DigestPreview
from argus_notifier.mail.rendering import render
from argus_notifier.templates.repository import overrides
from argus_notifier.templates.sources import DIGEST
from argus_notifier.templates.variables import for_reader, sample
from argus_notifier.transactions import Writing, note

router = APIRouter(prefix="/api/me/digest", tags=["notifications"])


@router.get("")
async def read_digest(actor: MayReadAccount, connection: Reading) -> DigestOut:
    """When my daily mail comes."""
    return _out(await repository.find(connection, actor.user_id))


@router.put("")
async def replace_digest(actor: MayChangeAccount, transaction: Writing, body: DigestIn) -> DigestOut:
    """Choose when my daily mail comes, or that none does."""
    is_on = body.frequency != repository.OFF
    values = {**body.model_dump(), "next_at": next_due(now(), body.hour, body.zone) if is_on else None}
    before = await repository.find(transaction.connection, actor.user_id)
    if before is None or before.next_at is None:
        # What happened while none was wanted is not made up for.
        values["told_until"] = None
    row = await repository.save(transaction.connection, actor.user_id, values)
    note(transaction, "digest_set", actor.user_id, "user", actor.user_id, **body.model_dump())
    return _out(row)


@router.post("/preview")
async def preview_digest(actor: MayReadAccount, request: Request, body: DigestIn | None = None) -> DigestPreview:
    """The mail that I would get now, of the last 24 hours. Nothing is sent."""
    platform = platform_of(request)
    until = now()
    since = until - timedelta(days=1)
    told = await ask(platform.bus, actor.user_id, since, until)
    async with platform.database.read() as connection:
        person = (await active_people(connection, {actor.user_id}))[actor.user_id]
        row = await repository.find(connection, actor.user_id)
        own = await overrides(connection)
    zone = body.zone if body else row.zone if row else "UTC"
    locale, base = str(person.preferred_locale), platform.settings.public_url
    found = _variables(told, locale, base, since=since, until=until, zone=zone)
    user = {"id": person.id, "username": person.username, "email": person.email}
    made = render(DIGEST, locale, for_reader(found, "", user), own)
    return DigestPreview(
        subject=made.subject,
        body_html=made.body_html,
        body_text=made.body_text,
        is_sample=not is_worth_telling(told),
    )


def _variables(told: DigestReply, locale: str, base_url: str, **when: Any) -> dict[str, Any]:
    if not is_worth_telling(told):
        return sample(DIGEST, locale, base_url)
    return variables_of(told, locale=locale, base_url=base_url, **when)


def _out(row: sa.Row[Any] | None) -> DigestOut:
    if row is None:
        return DigestOut(frequency="off", zone="UTC", next_at=None, last_at=None)
    return DigestOut(
        frequency=row.frequency,
        hour=row.hour,
        zone=row.zone,
        next_at=iso(row.next_at),
        last_at=iso(row.told_until),
    )
