"""What NATS says of itself to whoever looks after it: version, room, streams, and how far consumers are behind.

Beside `argus_kit.bus`, the only module that talks to NATS: it asks once, and waits for nothing to come back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nats.aio.client import Client
from nats.errors import Error as NatsError

from argus_kit.bus import BusUnavailable


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream."""

    subjects: Sequence[str]
    replicas: int
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class BusState:
    """`max_bytes` is -1 where no limit is set; `pending` is by durable consumer."""

    version: str
    has_jetstream: bool
    bytes: int
    max_bytes: int
    streams: Mapping[str, StreamFacts]
    pending: Mapping[str, int]


async def look(url: str, *, timeout_s: float) -> BusState:
    """Ask once.

    Raises:
        BusUnavailable: it cannot be reached, or refuses us.
    """
    client = Client()
    try:
        async with asyncio.timeout(timeout_s):
            await client.connect(url, name="argus-doctor", connect_timeout=2, allow_reconnect=False, error_cb=_unheard)
            return await _asked(client)
    except (TimeoutError, NatsError, OSError) as error:
        raise BusUnavailable(str(error) or "no answer in time") from error
    finally:
        with contextlib.suppress(NatsError, OSError):
            await client.close()


async def _asked(client: Client) -> BusState:
    js = client.jetstream(timeout=2)
    version = str(client.connected_server_version)
    try:
        account = await js.account_info()
    except NatsError:
        return BusState(version, has_jetstream=False, bytes=0, max_bytes=-1, streams={}, pending={})
    streams: dict[str, StreamFacts] = {}
    pending: dict[str, int] = {}
    for info in await js.streams_info():
        name = info.config.name or ""
        streams[name] = StreamFacts(
            info.config.subjects or [], info.config.num_replicas or 1, info.state.messages, info.state.bytes
        )
        for consumer in await js.consumers_info(name):
            # One with a threshold is an older version's, whose work another does: the server is to forget it.
            if consumer.config.durable_name and not consumer.config.inactive_threshold:
                pending[consumer.config.durable_name] = consumer.num_pending or 0
    return BusState(version, True, account.storage, account.limits.max_storage, streams, pending)


async def _unheard(_: Exception) -> None:
    """What goes wrong is raised where it is asked."""
