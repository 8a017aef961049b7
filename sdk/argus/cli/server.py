"""The server as commands see it: JSON in and out, and every failure a `CliError`."""

from __future__ import annotations

import json
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from argus._delivery import detail
from argus._origins import find
from argus._settings import token_source
from argus._transport import HttpTransport, Unreachable
from argus.cli.errors import NOT_WELL, REFUSED, UNREACHABLE, USAGE, CliError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from argus._transport import Reply

TIMEOUT_S = 15.0
TOKENS_PAGE = "/settings/tokens"
_CAUSES = {
    socket.gaierror: "there is no host of that name",
    ConnectionRefusedError: "nothing listens there (connection refused)",
    TimeoutError: "it did not answer in time",
    ConnectionResetError: "it closed the connection",
}


class Server:
    """One server and one credential. A context manager; every call raises `CliError`."""

    def __init__(self, url: str, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Raises `CliError` where `url` is no address."""
        self.url = url
        self.token = token_source(token, url)
        try:
            self.transport = HttpTransport(url, self.token, timeout_s)
        except ValueError as error:
            raise CliError(USAGE, f"{error}.", "It looks like https://argus.example.org") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.transport.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer; parameters that are None are left out."""
        return self.decoded(self.reply("GET", with_query(path, params)))

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer to a JSON body."""
        encoded = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self.decoded(self.reply("POST", path, encoded, headers))

    def delete(self, path: str) -> Any:
        """The JSON answer."""
        return self.decoded(self.reply("DELETE", path))

    def reply(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """The whole answer, which is a good one."""
        reply = self.ask(method, path, body, headers)
        if not reply.ok:
            raise self.refusal(reply)
        return reply

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """The whole answer, whatever it is."""
        try:
            return self.transport.request(method, path, body, headers)
        except Unreachable as error:
            raise unreachable(self.url, error) from error

    def refusal(self, reply: Reply) -> CliError:
        """What an answer that is no good one means."""
        return refusal(self.url, reply, has_token=self.token() is not None)

    def decoded(self, reply: Reply) -> Any:
        """The JSON of an answer."""
        if not reply.body:
            return None
        try:
            return json.loads(reply.body)
        except ValueError as error:
            raise not_argus(self.url, reply.status) from error


def connect(url: str | None, token: str | None, timeout_s: float = TIMEOUT_S) -> Server:
    """The server of `--url` or of the settings. Raises `CliError` where none is set."""
    return Server(wanted_url(url), token, timeout_s)


def wanted_url(url: str | None) -> str:
    """The address of `--url` or of the settings. Raises `CliError` where none is set."""
    found = find("url", url).value
    if not found:
        raise CliError(USAGE, "No server is set.", "Run `argus login URL`, or set ARGUS_URL, or give --url.")
    return str(found)


def path_of(*parts: str) -> str:
    """A path under /api of ids and words; ids may hold anything."""
    return "/api/" + "/".join(quote(part, safe="") for part in parts)


def with_query(path: str, params: dict[str, Any]) -> str:
    """The path with its query; parameters that are None are left out."""
    given = {key: value for key, value in params.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def unreachable(url: str, error: Unreachable) -> CliError:
    """No answer came."""
    return CliError(UNREACHABLE, f"{url} cannot be reached: {explain(error)}.", "`argus doctor` looks for the cause.")


def explain(error: BaseException) -> str:
    """Why a connection failed, in words."""
    cause = error.__cause__ if isinstance(error, Unreachable) and error.__cause__ is not None else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({cause.reason or cause}); is it an http:// address?"
    words = next((text for kind, text in _CAUSES.items() if isinstance(cause, kind)), "")
    return words or str(cause) or type(cause).__name__


def refusal(url: str, reply: Reply, *, has_token: bool) -> CliError:
    """What a status other than 2xx means to a person."""
    words, status = detail(reply).rstrip("."), reply.status
    if status == 401 and not has_token:
        error = CliError(REFUSED, f"{url} wants a token, and none is set.", "Run `argus login`, or set ARGUS_TOKEN.")
    elif status == 401:
        error = CliError(REFUSED, f"{url} refuses your token: {words}.", "`argus login` replaces it.")
    elif status == 403:
        error = CliError(REFUSED, f"{url} does not allow this: {words}.", "`argus whoami` shows who you are there.")
    elif status == 404 and words == "Not Found":
        error = not_argus(url, status)
    elif status == 404:
        error = CliError(NOT_WELL, f"{words}.", f"`argus ls` lists what you may see on {url}.")
    elif status == 429:
        wait = reply.headers.get("retry-after", "a few")
        error = CliError(NOT_WELL, f"{url} is asked too often: {words}.", f"Try again in {wait} seconds.")
    elif status in (502, 503, 504):
        error = CliError(UNREACHABLE, f"{url} is not ready (HTTP {status}): {words}.", "Try again in a moment.")
    elif 300 <= status < 400:
        error = CliError(NOT_WELL, f"{url} points to {reply.headers.get('location')}.", "Use that address.")
    else:
        error = CliError(NOT_WELL, f"{url} answers HTTP {status}: {words}.")
    return error


def not_argus(url: str, status: int) -> CliError:
    """Somebody answers, but no Argus server."""
    return CliError(
        NOT_WELL, f"{url} answers (HTTP {status}), but not as an Argus server does.", "Is the address complete?"
    )
