"""What knowing the caller costs: `python -m bench.auth` prints JSON.

In one process, on SQLite, without a network: a check that is remembered (`warm`, microseconds), what it adds to a whole
request (`request`: the same route with and without), and the first one of a credential (`cold`, milliseconds: a
signature or argon2, and the database). Then a server of auth on a socket, into which clients of another process log in
as fast as they are answered (`storm`): how late its event loop comes to anything else meanwhile, sampled all 5 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from argus_kit.app import build_app
from argus_kit.platform import Platform
from argus_kit.policy import MayReadAccount
from argus_kit.ports import free_port
from argus_kit.testing import add_session, add_token, add_user, make_settings, nats_child
from argus_schema.migrate import migrate

Figures = dict[str, Any]

CHECKS = 20_000
REQUESTS = 3_000
COLD = 200
CLIENTS = 64
LOGINS = 4
PASSWORD = "benchmark of 2026, quietly"
_SAMPLE_S = 0.005


async def measure(quick: bool) -> Figures:
    """All of it; `quick` takes fewer of each."""
    share = 10 if quick else 1
    with tempfile.TemporaryDirectory(prefix="argus-bench-auth-") as folder:
        home = Path(folder)
        url = f"sqlite+aiosqlite:///{home / 'argus.db'}"
        await migrate(url)
        platform = Platform(make_settings(home, url, "nats://127.0.0.1:1", log_level="ERROR"))
        try:
            user = await add_user(platform.database)
            held = {
                "jwt": await add_session(platform.database, user),
                "token": await add_token(platform.database, user),
            }
            found = {
                "warm": await _warm(platform, held, CHECKS // share),
                "request": await _requests(platform, held, REQUESTS // share),
                "cold": await _cold(platform, held, COLD // share),
            }
        finally:
            await platform.database.close()
            await platform.cache.close()
    return found | {"storm": await _storm(CLIENTS, 1 if quick else LOGINS)}


async def _warm(platform: Platform, held: dict[str, str], times: int) -> Figures:
    found: Figures = {}
    for kind, credential in held.items():
        await platform.identity.resolve(credential)
        found[f"{kind}_us"] = await _each_us(lambda credential=credential: platform.identity.resolve(credential), times)
    return found


async def _requests(platform: Platform, held: dict[str, str], times: int) -> Figures:
    app = _app(platform)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {"without_us": lambda: _get(app, "/without", None)}
    for kind, credential in held.items():
        calls[f"{kind}_us"] = lambda credential=credential: _get(app, "/with", credential)
    # In turns, so that whatever else this machine does meets all of them alike.
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(10):
        for name, call in calls.items():
            rounds[name].append(await _each_us(call, times // 10))
    found: Figures = {name: round(statistics.median(values), 2) for name, values in rounds.items()}
    return found | {f"{kind}_adds_us": round(found[f"{kind}_us"] - found["without_us"], 2) for kind in held}


def _app(platform: Platform) -> FastAPI:
    router = APIRouter()

    @router.get("/without")
    async def without() -> dict[str, int]:
        return {"user": 1}

    @router.get("/with")
    async def with_(actor: MayReadAccount) -> dict[str, int]:
        return {"user": actor.user_id}

    return build_app(platform, "bench", [router])


async def _get(app: FastAPI, path: str, credential: str | None) -> None:
    headers = [(b"host", b"bench"), (b"accept", b"*/*")]
    if credential is not None:
        headers.append((b"authorization", b"Bearer " + credential.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
        "state": {},
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path} answered {message['status']}")

    await app(scope, receive, send)


async def _cold(platform: Platform, held: dict[str, str], times: int) -> Figures:
    found: Figures = {}
    for kind, credential in held.items():
        took = []
        for _ in range(times):
            platform.identity._remembered.clear()  # noqa: SLF001 (nothing but a benchmark wants it to forget)
            begin = time.perf_counter()
            await platform.identity.resolve(credential)
            took.append((time.perf_counter() - begin) * 1000)
        found[f"{kind}_p50_ms"], found[f"{kind}_p99_ms"] = _quantiles(took)
    return found


async def _each_us(call: Callable[[], Awaitable[Any]], times: int) -> float:
    """Microseconds a call: the median of ten rounds, so that a pause of the machine does not count."""
    rounds, each = [], max(times // 10, 1)
    for _ in range(10):
        begin = time.perf_counter()
        for _ in range(each):
            await call()
        rounds.append((time.perf_counter() - begin) / each * 1e6)
    return round(statistics.median(rounds), 2)


# -- the storm -------------------------------------------------------------------------------------------------------


async def _storm(clients: int, logins: int) -> Figures:
    async with _auth_server() as url:
        calm = await _lag_during(asyncio.sleep(2))
        people = await _register(url, clients)
        command = [sys.executable, "-m", "bench.auth", "--storm", url, "--people", ",".join(people)]
        child = await asyncio.create_subprocess_exec(
            *command, "--logins", str(logins), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        answers: list[tuple[bytes, bytes]] = []

        async def wait() -> None:
            answers.append(await child.communicate())

        lag = await _lag_during(wait())
    if child.returncode:
        raise RuntimeError(answers[0][1].decode()[-600:])
    found: Figures = json.loads(answers[0][0])
    return found | {
        "calm_loop_late_p99_ms": calm["p99_ms"],
        **{f"loop_late_{name}": value for name, value in lag.items()},
    }


@asynccontextmanager
async def _auth_server() -> AsyncIterator[str]:
    """Auth in this process's event loop, with the usual argon2; one address may knock as often as it likes."""
    from argus_auth.app import SERVICE
    from argus_kit.app import http_app
    from argus_kit.serve import Server, config

    os.environ |= dict.fromkeys(
        ("ARGUS_AUTH_ATTEMPTS_PER_MINUTE", "ARGUS_AUTH_ACCOUNTS_PER_HOUR", "ARGUS_AUTH_GUESSES_PER_MINUTE"), "1000000"
    )
    with tempfile.TemporaryDirectory(prefix="argus-bench-storm-") as folder, nats_child() as nats:
        home = Path(folder)
        database = f"sqlite+aiosqlite:///{home / 'argus.db'}"
        await migrate(database)
        platform = Platform(make_settings(home, database, f"nats://127.0.0.1:{nats.port}", log_level="ERROR"))
        port = free_port()
        server = Server(config(http_app(SERVICE, platform), host="127.0.0.1", port=port))
        serving = asyncio.create_task(server.serve())
        url = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=url) as client:
                while not await _is_ready(client):
                    await asyncio.sleep(0.05)
            yield url
        finally:
            server.should_exit = True
            await serving


