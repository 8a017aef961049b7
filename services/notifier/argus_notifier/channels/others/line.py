"""The one way out of a plug-in: whatever it asks `requests` for is sent by the guarded client instead.

Plug-ins connect by themselves, wherever their address leads. While one runs, what it hands to `requests` goes over its
`Line`: hosts are looked up once and checked, what was checked is what is connected to, no redirect is followed, and
certificates are verified whatever the plug-in says. Elsewhere in the process `requests` is as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import requests
from requests.adapters import HTTPAdapter

from argus_kit.outbound import OutboundFailed, OutboundRefused
from argus_notifier.channels.others.services import Service, answered
from argus_notifier.delivery.machine import Failed, Outcome, Refused, Sent

_MOST_REQUESTS: Final = 6
_LONGEST_S: Final = 40.0
# The client sets its own: a packed answer may be a very large one when it is unpacked.
_DROPPED: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a plug-in makes."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Ask = Callable[[Asked, float], Heard]
"""Sends a request within so many seconds. Raises OutboundRefused, OutboundFailed, or an error of httpx."""


class Line:
    """What one message of a plug-in may send, and what came of it.

    Attributes:
        hosts: that were asked, with their ports.
        outcomes: of each request.
    """

    def __init__(self, service: Service, ask: Ask) -> None:
        self._service = service
        self._ask = ask
        self._deadline = time.monotonic() + _LONGEST_S
        self.hosts: list[tuple[str, int]] = []
        self.outcomes: list[Outcome] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within this, in this thread, all that `requests` is asked for goes over this line."""
        before = _LINE.set(self)
        try:
            yield
        finally:
            _LINE.reset(before)

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """Send one request.

        Raises:
            requests.ConnectionError: it was refused or failed; plug-ins expect this one.
        """
        try:
            asked = self._asked(request)
            heard = self._ask(asked, self._deadline - time.monotonic())
        except OutboundRefused as error:
            raise self._noted(Refused(error.message)) from error
        except OutboundFailed as error:
            raise self._noted(Failed(error.message)) from error
        except (httpx.HTTPError, httpx.InvalidURL, CancelledError, TimeoutError, RuntimeError) as error:
            # Its text may hold the address, which is a secret.
            raise self._noted(Failed(f"The request failed: {type(error).__name__}.")) from error
        outcome = answered(self._service, heard.status, heard.headers, heard.body)
        if 300 <= heard.status < 400:
            raise self._noted(outcome)
        self.outcomes.append(outcome)
        return _response(request, asked, heard)

    def _asked(self, request: requests.PreparedRequest) -> Asked:
        parts = urlsplit(request.url or "")
        host = parts.hostname or ""
        if len(self.outcomes) >= _MOST_REQUESTS or time.monotonic() > self._deadline:
            raise OutboundFailed("The service asks for too much.")
        if not self._service.leads_to(host):
            raise OutboundRefused(f"{host} is no host of {self._service.name}.")
        self.hosts.append((host, parts.port or (443 if parts.scheme == "https" else 80)))
        body = request.body or b""
        if not isinstance(body, bytes | str):
            raise OutboundRefused("Files are not sent.")
        headers = {str(name): _text(value) for name, value in request.headers.items() if name.lower() not in _DROPPED}
        return Asked(
            request.method or "GET", request.url or "", headers, body.encode() if isinstance(body, str) else body
        )

    def _noted(self, outcome: Outcome) -> requests.ConnectionError:
        self.outcomes.append(outcome)
        return requests.ConnectionError("" if isinstance(outcome, Sent) else outcome.error)


def through(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> Ask:
    """Asks by a client that lives in a loop; for other threads than the loop's."""

    async def send(asked: Asked) -> Heard:
        answer = await client.request(asked.method, asked.url, headers=dict(asked.headers), content=asked.body)
        return Heard(answer.status_code, answer.headers, answer.content)

    def ask(asked: Asked, within_s: float) -> Heard:
        sending = send(asked)
        try:
            future = asyncio.run_coroutine_threadsafe(sending, loop)
        except RuntimeError:
            sending.close()
            raise
        try:
            return future.result(within_s)
        finally:
            future.cancel()

    return ask


_LINE: ContextVar[Line | None] = ContextVar("argus_apprise_line", default=None)
_theirs = HTTPAdapter.send


def _send(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
    line = _LINE.get()
    return _theirs(adapter, request, *args, **kwargs) if line is None else line.send(request)


HTTPAdapter.send = _send  # type: ignore[method-assign, assignment]


def _response(request: requests.PreparedRequest, asked: Asked, heard: Heard) -> requests.Response:
    made = requests.Response()
    made.status_code, made.url, made.request = heard.status, asked.url, request
    made.headers.update(heard.headers)
    made.encoding = requests.utils.get_encoding_from_headers(made.headers)
    made._content = heard.body  # noqa: SLF001 (their own adapter sets what it read in the same way)
    return made


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
