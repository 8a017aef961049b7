"""The way out to channels: to an address that is public or that whoever runs Argus allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_kit.later import later
from argus_kit.outbound import OutboundFailed, OutboundRefused
from argus_kit.platform import Platform
from argus_kit.secretbox import SecretBoxError
from argus_kit.settings import Settings
from argus_notifier.channels import repository
from argus_notifier.channels.messages import ChannelKind, Message, post, read
from argus_notifier.delivery.machine import Backoff, Failed, Outcome, Refused
from argus_notifier.rules.from_file import WatchedFile
from argus_notifier.settings import NotifierSettings

if TYPE_CHECKING:
    import httpx
else:
    httpx = later("httpx")

_LONGEST_WAIT_S = 1800.0
_LONGEST_ANSWER = 64 * 1024


class ChannelTransport:
    """See Transport; one for each kind of channel."""

    def __init__(
        self, kind: ChannelKind, platform: Platform, settings: NotifierSettings, file: WatchedFile | None = None
    ) -> None:
        self._file = file
        self._kind = kind
        self._platform = platform
        self._settings = settings
        self.backoff = Backoff(
            first_s=settings.channel_retry_s,
            longest_s=_LONGEST_WAIT_S,
            attempts=settings.channel_attempts,
            give_up_after_s=settings.delivery_give_up_h * 3600,
        )

    async def places(self, connection: AsyncConnection) -> int:
        """See Transport."""
        return self._settings.channel_at_once

    async def send(self, row: sa.Row[Any]) -> Outcome:
        """See Transport. Address and secret are read now: they may have been changed since."""
        try:
            where = await self._where(row)
        except SecretBoxError as error:
            return Failed(str(error))
        if where is None:
            return Refused("The channel was removed or switched off.")
        message = Message(row.dedupe_key, row.event_type, row.subject, row.body_text, row.created_at, row.facts or {})
        return await hand_over(self._platform.settings, self._kind, where[0], where[1], message)

    async def _where(self, row: sa.Row[Any]) -> tuple[str, str] | None:
        if row.channel_id is None:
            # The one that the environment names, or the file of rules.
            of_file = self._file.current().feishu if self._file else ""
            url = self._settings.feishu_webhook.get_secret_value() or of_file
            return (url, "") if url else None
        async with self._platform.database.read() as connection:
            found = await repository.address(connection, row.channel_id)
        if found is None:
            return None
        box = self._platform.secret_box
        secret = box.decrypt(found.secret_encrypted).decode() if found.secret_encrypted else ""
        return box.decrypt(found.url_encrypted).decode(), secret


async def hand_over(settings: Settings, kind: ChannelKind, url: str, secret: str, message: Message) -> Outcome:
    """One message to a channel, and what came of it."""
    if kind == "apprise":
        # Imported by the first that needs it: it is larger than all of this service.
        from argus_notifier.channels.others.handing import hand_over as by_plugin

        return await by_plugin(settings, url, message)
    # httpx is loaded with the first message.
    from argus_kit.guarded_http import guarded_client

    request = post(kind, message, secret=secret, at=now())
    try:
        async with guarded_client(settings, max_bytes=_LONGEST_ANSWER) as client:
            answer = await client.post(url, content=request.body, headers=dict(request.headers))
    except OutboundRefused as error:
        return Refused(error.message)
    except OutboundFailed as error:
        return Failed(error.message)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Its text may hold the address, which is a secret.
        return Failed(f"The request failed: {type(error).__name__}.")
    return read(kind, answer.status_code, answer.headers, answer.content)
