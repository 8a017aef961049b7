"""Servers beside Argus: NATS with its streams and consumers, Redis, the mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib
from sqlalchemy.exc import SQLAlchemyError

from argus_contracts.bus import STREAMS
from argus_kit.bus import BusUnavailable
from argus_kit.bus_state import look
from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_notifier.mail.server import current
from argus_notifier.settings import NotifierSettings
from argus_standalone.doctor.findings import Finding, explained, fail, ok, remark, warn
from argus_standalone.nats_child import address_file

_PATIENCE_S: Final = 5.0
_FAR_BEHIND: Final = 10_000
_NEARLY_FULL: Final = 0.85


def nats_url(of: Settings, *, is_own: bool) -> str | None:
    """Where NATS listens; of a standalone, where its child said that it does. None: it does not run."""
    if not is_own:
        return of.nats_url
    file = address_file(of.home / "nats")
    return file.read_text().strip() if file.exists() else None


async def nats(of: Settings, url: str) -> AsyncIterator[Finding]:
    """The connection, JetStream, its streams and how far consumers are."""
    place = f"{urlsplit(url).hostname}:{urlsplit(url).port or 4222}"
    try:
        state = await look(url, timeout_s=_PATIENCE_S)
    except BusUnavailable as error:
        todo = "Is it running, is the password in ARGUS_NATS_URL right, does a firewall stand between?"
        why = "Events are stored all the same; pages and notifications stand still."
        yield fail("nats", f"{place}: {error.message}", why, todo)
        return
    if not state.has_jetstream:
        yield fail("nats", f"{place} has no JetStream", "Argus keeps its streams there.", "Start nats-server with -js.")
        return
    yield ok("nats", f"NATS {state.version} at {place}, {state.bytes / 2**20:.0f} MiB kept")
    if state.max_bytes > 0 and state.bytes > _NEARLY_FULL * state.max_bytes:
        todo = "Raise max_file_store of nats-server, or give it a larger disk."
        yield warn(
            "nats", f"{state.bytes / state.max_bytes:.0%} of its room is taken", "Full, it stores nothing.", todo
        )
    for spec in STREAMS:
        stream = state.streams.get(spec.name)
        if stream is None:
            yield remark("nats", f"there is no stream {spec.name} yet", "The first process of Argus makes it.")
        elif not set(spec.subjects) <= set(stream.subjects):
            todo = "Start a process of this version: it adds what is missing."
            yield warn("nats", f"the stream {spec.name} lacks subjects of this version", "Their messages fail.", todo)
        elif stream.replicas < of.nats_replicas:
            todo = f"`nats stream edit {spec.name} --replicas {of.nats_replicas}`"
            what = f"the stream {spec.name} has {stream.replicas} copies, and ARGUS_NATS_REPLICAS is {of.nats_replicas}"
            yield warn("nats", what, "A lost server loses messages.", todo)
    for name, pending in sorted(state.pending.items()):
        if pending > _FAR_BEHIND:
            todo = "Is its worker running? Its log names what fails; more replicas of it read quicker."
            yield warn("nats", f"{name} is {pending:,} messages behind", "What it does comes late.", todo)


async def redis(of: Settings) -> AsyncIterator[Finding]:
    """Redis or Valkey."""
    from redis.asyncio import from_url
    from redis.exceptions import RedisError

    client = from_url(of.redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
    try:
        said = await client.info("server")
    except (RedisError, OSError) as error:
        todo = "Is it running, is the password in ARGUS_REDIS_URL right?"
        why = "Argus goes on; rate limits count for each process alone."
        yield warn("redis", explained(error), why, todo)
        return
    finally:
        await client.aclose()
    yield ok(
        "redis", f"{said.get('server_name', 'redis')} {said.get('valkey_version') or said.get('redis_version', '?')}"
    )


async def mail(platform: Platform) -> AsyncIterator[Finding]:
    """The mail server that is used now: does it answer, and does it speak TLS where it is to?"""
    own = NotifierSettings()
    try:
        async with platform.database.read() as connection:
            server = await current(connection, own, platform)
    except (SQLAlchemyError, OSError):
        server = own
    if not server.smtp_host:
        why = "Nobody can verify an address or reset a password by mail."
        yield remark("mail", "no mail server is named", f"{why} Set ARGUS_SMTP_HOST, or the page of mail settings.")
        return
    place = f"{server.smtp_host}:{server.smtp_port}"
    client = aiosmtplib.SMTP(
        hostname=server.smtp_host,
        port=server.smtp_port,
        use_tls=server.smtp_use_ssl,
        start_tls=server.smtp_use_tls and not server.smtp_use_ssl,
        timeout=_PATIENCE_S,
    )
    try:
        await client.connect()
        await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        todo = "Are host, port and TLS right (ARGUS_SMTP_*), does a firewall stand between? Mails wait meanwhile."
        yield fail("mail", f"{place}: {explained(error)}", "No mail leaves.", todo)
        return
    yield ok("mail", f"{place} answers; whether it takes mails says the trial mail in the administration")


def has_own_nats(of: Settings) -> bool:
    """Whether NATS is a standalone's child: nobody named another."""
    return of.nats_url == Settings.model_fields["nats_url"].default and of.database_url.startswith("sqlite")