async def _is_ready(client: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await client.get("/readyz")).status_code == 200
    return False


async def _register(url: str, count: int) -> list[str]:
    names = [f"bench-{number}" for number in range(count)]
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        for name in names:
            person = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            (await client.post("/api/auth/register", json=person)).raise_for_status()
    return names


async def _lag_during(work: Awaitable[Any]) -> Figures:
    """How late a timer of this loop is while `work` goes on, in milliseconds."""
    late: list[float] = []

    async def sample() -> None:
        while True:
            due = time.perf_counter() + _SAMPLE_S
            await asyncio.sleep(_SAMPLE_S)
            late.append(max(time.perf_counter() - due, 0.0) * 1000)

    sampler = asyncio.create_task(sample())
    try:
        await work
    finally:
        sampler.cancel()
    p50, p99 = _quantiles(late)
    return {"p50_ms": p50, "p99_ms": p99, "worst_ms": round(max(late), 2)}


async def _log_in(url: str, people: list[str], logins: int) -> Figures:
    took: list[float] = []

    async def one(client: httpx.AsyncClient, name: str) -> None:
        for _ in range(logins):
            begin = time.perf_counter()
            body = {"username_or_email": name, "password": PASSWORD}
            (await client.post("/api/auth/login", json=body)).raise_for_status()
            took.append((time.perf_counter() - begin) * 1000)

    limits = httpx.Limits(max_connections=len(people), max_keepalive_connections=len(people))
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as client:
        begin = time.perf_counter()
        await asyncio.gather(*(one(client, name) for name in people))
        seconds = time.perf_counter() - begin
    p50, p99 = _quantiles(took)
    return {"clients": len(people), "logins_per_second": round(len(took) / seconds, 1), "p50_ms": p50, "p99_ms": p99}


def _quantiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return round(statistics.median(ordered), 3), round(ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)], 3)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--storm", help="be the clients of a storm on this server")
    parser.add_argument("--people", default="")
    parser.add_argument("--logins", type=int, default=1)
    options = parser.parse_args()
    if options.storm:
        work = _log_in(options.storm, options.people.split(","), options.logins)
    else:
        work = measure(options.quick)
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main()
