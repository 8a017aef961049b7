"""A try of a mail server that an administrator typed in: one mail, to themselves."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.outbound import OutboundFailed
from argus_kit.platform import Platform
from argus_notifier.mail.reach import connection_to
from argus_notifier.mail.schemas import TrialOut, TrialRequest
from argus_notifier.mail.server import current
from argus_notifier.mail.smtp import MailNotSent, MailRefused, compose, send
from argus_notifier.settings import NotifierSettings
from argus_notifier.transactions import note
from argus_schema import auth as tables

_AN_HOUR: Final = 10
_LONGEST_S: Final = 10.0
_STORED: Final = "***"


async def try_server(platform: Platform, actor: Actor, request: TrialRequest) -> TrialOut:
    """Send one mail to the caller through that server.

    Raises:
        RateLimited: ten an hour (429).
        ArgusError: mail.address_missing (400); outbound.refused (403), when Argus does not connect there.
    """
    wait_s = await platform.cache.take(f"smtp-test:{actor.user_id}", capacity=_AN_HOUR, per_second=_AN_HOUR / 3600)
    if wait_s > 0:
        raise RateLimited(wait_s)
    own = NotifierSettings()
    async with platform.database.read() as connection:
        address = await _address_of(connection, actor.user_id)
        stored = await current(connection, own, platform)
    server = _asked_for(request, stored)
    outcome = await _send(address, server, own, platform)
    # Only now a transaction: a mail server takes its time.
    async with platform.write("notifier") as transaction:
        target = f"{request.host}:{request.port}"
        note(transaction, "smtp_test", actor.user_id, "smtp", target, ok=outcome.ok)
    return outcome


async def _address_of(connection: AsyncConnection, user_id: int) -> str:
    found = await connection.execute(sa.select(tables.user.c.email).where(tables.user.c.id == user_id))
    address: str | None = found.scalar_one_or_none()
    if not address:
        raise ArgusError(ErrorCode.MAIL_ADDRESS_MISSING)
    return address


def _asked_for(request: TrialRequest, stored: NotifierSettings) -> NotifierSettings:
    password = request.password.get_secret_value() if request.password else ""
    if password == _STORED:
        # A stored password goes to the server that it is stored for, and to no other.
        is_same = (request.host, request.port) == (stored.smtp_host, stored.smtp_port)
        password = stored.smtp_pass.get_secret_value() if is_same else ""
    changes = {
        "smtp_host": request.host,
        "smtp_port": request.port,
        "smtp_user": request.username or "",
        "smtp_pass": password,
        "smtp_from": request.from_addr or stored.smtp_from,
        "smtp_use_tls": request.use_tls,
        "smtp_use_ssl": request.use_ssl,
        "smtp_timeout_s": _LONGEST_S,
    }
    return NotifierSettings(**(stored.model_dump() | changes))


async def _send(address: str, server: NotifierSettings, own: NotifierSettings, platform: Platform) -> TrialOut:
    mail = SimpleNamespace(
        id="trial",
        created_at=now(),
        target=address,
        subject="Argus: the mail server works",
        body_text="This mail was sent to try the mail server.\n",
        body_html=None,
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            message = compose(mail, server)
            await send(message, server, await connection_to(server, own, platform.settings))
    except TimeoutError:
        return TrialOut(ok=False, error=f"The mail server did not answer within {_LONGEST_S:.0f} s.")
    except (MailNotSent, MailRefused, OutboundFailed) as error:
        return TrialOut(ok=False, error=str(error)[:300])
    return TrialOut(ok=True, message=f"A mail is on its way to {address}.")
