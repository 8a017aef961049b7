"""To which mail servers Argus connects. The one that the environment names is whoever runs Argus's own choice, often
inside of their network. One that an administrator names in a browser must be public, or allowed by
ARGUS_OUTBOUND_ALLOW or ARGUS_SMTP_HOST_ALLOWLIST: an administrator's account may be a thief's.
"""

from __future__ import annotations

import socket

from argus_kit.addresses import parse_allow
from argus_kit.outbound import MAIL_PORTS, check_host, connect
from argus_kit.settings import Settings
from argus_notifier.settings import NotifierSettings


async def connection_to(server: NotifierSettings, own: NotifierSettings, settings: Settings) -> socket.socket | None:
    """A connection to the mail server, at an address that was checked; None: the environment's own, unchecked.

    Args:
        server: the settings that say where.
        own: the environment's.
        settings: those of the process.

    Raises:
        OutboundRefused: it is not for Argus to call.
        OutboundFailed: it has no address, or nothing answers there.
    """
    if server.smtp_host == own.smtp_host and server.smtp_port in {own.smtp_port, *MAIL_PORTS}:
        return None
    allow = (*parse_allow(settings.outbound_allow), *parse_allow(own.smtp_host_allowlist))
    addresses = await check_host(server.smtp_host, server.smtp_port, allow=allow, ports=MAIL_PORTS)
    return await connect(addresses, server.smtp_port)
