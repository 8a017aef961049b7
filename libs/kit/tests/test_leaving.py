"""How a process leaves: it says so, answers on for a while, and then listens no more."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from argus_kit.app import Service, http_app, worker_app
from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.presence import PROBE, Presence, probe
from argus_kit.serve import Server, config
from argus_kit.settings import Settings
from argus_kit.testing import eventually


class Served:
    """A process's server within the test, and a client that keeps its connections."""

    def __init__(self, drain_s: float) -> None:
        self.presence = Presence(drain_s)
        self.presence.has_come = True
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()
        app = FastAPI()
        app.state.presence = self.presence
        app.include_router(probe())

        @app.get("/slow")
        async def slow() -> str:
            self.began.set()
            await self.goes_on.wait()
            return "done"

        self.port = free_port()
        self.server = Server(config(app, host="127.0.0.1", port=self.port))
        self.task = asyncio.create_task(self.server.serve())
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}")

    def ask_to_end(self) -> None:
        """SIGTERM arrives."""
        self.server.handle_exit(signal.SIGTERM, None)

    async def is_leaving(self) -> bool:
        return self.presence.is_leaving


@contextlib.asynccontextmanager
async def serving(drain_s: float) -> AsyncIterator[Served]:
    served = Served(drain_s)

    async def started() -> bool:
        return served.server.started

    try:
        await eventually(started)
        yield served
    finally:
        served.goes_on.set()
        served.ask_to_end()
        served.ask_to_end()
        await served.client.aclose()
        await served.task


class TestServer:
    @pytest.fixture(autouse=True)
    def patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open requests are not cut here, however slow this machine is."""
        monkeypatch.setenv("ARGUS_GRACE_S", "120")

    async def test_it_answers_on_and_each_answer_is_its_connections_last(self) -> None:
        async with serving(300) as served:
            before = await served.client.get(PROBE)
            assert (before.status_code, "connection" in before.headers) == (200, False)
            served.ask_to_end()
            await eventually(served.is_leaving)

            async def is_said() -> bool:
                answer = await served.client.get(PROBE)
                return (answer.status_code, answer.headers.get("connection")) == (503, "close")

            await eventually(is_said)
            assert not served.task.done()

    async def test_a_second_signal_cuts_it_short_and_open_requests_end(self) -> None:
        async with serving(300) as served:
            open_request = asyncio.create_task(served.client.get("/slow", timeout=30))
            await served.began.wait()
            served.ask_to_end()
            await eventually(served.is_leaving)
            served.ask_to_end()

            async def refuses() -> bool:
                async with httpx.AsyncClient() as another:
                    try:
                        await another.get(f"http://127.0.0.1:{served.port}{PROBE}")
                    except httpx.TransportError:  # refused, or let in and sent away while the door closed
                        return True
                return False

            await eventually(refuses)
            served.goes_on.set()
            assert (await open_request).text == '"done"'
            async with asyncio.timeout(30):
                await served.task


class TestPresence:
    async def test_a_process_takes_requests_once_it_was_ready_whatever_becomes_of_the_bus(
        self, database: Database, database_url: str, nats_url: str
    ) -> None:
        platform = Platform(Settings(db_url=database_url, nats_url=nats_url, drain_s=7))
        app = http_app(Service(name="executor", routers=lambda: ()), platform)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get(PROBE)).json() == {"status": "coming"}
            async with app.router.lifespan_context(app):

                async def takes() -> bool:
                    return (await client.get(PROBE)).status_code == 200

                await eventually(takes, 20)
                await platform.bus.link.client.close()
                assert (await client.get("/readyz")).status_code == 503
                assert await takes()
                assert platform.presence.drain_s == 7
                platform.presence.is_leaving = True
                assert (await client.get(PROBE)).json() == {"status": "leaving"}

    async def test_a_worker_is_not_waited_for(self, database_url: str, nats_url: str) -> None:
        platform = Platform(Settings(db_url=database_url, nats_url=nats_url, drain_s=7))
        worker_app(Service(name="executor", routers=lambda: ()), platform)
        assert platform.presence.drain_s == 0
        await platform.database.close()

    async def test_it_waits_for_the_tables_that_it_was_written_for(
        self, database: Database, database_url: str, nats_url: str
    ) -> None:
        async with database.write() as connection:
            newest = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar_one()
            await connection.execute(sa.text("update alembic_version set version_num = '0001'"))
        platform = Platform(Settings(db_url=database_url, nats_url=nats_url))
        async with platform.running():
            await platform.bus.wait_until_ready(20)
            assert await platform.waits_for() == ["migration"]
            async with database.write() as connection:
                await connection.execute(sa.text("update alembic_version set version_num = '9999'"))
            assert await platform.waits_for() == []
            assert newest < "9999"
