"""Calls to servers that a person, and not whoever runs Argus, may have named: an identity provider, a webhook, a mail
server to be tried. They must not become a way into the network that Argus stands in (SSRF).

A host is resolved once; every address that it has must be public or allowed by `ARGUS_OUTBOUND_ALLOW`; and what is
connected to is the address that was looked at, so that a name which answers differently a second time (DNS rebinding)
gains nothing. What calls them by HTTP is `argus_kit.guarded_http`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import idna

from argus_contracts.errors import ErrorCode
from argus_kit.addresses import IPAddress, IPNetwork, is_public, spelled, within
from argus_kit.errors import ArgusError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a name, as texts. Raises OSError when it has none."""

RESOLVE_S = 5.0
CONNECT_S = 5.0
# Below 1024 stand services that an HTTP request or a greeting of SMTP could mislead.
_HTTP_PORTS = frozenset({80, 443, *range(1024, 65536)})
MAIL_PORTS = frozenset({25, 465, 587, 2525})


class OutboundRefused(ArgusError):
    """Argus does not connect there."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.OUTBOUND_REFUSED, message)


class OutboundFailed(ArgusError):
    """The other server could not be found, or its answer was too large or too slow."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.OUTBOUND_FAILED, message)


async def check_host(
    host: str,
    port: int,
    *,
    allow: Sequence[IPNetwork | str] = (),
    ports: frozenset[int] = _HTTP_PORTS,
    resolve: Resolve | None = None,
) -> list[IPAddress]:
    """The addresses of a host, each of which Argus may connect to.

    Args:
        host: a name or an address in any spelling.
        port: where a connection would go; one of `ports`, unless the host is allowed.
        allow: networks and names that may be called although they are not public.
        ports: ports that a public host may be called on.
        resolve: looks a name up; the system's resolver by default.

    Raises:
        OutboundRefused: an address or the port is not for Argus to call.
        OutboundFailed: the name has no address.
    """
    name = _name(host)
    addresses = await _addresses(name, port, resolve or _ask_system)
    networks = [entry for entry in allow if not isinstance(entry, str)]
    if name in allow:
        return addresses
    for address in addresses:
        if not is_public(address) and not within(address, networks):
            raise OutboundRefused(
                f"{host} is not a public address; whoever runs Argus may allow it in ARGUS_OUTBOUND_ALLOW."
            )
    if port not in ports and not all(within(address, networks) for address in addresses):
        raise OutboundRefused(f"Argus does not call port {port} of {host}.")
    return addresses


def _name(host: str) -> str:
    # One trailing dot says the same name; a host of dots, spaces or control characters says nothing.
    name = host.strip("[]").rstrip(".").lower()
    if not name or not name.isprintable() or set(name) & set(" /\\@?#%"):
        raise OutboundRefused(f"{host!r} is not the name of a host.")
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode().rstrip(".")
    except idna.IDNAError as error:
        raise OutboundRefused(f"{host!r} is not the name of a host.") from error


async def _addresses(name: str, port: int, resolve: Resolve) -> list[IPAddress]:
    address = spelled(name)
    if address is not None:
        return [address]
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await resolve(name, port)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise OutboundFailed(f"{name} has no address.") from error
    addresses = [ipaddress.ip_address(text) for text in dict.fromkeys(found)]
    if not addresses:
        raise OutboundFailed(f"{name} has no address.")
    return addresses


async def _ask_system(name: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def connect(addresses: Sequence[IPAddress], port: int, timeout_s: float = CONNECT_S) -> socket.socket:
    """A TCP connection to the first of the checked addresses that takes one.

    Raises:
        OutboundFailed: none does.
    """
    loop = asyncio.get_running_loop()
    for address in addresses:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(timeout_s):
                await loop.sock_connect(connection, (str(address), port))
        except (OSError, TimeoutError):
            connection.close()
            continue
        return connection
    raise OutboundFailed(f"Nothing answers on port {port}.")
