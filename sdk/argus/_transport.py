"""HTTP to the server: one kept-alive connection, gzip, proxies from the environment. Standard library only.

Imported by the worker threads alone; `http.client` is too heavy for the user's import.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import os
import socket
import ssl
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from argus._version import USER_AGENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Compressing less than this costs more than it saves.
_GZIP_FROM = 1_024
_MOST_REPLY_BYTES = 32 * 1024 * 1024


class Unreachable(Exception):
    """No answer came: refused, reset, timed out, no such host, a TLS fault, or no HTTP at all."""


class Reply:
    """What the server answered."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class HttpTransport:
    """Requests to one server. Belongs to one thread."""

    def __init__(self, url: str, token: Callable[[], str | None], timeout_s: float) -> None:
        """`url` is the server's base URL, perhaps with a path; raises ValueError where it is none."""
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http:// or https:// address")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._proxy = _proxy_for(parts.scheme, parts.hostname)
        self._connection: http.client.HTTPConnection | None = None
        self._is_aborted = False
        self.timeout_s = timeout_s
        self.gzip = True

    @property
    def token(self) -> str | None:
        """The token that the next request will carry."""
        return self._token()

    def post_json(self, path: str, body: bytes) -> Reply:
        """POST a JSON body, compressed where that pays. Raises `Unreachable`."""
        headers = {"Content-Type": "application/json"}
        if self.gzip and len(body) >= _GZIP_FROM:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return self.request("POST", path, body, headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request and its whole reply. Raises `Unreachable`.

        A kept-alive connection that the server has closed meanwhile is opened anew once, for bodies that can be sent
        again; the server knows a repeated event by its id.
        """
        reused = self._connection is not None
        try:
            return self._round_trip(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            can_repeat = body is None or isinstance(body, bytes)
            if self._is_aborted or not reused or isinstance(error, TimeoutError) or not can_repeat:
                raise Unreachable(_sentence(error)) from error
        try:
            return self._round_trip(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_sentence(error)) from error

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
        """A GET whose answer is read as it comes, on a connection that is closed with it. Raises `Unreachable`."""
        self.close()
        try:
            response = self._send("GET", path, None, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_sentence(error)) from error
        try:
            yield response
        finally:
            response.close()
            self.close()

    def abort(self) -> None:
        """End a request that waits for its answer, from another thread: it raises `Unreachable`. No more are sent."""
        self._is_aborted = True
        connection = self._connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _round_trip(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None, headers: dict[str, str]
    ) -> Reply:
        response = self._send(method, path, body, headers)
        reply = Reply(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(_MOST_REPLY_BYTES),
        )
        if response.will_close or not response.isclosed():
            self.close()
        return reply

    def _send(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        connection = self._connect()
        token = self._token()
        all_headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "traceparent": traceparent(),
            **headers,
        }
        if token:
            all_headers["Authorization"] = f"Bearer {token}"
        target = f"{self._prefix}{path}"
        if self._proxy is not None and not self._secure:
            target = f"http://{_bracketed(self._host)}:{self._port}{target}"
            all_headers.update(self._proxy.authorization)
        connection.request(method, target, body=body, headers=all_headers)
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._open()
        self._connection.timeout = self.timeout_s
        if self._connection.sock is not None:
            self._connection.sock.settimeout(self.timeout_s)
        return self._connection

    def _open(self) -> http.client.HTTPConnection:
        host, port = (self._proxy.host, self._proxy.port) if self._proxy else (self._host, self._port)
        if not self._secure:
            return http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        connection = http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=tls_context())
        if self._proxy is not None:
            connection.set_tunnel(self._host, self._port, headers=self._proxy.authorization)
        return connection


class _Proxy:
    """An HTTP proxy named by `http_proxy`, `https_proxy` and `no_proxy`, as other clients read them."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        self.host = parts.hostname or "localhost"
        self.port = parts.port or 8080
        self.authorization: dict[str, str] = {}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.authorization["Proxy-Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"


def traceparent() -> str:
    """A trace of its own for each request (W3C Trace Context), which the server continues where it records traces."""
    ids = os.urandom(24).hex()
    return f"00-{ids[:32]}-{ids[32:]}-01"


def has_proxies() -> bool:
    """Whether the environment names proxies: reading them needs a module that nobody else should pay for."""
    return any(name.lower().endswith("_proxy") for name in os.environ)


def _proxy_for(scheme: str, host: str) -> _Proxy | None:
    if not has_proxies():
        return None
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass(host):
        return None
    return _Proxy(url)


def tls_context() -> ssl.SSLContext:
    """The system's authorities, or the bundle that users of the published client named for `requests`."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle and os.path.isdir(bundle):
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle or None)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__
