"""Loops outlive their errors; leases have one holder; parts start and stop in order; probes name what is awaited."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import pytest

from argus_kit.app import Service, http_app, worker_app
from argus_kit.database import Database
from argus_kit.leases import Lease
from argus_kit.parts import LOOP_FAILURES, Loop, Part
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.routing import APIRouter
from argus_kit.settings import API_VERSION, Settings
from argus_kit.testing import eventually, make_settings, nats_child, running_client
from argus_schema import executor as tables


class TestLoop:
    async def test_it_goes_round_again(self) -> None:
        rounds = []

        async def round_() -> None:
            rounds.append(1)

        loop = Loop("test", round_, every_s=0.01)
        await loop.start()

        async def often() -> bool:
            return len(rounds) > 5

        await eventually(often)
        await loop.stop()
        count = len(rounds)
        await asyncio.sleep(0.05)
        assert len(rounds) == count

    async def test_a_kick_runs_it_now_also_one_during_a_round(self) -> None:
        begun, may_end, rounds = asyncio.Event(), asyncio.Event(), []

        async def round_() -> None:
            rounds.append(1)
            begun.set()
            await may_end.wait()

        loop = Loop("test", round_, every_s=3600)
        await loop.start()
        await begun.wait()
        loop.kick()
        may_end.set()

        async def twice() -> bool:
            return len(rounds) == 2

        await eventually(twice)
        loop.kick()

        async def thrice() -> bool:
            return len(rounds) == 3

        await eventually(thrice)
        await loop.stop()

    async def test_it_survives_its_errors_and_counts_them(self) -> None:
        rounds = []

        async def round_() -> None:
            rounds.append(1)
            if len(rounds) == 1:
                raise RuntimeError("once")

        before = LOOP_FAILURES.labels("test-errors")._value.get()
        loop = Loop("test-errors", round_, every_s=0.01)
        await loop.start()

        async def went_on() -> bool:
            return len(rounds) > 3

        await eventually(went_on)
        await loop.stop()
        assert LOOP_FAILURES.labels("test-errors")._value.get() == before + 1


class TestLease:
    async def test_sqlite_always_holds(self, sqlite_database: Database) -> None:
        assert await Lease(sqlite_database, "work").held()

    async def test_one_of_two_holds_until_it_lets_go(self, postgres_database: Database) -> None:
        one, two = Lease(postgres_database, "work"), Lease(postgres_database, "work")
        assert await one.held()
        assert await one.held()
        assert not await two.held()
        await one.release()
        assert await two.held()
        assert not await one.held()
        await two.release()

    async def test_leases_of_other_names_are_apart(self, postgres_database: Database) -> None:
        one, two = Lease(postgres_database, "one"), Lease(postgres_database, "two")
        assert await one.held()
        assert await two.held()
        await one.release()
        await two.release()

    async def test_asking_in_vain_uses_up_no_connection(self, postgres_database: Database) -> None:
        holder, other = Lease(postgres_database, "work"), Lease(postgres_database, "work")
        assert await holder.held()
        for _ in range(30):
            assert not await other.held()
        await holder.release()

    async def test_a_killed_holder_frees_it_at_once(self, postgres_database: Database) -> None:
        program = f"""
            import asyncio
            from argus_kit.database import Database
            from argus_kit.leases import Lease

            async def main():
                lease = Lease(Database({postgres_database.url.render_as_string(hide_password=False)!r}), "work")
                assert await lease.held()
                print("held", flush=True)
                await asyncio.sleep(60)

            asyncio.run(main())
        """
        holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        while await asyncio.to_thread(holder.stdout.readline) != b"held\n":
            assert holder.poll() is None
        lease = Lease(postgres_database, "work")
        assert not await lease.held()
        holder.kill()
        holder.wait(10)
        holder.stdout.close()
        await eventually(lease.held)
        await lease.release()

    async def test_a_holder_that_lost_its_connection_knows(self, postgres_database: Database) -> None:
        one, two = Lease(postgres_database, "work"), Lease(postgres_database, "work")
        assert await one.held()
        async with postgres_database.write() as connection:
            await connection.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid in "
                "(select pid from pg_locks where locktype = 'advisory')"
            )
        await eventually(two.held)
        assert not await one.held()
        await two.release()


class Recorder(Part):
    """A part that writes down what happens to it."""

    def __init__(self, name: str, journal: list[str], waits: str | None = None) -> None:
        self.name = name
        self.journal = journal
        self.waits = waits

    async def start(self) -> None:
        self.journal.append(f"start {self.name}")

    async def drain(self) -> None:
        self.journal.append(f"drain {self.name}")

    async def stop(self) -> None:
        self.journal.append(f"stop {self.name}")
        if self.name == "broken":
            raise RuntimeError("cannot stop")

    def waits_for(self) -> str | None:
        return self.waits


def make_platform(tmp_path: Path, database: Database, nats_url: str) -> Platform:
    return Platform(make_settings(tmp_path, str(database.url), nats_url))


class TestPlatform:
    async def test_parts_stop_in_reverse_and_one_that_cannot_holds_up_no_other(
        self, tmp_path: Path, sqlite_database: Database, nats_url: str
    ) -> None:
        platform, journal = make_platform(tmp_path, sqlite_database, nats_url), []
        platform.add([Recorder("one", journal), Recorder("broken", journal), Recorder("two", journal)])
        async with platform.running():
            await platform.drain()
        assert journal == [
            *(f"start {name}" for name in ("one", "broken", "two")),
            *(f"drain {name}" for name in ("one", "broken", "two")),
            *(f"stop {name}" for name in ("two", "broken", "one")),
        ]

    async def test_a_part_is_found_by_its_type(self, tmp_path: Path, sqlite_database: Database, nats_url: str) -> None:
        platform = make_platform(tmp_path, sqlite_database, nats_url)
        with pytest.raises(LookupError, match="Recorder"):
            platform.get(Recorder)
        part = Recorder("one", [])
        platform.add([part])
        assert platform.get(Recorder) is part

    async def test_an_outbox_is_added_once(self, tmp_path: Path, sqlite_database: Database, nats_url: str) -> None:
        platform = make_platform(tmp_path, sqlite_database, nats_url)
        assert platform.add_outbox("executor", tables.outbox) is platform.add_outbox("executor", tables.outbox)


class TestProbes:
    async def test_a_service_is_ready_and_says_how_it_is(
        self, tmp_path: Path, sqlite_database: Database, nats_url: str
    ) -> None:
        platform = make_platform(tmp_path, sqlite_database, nats_url)
        app = http_app(Service(name="executor", routers=lambda: (APIRouter(),), outbox=tables.outbox), platform)
        async with running_client(app) as client:
            ready = await client.get("/readyz")
            expected = {"status": "ready", "waiting_for": [], "version": API_VERSION}
            assert (ready.status_code, ready.json()) == (200, expected)
            for probe in ("/livez", "/health"):
                assert (await client.get(probe)).json() == {"status": "ok"}
            metrics = await client.get("/metrics")
            counted = 'argus_http_requests_total{method="GET",route="/livez",service="executor",status="200"}'
            assert counted in metrics.text
            await platform.drain()
            draining = await client.get("/readyz")
            assert (draining.status_code, draining.json()["waiting_for"]) == (503, ["draining"])

    async def test_routes_are_not_built_a_second_time(
        self, tmp_path: Path, sqlite_database: Database, nats_url: str
    ) -> None:
        platform = make_platform(tmp_path, sqlite_database, nats_url)
        router = APIRouter(prefix="/api/executor")

        @router.get("/one")
        async def one() -> None: ...

        app = http_app(Service(name="executor", routers=lambda: (router,), outbox=tables.outbox), platform)
        assert router.routes[0] in app.routes
        operation = app.openapi()["paths"]["/api/executor/one"]["get"]
        assert operation["operationId"] == "one"
        assert operation["responses"].keys() == {"200", "4XX"}

    async def test_a_worker_has_the_same_probes(self, tmp_path: Path, sqlite_database: Database, nats_url: str) -> None:
        journal: list[str] = []
        service = Service(
            name="executor", routers=lambda: (), worker_parts=lambda _: (Recorder("sweep", journal, "sweep"),)
        )
        async with running_client(worker_app(service, make_platform(tmp_path, sqlite_database, nats_url))) as client:
            assert journal == ["start sweep"]
            assert (await client.get("/readyz")).json()["waiting_for"] == ["sweep"]

    async def test_everything_that_is_awaited_is_named_and_life_goes_on(self, tmp_path: Path) -> None:
        with nats_child() as nats:
            nats.kill()
            missing = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"
            platform = Platform(make_settings(tmp_path, missing, f"nats://127.0.0.1:{nats.port}"))
            app = http_app(Service(name="executor", routers=lambda: ()), platform)
            transport = httpx.ASGITransport(app=app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://test") as client,
            ):
                ready = await client.get("/readyz")
                assert (ready.status_code, ready.json()["status"]) == (503, "waiting")
                assert ready.json()["waiting_for"] == ["nats", "database"]
                assert (await client.get("/livez")).status_code == 200
                nats.start()

                async def only_the_database() -> bool:
                    return (await client.get("/readyz")).json()["waiting_for"] == ["database"]

                await eventually(only_the_database, 15)

    async def test_the_lifespan_ends_quickly_without_nats(self, tmp_path: Path, sqlite_database: Database) -> None:
        platform = make_platform(tmp_path, sqlite_database, f"nats://127.0.0.1:{free_port()}")
        app = http_app(Service(name="executor", routers=lambda: (), outbox=tables.outbox), platform)
        begin = time.monotonic()
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.1)
        assert time.monotonic() - begin < 3


class TestSettings:
    def test_addresses_have_sensible_defaults(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path, host="0.0.0.0", port=9000)
        assert settings.public_url == "http://localhost:9000"
        assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path / 'argus.db'}"
        assert Settings(base_url="https://argus.example.org/").public_url == "https://argus.example.org"

    def test_the_environment_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARGUS_DB_POOL_SIZE", "3")
        monkeypatch.setenv("ARGUS_CONFIG_KEY", "a long enough key of the environment")
        settings = Settings()
        assert settings.db_pool_size == 3
        assert "long enough" not in repr(settings)
