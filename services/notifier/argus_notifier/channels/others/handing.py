"""Messages by a plug-in, and what an address leads to. For the event loop: plug-ins themselves run in threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argus_kit.clock import now
from argus_kit.guarded_http import guarded_client
from argus_kit.settings import Settings
from argus_notifier.channels.messages import Message
from argus_notifier.channels.others.line import Asked, Heard, Line, through
from argus_notifier.channels.others.plugins import AddressRefused, notify, plugin_of
from argus_notifier.channels.others.services import Service
from argus_notifier.delivery.machine import Outcome, Refused

_LONGEST_ANSWER: Final = 64 * 1024
# As many as deliveries are under way by default: one that waits for its service holds up no other.
_THREADS: Final = ThreadPoolExecutor(32, thread_name_prefix="apprise")


async def hand_over(settings: Settings, address: str, message: Message) -> Outcome:
    """One message to an address, and what came of it."""
    loop = asyncio.get_running_loop()
    async with guarded_client(settings, max_bytes=_LONGEST_ANSWER) as client:
        ask = through(client, loop)

        def run() -> Outcome:
            try:
                service, plugin = plugin_of(address)
            except AddressRefused as error:
                return Refused(str(error))
            return notify(plugin, Line(service, ask), message, address)

        return await loop.run_in_executor(_THREADS, run)


async def look_at(address: str) -> tuple[Service, list[tuple[str, int]]]:
    """The service of an address, and the hosts and ports that a message would be sent to. Sends nothing.

    Raises:
        AddressRefused: no channel can have it.
    """
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _rehearse, address)


def _rehearse(address: str) -> tuple[Service, list[tuple[str, int]]]:
    service, plugin = plugin_of(address)
    line = Line(service, _pretend)
    outcome = notify(plugin, line, Message("", "test", "Argus", "Argus", now(), {}), address)
    if not line.hosts:
        raise AddressRefused(outcome.error if isinstance(outcome, Refused) else "It leads nowhere.")
    return service, list(dict.fromkeys(line.hosts))


def _pretend(_asked: Asked, _within_s: float) -> Heard:
    return Heard(200, {}, b"{}")
