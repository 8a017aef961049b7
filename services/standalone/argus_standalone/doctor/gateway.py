"""What people and trainings reach: readiness, versions, routes, the clock, and whether a stream comes as it is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from argus_kit.settings import API_VERSION
from argus_standalone.doctor.findings import Finding, explained, fail, ok, remark, warn

_PATIENCE_S: Final = 5.0
_FIRST_FRAME_S: Final = 3.0
_SKEW_S: Final = 3.0
# One route of each service that refuses whoever brings no credential, in the envelope of Argus.
_ROUTES: Final = {
    "auth": ("GET", "/api/auth/me"),
    "ingest": ("POST", "/api/events/batch"),
    "catalog": ("GET", "/api/batches"),
    "realtime": ("GET", "/api/sse?channels=inbox"),
    "executor": ("GET", "/api/agents"),
    "notifier": ("GET", "/api/notifications"),
}


async def public(url: str, token: str) -> AsyncIterator[Finding]:
    """From the address to the first frame of a stream; ends where nothing answers."""
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S) as client:
        try:
            ready = await client.get("/readyz")
        except httpx.HTTPError as error:
            todo = "Is Argus running, is ARGUS_BASE_URL (or --url) right, is the certificate good?"
            yield fail("address", f"{url}: {explained(error)}", "Nobody reaches Argus there.", todo)
            return
        for finding in (_readiness(url, ready), _clock(ready)):
            if finding is not None:
                yield finding
        for name, (method, path) in _ROUTES.items():
            yield await _route(client, name, method, path)
        yield await _stream(client, token)


def _readiness(url: str, answer: httpx.Response) -> Finding:
    said = _json(answer)
    if "waiting_for" not in said:
        todo = "Is the address complete, is a login page or another program there?"
        return fail("address", f"{url}/readyz answers {answer.status_code}, and not as Argus does", "", todo)
    if said["waiting_for"]:
        waiting = ", ".join(map(str, said["waiting_for"]))
        return fail("address", f"{url} is not ready: it waits for {waiting}", "", "The lines above and below say why.")
    return ok("address", f"{url} is ready (Argus {said.get('version', '?')})")


def _clock(answer: httpx.Response) -> Finding | None:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    skew = (theirs - datetime.now(UTC)).total_seconds()
    if abs(skew) <= _SKEW_S:
        return ok("clock", "agrees with the server's")
    what = f"the server's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    return warn("clock", what, "Sessions, stalled runs and charts go by clocks.", "Run NTP on both.")


async def _route(client: httpx.AsyncClient, name: str, method: str, path: str) -> Finding:
    try:
        answer = await client.request(method, path, json={} if method == "POST" else None)
    except httpx.HTTPError as error:
        return fail("routes", f"{name}: {explained(error)}", "", "Look at the gateway's log.")
    said = _json(answer).get("error")
    if isinstance(said, dict) and said.get("code"):
        return ok("routes", f"{name} answers {method} {path.partition('?')[0]}")
    what = f"{name}: {method} {path.partition('?')[0]} answers {answer.status_code}, and not as Argus does"
    todo = "Does the gateway use this version's deploy/traefik/dynamic.yaml, and does the service run?"
    if answer.status_code < 500:
        todo = "A proxy in front must pass on paths as they are; routes are in deploy/traefik/dynamic.yaml."
    return fail("routes", what, "The gateway does not reach the service.", todo)


async def _stream(client: httpx.AsyncClient, token: str) -> Finding:
    if not token:
        why = "Give a token with --token or ARGUS_TOKEN to see whether a proxy in front holds frames back."
        return remark("stream", "live streams were not looked at", why)
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    try:
        async with (
            asyncio.timeout(_FIRST_FRAME_S),
            client.stream("GET", "/api/sse?channels=inbox", headers=headers) as it,
        ):
            if it.status_code != 200:
                await it.aread()
                code = _json(it).get("error", {}).get("code", "")
                return warn("stream", f"answers {it.status_code} {code}", "", "Use a token of the scope reporter.")
            async for chunk in it.aiter_bytes():
                if chunk:
                    return _framed(it, time.perf_counter() - began)
    except (TimeoutError, httpx.HTTPError):
        pass
    todo = (
        "Switch buffering off for /api/sse: nginx `proxy_buffering off;`, Apache `flushpackets=on`, Cloudflare and "
        "others: no cache and no compression for text/event-stream."
    )
    what = f"no frame came within {_FIRST_FRAME_S:.0f} s, and Argus sends one at once"
    return fail("stream", what, "A proxy in front holds the stream back: pages are not live.", todo)


def _framed(answer: httpx.Response, seconds: float) -> Finding:
    encoding = answer.headers.get("content-encoding")
    text = f"the first frame came after {1000 * seconds:.0f} ms"
    if encoding:
        why = "Compression gathers frames before it sends them."
        return warn("stream", f"{text}, compressed ({encoding})", why, "Leave text/event-stream uncompressed.")
    return ok("stream", text)


async def versions(targets: dict[str, str]) -> AsyncIterator[Finding]:
    """Whether all processes are of one version, and ready (ARGUS_READY_URLS says where they are)."""
    if not targets:
        return
    async with httpx.AsyncClient(timeout=_PATIENCE_S) as client:
        answers = await asyncio.gather(*(_asked(client, url) for url in targets.values()))
    found: dict[str, list[str]] = {}
    for name, said in zip(targets, answers, strict=True):
        if said is None:
            yield fail("processes", f"{name} does not answer", "", "Does it run? Its log says why not.")
            continue
        found.setdefault(str(said.get("version", "?")), []).append(name)
        if said.get("waiting_for"):
            waiting = ", ".join(map(str, said["waiting_for"]))
            yield fail("processes", f"{name} waits for {waiting}", "", "See what is said of that.")
    if len(found) > 1 or (found and API_VERSION not in found):
        told = "; ".join(f"{version}: {', '.join(sorted(names))}" for version, names in sorted(found.items()))
        why = f"This is argus-server {API_VERSION}. Versions are meant to differ for minutes, while an upgrade rolls."
        yield warn("processes", f"versions differ: {told}", why, "Finish the upgrade, or roll it back.")
    elif found:
        yield ok("processes", f"{sum(map(len, found.values()))} processes of version {API_VERSION}")


async def _asked(client: httpx.AsyncClient, url: str) -> dict[str, Any] | None:
    try:
        return _json(await client.get(f"{url}/readyz"))
    except httpx.HTTPError:
        return None


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        read = answer.json()
    except (ValueError, httpx.ResponseNotRead):
        return {}
    return read if isinstance(read, dict) else {}
