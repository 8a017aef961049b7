"""A realtime service on a real port, readers of its streams, and events put on a real bus."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.events import encode_event, server_event
from argus_kit.app import Service, http_app
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.serve import Server, config
from argus_kit.testing import add_session, add_user, bearer_headers
from argus_realtime.app import SERVICE, parts
from argus_realtime.hub import Hub
from argus_realtime.limits import Limits
from argus_schema import ingest

_numbers = itertools.count(1)


class Frame(msgspec.Struct):
    """One frame as a browser sees it."""

    event: str
    data: object
    id: str | None = None
    retry: str | None = None
    text: bytes = b""


class Reader:
    """Reads one open stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._bytes = response.aiter_raw()
        self._buffer = b""

    async def frame(self, timeout_s: float = 5.0) -> Frame:
        """The next frame; fails when none comes, EOFError at the end of the stream."""
        async with asyncio.timeout(timeout_s):
            while b"\n\n" not in self._buffer:
                try:
                    self._buffer += await anext(self._bytes)
                except StopAsyncIteration:
                    raise EOFError from None
        text, _, self._buffer = self._buffer.partition(b"\n\n")
        fields = dict(line.split(b": ", 1) for line in text.split(b"\n"))
        data = msgspec.json.decode(fields[b"data"]) if b"data" in fields else None
        return Frame(
            event=fields.get(b"event", b"message").decode(),
            data=data,
            id=fields[b"id"].decode() if b"id" in fields else None,
            retry=fields[b"retry"].decode() if b"retry" in fields else None,
            text=text + b"\n\n",
        )

    async def next(self, event: str, timeout_s: float = 5.0) -> Frame:
        """The next frame of this name; others are passed over."""
        async with asyncio.timeout(timeout_s):
            while True:
                frame = await self.frame(timeout_s)
                if frame.event == event:
                    return frame

    async def all_until(self, event: str) -> list[Frame]:
        """Frames up to and with the first one of this name."""
        frames = [await self.frame()]
        while frames[-1].event != event:
            frames.append(await self.frame())
        return frames


class Live:
    """A running realtime service."""

    def __init__(self, platform: Platform, url: str) -> None:
        self.platform = platform
        self.database = platform.database
        self.url = url
        self.client = httpx.AsyncClient(base_url=url, timeout=10)

    @property
    def hub(self) -> Hub:
        return self.platform.get(Hub)

    @contextlib.asynccontextmanager
    async def open(self, path: str, credential: str | None = None, **params: str) -> AsyncIterator[Reader]:
        """Open a stream and read its hello."""
        headers = bearer_headers(credential) if credential else {}
        if last_id := params.pop("last_id", None):
            headers["Last-Event-ID"] = last_id
        async with self.client.stream("GET", path, params=params, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            yield Reader(response)

    async def refusal(self, path: str, credential: str | None = None, **params: str) -> httpx.Response:
        """The answer to a request that must not open a stream."""
        headers = bearer_headers(credential) if credential else {}
        return await self.client.get(path, params=params, headers=headers)

    async def batch(self, owner_id: int | None, project: str = "proj", jobs: tuple[str, ...] = ()) -> Batch:
        """A batch in the database."""
        number = next(_numbers)
        values = {
            "id": f"b{number}-{uuid.uuid4().hex[:6]}",
            "project": project,
            "owner_id": owner_id,
            "created_at": now(),
        }
        async with self.database.write() as connection:
            insert = sa.insert(ingest.batch).values(**values, status="running").returning(ingest.batch.c.batch_key)
            key = (await connection.execute(insert)).scalar_one()
            # Databases of different tests share one bus: keys must differ.
            fresh = uuid.uuid4().int % 10**12
            await connection.execute(
                sa.update(ingest.batch).where(ingest.batch.c.batch_key == key).values(batch_key=fresh)
            )
            for job_no, job_id in enumerate(jobs):
                row = {"batch_key": fresh, "job_no": job_no, "job_id": job_id}
                await connection.execute(sa.insert(ingest.job).values(row))
        return Batch(self, fresh, values["id"], project, owner_id)

    async def user(self, name: str, *, is_admin: bool = False) -> tuple[int, str]:
        """A person and their session."""
        user_id = await add_user(self.database, name, is_admin=is_admin)
        return user_id, await add_session(self.database, user_id)


class Batch:
    """A batch, and events of it."""

    def __init__(self, live: Live, key: int, id: str, project: str, owner_id: int | None) -> None:
        self.live = live
        self.key = key
        self.id = id
        self.project = project
        self.owner_id = owner_id

    async def emit(self, *events: tuple[str, str | None, dict]) -> list[str]:
        """Publish one bundle; returns the event ids."""
        made = [
            server_event(kind, batch_id=self.id, project=self.project, at=now(), job_id=job_id, data=data)
            for kind, job_id, data in events
        ]
        bundle = wire.EventBundle(
            batch_key=self.key,
            batch_id=self.id,
            project=self.project,
            owner_id=self.owner_id,
            host="node-1",
            flush_id=uuid.uuid4().hex,
            heads=[wire.EventHead(event.event_type, event.job_id, number) for number, event in enumerate(made, 1)],
            events=[msgspec.Raw(encode_event(event)) for event in made],
        )
        await self.live.platform.bus.publish(
            Outgoing(wire.event_subject(self.key), wire.encode(bundle), bundle.flush_id)
        )
        return [event.event_id for event in made]


class _TestServer(Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


@contextlib.asynccontextmanager
async def serving(settings, limits: Limits) -> AsyncIterator[Live]:
    platform = Platform(settings)
    service = Service(name="realtime", routers=SERVICE.routers, http_parts=lambda p: parts(p, limits))
    port = free_port()
    server = _TestServer(config(http_app(service, platform), host="127.0.0.1", port=port))
    task = asyncio.create_task(server.serve())
    live = Live(platform, f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(20):
            while not server.started or await platform.waits_for():
                await asyncio.sleep(0.02)
        yield live
    finally:
        await live.client.aclose()
        server.should_exit = True
        await task


@pytest.fixture
def limits() -> Limits:
    """Limits of the service under test; a test module may override them."""
    return Limits(recheck_s=3600)


@pytest.fixture
async def live(settings, limits) -> AsyncIterator[Live]:
    """A running realtime service on a fresh database and a real NATS."""
    async with serving(settings, limits) as running:
        yield running


@pytest.fixture
def serve_another(settings, limits):
    """Starts a further replica on the same database and NATS."""
    return lambda: serving(settings, limits)
