"""The durable consumer: every bundle passes here once; failures and ends become notifications and mails.

All that one bundle gives rise to is one transaction, and each row has a key of its own, so a bundle that comes again
after a crash changes nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.access import active_people
from argus_notifier.alerts.channeling import tell_channels, tell_house
from argus_notifier.alerts.events import ALERTS, AlertEvent, alerts_of
from argus_notifier.alerts.mailing import addressees
from argus_notifier.alerts.wording import Job, Words, letter, words
from argus_notifier.inbox import repository as inbox
from argus_notifier.inbox.schemas import notification_out
from argus_notifier.mail import repository as mails
from argus_notifier.mail.server import current
from argus_notifier.preferences import repository as preferences
from argus_notifier.settings import NotifierSettings
from argus_schema import ingest

NOTIFICATIONS = Counter("argus_notifications_total", "Notifications put into inboxes", ["rule"])

_AT_ONCE = 200


class AlertConsumer(Part):
    """Reads all events and tells people of some."""

    name = "alerts"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume(wire.LIVE_STREAM, "notifier", [wire.ALL_EVENTS], self.handle)

    async def handle(self, message: Message) -> None:
        """One bundle.

        Raises:
            Reject: the message is not a bundle.
        """
        try:
            bundle = wire.decode(wire.EventBundle, message.data)
            if not any(head.event_type in ALERTS for head in bundle.heads):
                return
            events = alerts_of(bundle)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Reject(str(error)) from error
        for begin in range(0, len(events), _AT_ONCE):
            async with self._platform.write("notifier") as transaction:
                await self._tell(transaction, bundle, events[begin : begin + _AT_ONCE])

    async def _tell(self, transaction: Transaction, bundle: wire.EventBundle, events: list[AlertEvent]) -> None:
        connection = transaction.connection
        if any(event.leaves for event in events) and await _others_run(connection, bundle.batch_key):
            events = [event for event in events if not event.leaves]
        jobs = await _jobs(connection, bundle.batch_key, {e.about_job for e in events if e.about_job})
        await self._notify_owner(transaction, bundle, events, jobs)
        url = f"{self._platform.settings.public_url}/batches/{bundle.batch_id}"
        pause_s = self._settings.mail_pause_s

        def say(event: AlertEvent, locale: str) -> Words:
            return _words(event, bundle, jobs, locale)

        await tell_channels(connection, bundle, events, say, url=url, pause_s=pause_s)
        if self._settings.feishu_webhook.get_secret_value():
            await tell_house(connection, bundle, events, say, url=url)
        server = await current(connection, self._settings, self._platform)
        if server.sends_mail:
            await self._write_mails(connection, bundle, events, jobs)

    async def _notify_owner(
        self, transaction: Transaction, bundle: wire.EventBundle, events: list[AlertEvent], jobs: dict[str, Job]
    ) -> None:
        connection = transaction.connection
        owner_id = bundle.owner_id
        owner = (await active_people(connection, {owner_id})).get(owner_id) if owner_id is not None else None
        if owner is None:
            return
        prefs = await preferences.prefs(connection, owner.id)
        at = now()
        rows = [
            {
                "user_id": owner.id,
                "batch_id": bundle.batch_id,
                "job_id": event.about_job,
                "rule_id": event.event_type,
                "severity": event.alert.severity,
                "title": said.title,
                "body": said.body,
                "dedupe_key": event.dedupe_key,
                "created_at": at,
            }
            for event in events
            if event.alert.pref is None or prefs[event.alert.pref]
            for said in [_words(event, bundle, jobs, owner.preferred_locale)]
        ]
        for row in sorted(await inbox.add(connection, rows), key=lambda row: row.id):
            NOTIFICATIONS.labels(row.rule_id).inc()
            shown = notification_out(row).model_dump()
            message = wire.InboxMessage(user_id=owner.id, notification=shown, project=bundle.project)
            transaction.publish(wire.inbox_subject(owner.id), wire.encode(message))

    async def _write_mails(
        self, connection: AsyncConnection, bundle: wire.EventBundle, events: list[AlertEvent], jobs: dict[str, Job]
    ) -> None:
        base = self._platform.settings.public_url
        rows: list[dict[str, Any]] = []
        # Of several events of one kind the first is mailed: the pause between two mails holds within a bundle too.
        for event in {event.event_type: event for event in reversed(events)}.values():
            found = await addressees(connection, bundle, event.event_type, pause_s=self._settings.mail_pause_s)
            for to in found:
                said = _words(event, bundle, jobs, to.locale)
                links = {"page_url": f"{base}/batches/{bundle.batch_id}", "unsubscribe_url": base + to.unsubscribe_path}
                rows.append(
                    {
                        "target": to.email,
                        "subject": f"[Argus] {said.title}",
                        "body_text": letter(said, locale=to.locale, **links),
                        "event_type": event.event_type,
                        "batch_id": bundle.batch_id,
                        "dedupe_key": f"{event.dedupe_key}:{to.email.lower()}",
                    }
                )
        await mails.add(connection, rows)


def _words(event: AlertEvent, bundle: wire.EventBundle, jobs: dict[str, Job], locale: str) -> Words:
    return words(event, bundle.batch_id, jobs.get(event.about_job or "", Job()), locale)


async def _others_run(connection: AsyncConnection, batch_key: int) -> bool:
    job = ingest.job.c
    running = sa.select(job.job_no).where(job.batch_key == batch_key, job.status == "running").limit(1)
    return (await connection.execute(running)).first() is not None


async def _jobs(connection: AsyncConnection, batch_key: int, job_ids: set[str]) -> dict[str, Job]:
    if not job_ids:
        return {}
    job = ingest.job.c
    statement = sa.select(job.job_id, job.model, job.dataset).where(job.batch_key == batch_key, job.job_id.in_(job_ids))
    return {row.job_id: Job(row.model, row.dataset) for row in await connection.execute(statement)}
