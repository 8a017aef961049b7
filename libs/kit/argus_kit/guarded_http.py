"""An HTTP client for addresses that a person may have named (`argus_kit.outbound`): each request is looked at, those
that a redirect asks for too, and answers are bounded in size and time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

import httpx

from argus_kit.addresses import IPAddress, IPNetwork, parse_allow
from argus_kit.outbound import CONNECT_S, OutboundFailed, OutboundRefused, Resolve, check_host
from argus_kit.settings import Settings

TOTAL_S = 15.0
MAX_BYTES = 2 * 1024 * 1024


def guarded_client(
    settings: Settings, *, resolve: Resolve | None = None, max_bytes: int = MAX_BYTES, total_s: float = TOTAL_S
) -> httpx.AsyncClient:
    """An HTTP client for addresses that others named. It takes no proxy from the environment and follows no redirect.

    Requests raise OutboundRefused and OutboundFailed besides httpx's own errors.
    """
    allow = parse_allow(settings.outbound_allow)
    return httpx.AsyncClient(
        transport=GuardedTransport(allow, resolve=resolve, max_bytes=max_bytes, total_s=total_s),
        timeout=httpx.Timeout(total_s, connect=CONNECT_S),
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
