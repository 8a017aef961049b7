"""Takes mails that other services ask for off the bus and into the database; from there they are delivered."""

from __future__ import annotations

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_kit.bus import Message, Reject
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.mail import repository
from argus_notifier.mail.rendering import letter
from argus_notifier.mail.server import current
from argus_notifier.settings import NotifierSettings

log = structlog.get_logger(__name__)


class MailConsumer(Part):
    """Stores each message of `argus.mail.send` once."""

    name = "mail-intake"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume(wire.WORK_STREAM, "notifier-mail", [wire.MAIL_SEND], self.handle)

    async def handle(self, message: Message) -> None:
        """One mail.

        Raises:
            Reject: the message is not a mail.
        """
        try:
            mail = wire.decode(wire.MailMessage, message.data)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Reject(str(error)) from error
        row = {
            "target": mail.to,
            "subject": mail.subject,
            "body_text": mail.body_text,
            "body_html": mail.body_html or letter(mail.locale, mail.subject, mail.body_text),
            "event_type": mail.event_type,
            # Without a key of its own, a mail is told from its redelivery by the message's id.
            "dedupe_key": mail.dedupe_key or f"message:{message.headers.get('Nats-Msg-Id', message.sequence)}",
        }
        async with self._platform.database.write() as connection:
            added = await repository.add(connection, [row])
            server = await current(connection, self._settings, self._platform)
        if added and not server.sends_mail:
            log.info("mail.no_server", mail_id=added[0].id, to=mail.to, event_type=mail.event_type)
