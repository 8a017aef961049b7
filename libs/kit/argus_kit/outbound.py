"""Calls to servers that a person, and not whoever runs Argus, may have named: an identity provider, a webhook, a mail
server to be tried. They must not become a way into the network that Argus stands in (SSRF).

A host is resolved once; every address that it has must be public or allowed by `ARGUS_OUTBOUND_ALLOW`; and what is
connected to is the address that was looked at, so that a name which answers differently a second time (DNS rebinding)
gains nothing. Redirects pass the same check as any request. Answers are bounded in size and time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache

import httpx
import idna

from argus_contracts.errors import ErrorCode
from argus_kit.addresses import IPAddress, IPNetwork, is_public, parse_allow, spelled, within
from argus_kit.errors import ArgusError
from argus_kit.settings import Settings

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a name, as texts. Raises OSError when it has none."""

RESOLVE_S = 5.0
TOTAL_S = 15.0
MAX_BYTES = 2 * 1024 * 1024
_CONNECT_S = 5.0
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


async def connect(addresses: Sequence[IPAddress], port: int, timeout_s: float = _CONNECT_S) -> socket.socket:
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


def guarded_client(
    settings: Settings, *, resolve: Resolve | None = None, max_bytes: int = MAX_BYTES, total_s: float = TOTAL_S
) -> httpx.AsyncClient:
    """An HTTP client for addresses that others named. It takes no proxy from the environment and follows no redirect.

    Requests raise OutboundRefused and OutboundFailed besides httpx's own errors.
    """
    allow = parse_allow(settings.outbound_allow)
    return httpx.AsyncClient(
        transport=GuardedTransport(allow, resolve=resolve, max_bytes=max_bytes, total_s=total_s),
        timeout=httpx.Timeout(total_s, connect=_CONNECT_S),
        headers={"Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _trusted() -> ssl.SSLContext:
    # Reading all certificates takes 20 ms and more, in which nobody else is answered.
    return httpx.create_ssl_context()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Checks each request's host, then sends it to the checked address under the host's own name (Host, SNI)."""

    def __init__(
        self,
        allow: Sequence[IPNetwork | str],
        *,
        resolve: Resolve | None = None,
        max_bytes: int = MAX_BYTES,
        total_s: float = TOTAL_S,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # Connections are pooled by address: one that was opened for a host must not serve another that shares it.
        self._inner = inner or httpx.AsyncHTTPTransport(
            verify=_trusted(), limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._allow = allow
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._total_s = total_s

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        deadline = asyncio.get_running_loop().time() + self._total_s
        url = request.url
        port = _port(url)
        addresses = await check_host(url.host, port, allow=self._allow, resolve=self._resolve)
        async with _until(deadline):
            response = await self._send(request, addresses, port)
        try:
            self._look_at(response)
        except OutboundFailed:
            await response.aclose()
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Bounded(response.stream, self._max_bytes, deadline)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _send(self, request: httpx.Request, addresses: list[IPAddress], port: int) -> httpx.Response:
        for address in addresses:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=str(address), port=port),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": request.url.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address is addresses[-1]:
                    raise
        raise AssertionError("check_host gives at least one address")

    def _look_at(self, response: httpx.Response) -> None:
        # We asked for none: unpacked, a small answer may be a very large one.
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise OutboundFailed("The other server compressed its answer though it was asked not to.")
        declared = response.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._max_bytes:
            raise OutboundFailed("The other server's answer is too large.")


def _port(url: httpx.URL) -> int:
    if url.scheme not in {"http", "https"}:
        raise OutboundRefused(f"Argus does not call {url.scheme}: addresses.")
    if url.userinfo:
        raise OutboundRefused("An address with a user name or a password in it is not called.")
    return url.port or (443 if url.scheme == "https" else 80)


class _Bounded(httpx.AsyncByteStream):
    """The body of an answer, which ends with an error when it grows too large or takes too long."""

    def __init__(self, inner: httpx.AsyncByteStream, max_bytes: int, deadline: float) -> None:
        self._inner = inner
        self._left = max_bytes
        self._deadline = deadline

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = aiter(self._inner)
        while True:
            async with _until(self._deadline):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            self._left -= len(chunk)
            if self._left < 0:
                raise OutboundFailed("The other server's answer is too large.")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def _until(deadline: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise OutboundFailed("The other server took too long.") from error
