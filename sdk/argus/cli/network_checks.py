"""What `argus doctor` looks at between here and the server: name, TLS, health, clock, token, intake of events."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from argus._delivery import READ, detail, judge
from argus._origins import find
from argus._transport import tls_context
from argus.cli.account import scope_of
from argus.cli.diagnosis import FAIL, WARN, WELL, Check
from argus.cli.errors import REFUSED, UNREACHABLE, CliError
from argus.cli.server import Server, explain

if TYPE_CHECKING:
    from argus._transport import Reply

_TIMEOUT_S = 5.0
# Charts put events in the order of the client's clock; ETAs and "stalled" compare it with the server's.
_SKEW_WARN_S = 5.0
_SKEW_FAIL_S = 300.0
_CERTIFICATE_DAYS = 14


def network(url: str, token: str | None) -> Iterator[Check]:
    """From the host's name to what the server says about the token; ends with the first that fails."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    for check in (name_of(host, port), tls(host, port) if parts.scheme == "https" else None):
        if check is not None:
            yield check
            if check.status == FAIL:
                return
    try:
        with Server(url, token, _TIMEOUT_S) as server:
            yield from _server(server)
    except CliError as error:
        yield Check("server", FAIL, error.what, error.todo if "doctor" not in error.todo else _UNREACHABLE, error.code)


_UNREACHABLE = "Is the server running, is the address right, does a firewall stand between?"


def name_of(host: str, port: int) -> Check:
    """Whether the name is known."""
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        return Check("dns", FAIL, f"{host}: {explain(error)}", "Is the name right?", UNREACHABLE)
    return Check("dns", WELL, f"{host} is {', '.join(sorted(addresses))}")


def tls(host: str, port: int) -> Check | None:
    """Whether the certificate is trusted, and for how long; None where a proxy stands between."""
    import urllib.request

    if urllib.request.getproxies_environment().get("https") and not urllib.request.proxy_bypass(host):
        return None
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_S) as plain,
            tls_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate, protocol = secure.getpeercert(), secure.version()
    except OSError as error:
        todo = "Name your authority's file in REQUESTS_CA_BUNDLE." if isinstance(error, ssl.SSLError) else _UNREACHABLE
        return Check("tls", FAIL, f"{host}:{port}: {explain(error)}", todo, UNREACHABLE)
    ends = str((certificate or {}).get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends) - time.time()) / 86400) if ends else None
    text = f"{protocol}, certificate good for {days} days" if days is not None else f"{protocol}"
    if days is not None and days < _CERTIFICATE_DAYS:
        return Check("tls", WARN, text, "Have it renewed.")
    return Check("tls", WELL, text)


def _server(server: Server) -> Iterator[Check]:
    started = time.perf_counter()
    health = server.reply("GET", "/health")
    milliseconds = (time.perf_counter() - started) * 1000
    ready = server.ask("GET", "/readyz")
    if ready.ok:
        its_version = (server.decoded(ready) or {}).get("version", "of an unknown version")
        yield Check("server", WELL, f"Argus {its_version} is ready and answers in {milliseconds:.0f} ms")
    else:
        waiting = ", ".join((server.decoded(ready) or {}).get("waiting_for", [])) or f"HTTP {ready.status}"
        yield Check("server", WARN, f"answers, but is not ready: {waiting}", "Events wait in journals until it is.")
    yield clock(health, time.time())
    yield from token_checks(server)


def clock(reply: Reply, now: float) -> Check:
    """How far this machine's clock is from the server's."""
    try:
        skew = now - parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return Check("clock", WELL, "the server tells no time")
    if abs(skew) < _SKEW_WARN_S:  # the header has whole seconds
        return Check("clock", WELL, "agrees with the server's")
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server's"
    return Check("clock", FAIL if abs(skew) > _SKEW_FAIL_S else WARN, text, "Synchronise it: charts show its times.")


def token_checks(server: Server) -> Iterator[Check]:
    """Who the token belongs to, and whether events are taken: an empty request makes none."""
    found = find("token", None, server.url)
    token = server.token()
    if token is None:
        yield Check("token", FAIL, "none is set", "Run `argus login`, or set ARGUS_TOKEN.", REFUSED)
        return
    me = server.ask("GET", "/api/auth/me")
    if not me.ok:
        error = server.refusal(me)
        yield Check("token", FAIL, f"{scope_of(token)} token: {error.what}", error.todo, error.code)
        return
    name = (server.decoded(me) or {}).get("username", "?")
    place = found.place if found.value == token else "--token"
    yield Check("token", WELL, f"{scope_of(token)} token of {name} ({place})")
    probe = server.ask("POST", "/api/events/batch", b'{"events":[]}', {"Content-Type": "application/json"})
    yield intake(probe)


def intake(probe: Reply) -> Check:
    """What the answer to an empty request says of a full one: 422 and 400 are about its emptiness."""
    if probe.status == 429:
        wait = probe.headers.get("retry-after", "?")
        return Check("events", WARN, f"the rate limit is reached ({detail(probe)})", f"They go out again in {wait} s.")
    if probe.status in (401, 403):
        return Check("events", FAIL, f"{detail(probe)}", "Make a token of the scope reporter.", REFUSED)
    if probe.status >= 500:
        return Check("events", WARN, f"not taken now (HTTP {probe.status})", "They wait in journals meanwhile.")
    if judge(probe).action == READ or probe.status in (400, 422):
        return Check("events", WELL, "are taken")
    if probe.ok:
        return Check(
            "events", FAIL, "the answer is no Argus server's", "Is the address right, is a login page before it?"
        )
    return Check("events", FAIL, f"HTTP {probe.status}: {detail(probe)}", "Is the address complete?")
