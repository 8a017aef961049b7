"""Transactions: what is committed, what is rolled back, and many writers on SQLite."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.app import Service, http_app
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform, Reading, writing
from argus_kit.routing import APIRouter
from argus_kit.testing import eventually, running_client
from argus_schema import auth as tables

USERS = tables.user


async def _insert(connection: AsyncConnection, name: str) -> None:
    values = {"username": name, "username_lower": name.lower(), "email": f"{name}@example.org", "created_at": now()}
    await connection.execute(sa.insert(USERS).values(values))


async def _names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(sa.select(USERS.c.username).order_by(USERS.c.id))).scalars())


class TestWrite:
    async def test_a_block_that_ends_is_committed(self, database: Database) -> None:
        async with database.write() as connection:
            await _insert(connection, "ada")
        assert await _names(database) == ["ada"]

    async def test_a_block_that_raises_is_rolled_back(self, database: Database) -> None:
        with pytest.raises(RuntimeError, match="halfway"):
            async with database.write() as connection:
                await _insert(connection, "ada")
                raise RuntimeError("halfway")
        assert await _names(database) == []

    async def test_a_refused_row_takes_the_whole_block_with_it(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await _insert(connection, "ada")
                await _insert(connection, "ada")
        assert await _names(database) == []

    async def test_a_cancelled_block_is_rolled_back_and_blocks_nobody(self, database: Database) -> None:
        async def slow() -> None:
            async with database.write() as connection:
                await _insert(connection, "slow")
                await asyncio.sleep(30)

        task = asyncio.create_task(slow())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5), database.write() as connection:
            await _insert(connection, "ada")
        assert await _names(database) == ["ada"]


class TestRead:
    async def test_a_reader_has_one_view_while_others_write(self, database: Database) -> None:
        count = sa.select(sa.func.count()).select_from(USERS)
        async with database.read() as reader:
            before = (await reader.execute(count)).scalar_one()
            async with database.write() as writer:
                await _insert(writer, "ada")
            after = (await reader.execute(count)).scalar_one()
        assert (before, after) == (0, 0)
        assert await _names(database) == ["ada"]

    async def test_one_statement_needs_no_transaction(self, postgres_database: Database) -> None:
        begun = sa.text("select transaction_timestamp()")
        async with postgres_database.read_once() as reader:
            first = (await reader.execute(begun)).scalar_one()
            assert (await reader.execute(begun)).scalar_one() > first
        # The connection goes back to the others as it was.
        async with postgres_database.read() as reader:
            first = (await reader.execute(begun)).scalar_one()
            assert (await reader.execute(begun)).scalar_one() == first

    async def test_one_statement_reads_what_was_committed(self, database: Database) -> None:
        async with database.write() as writer:
            await _insert(writer, "ada")
            async with database.read_once() as reader:
                before = (await reader.execute(sa.select(sa.func.count()).select_from(USERS))).scalar_one()
        async with database.read_once() as reader:
            after = (await reader.execute(sa.select(sa.func.count()).select_from(USERS))).scalar_one()
        assert (before, after) == (0, 1)

    async def test_what_is_asked_one_after_another_is_asked_of_the_connection_that_is_warm(
        self, database: Database
    ) -> None:
        async def driver(connection: AsyncConnection) -> object:
            return (await connection.get_raw_connection()).driver_connection

        async with database.read() as one, database.read() as other:
            assert await driver(one) is not await driver(other)
        asked = []
        for _ in range(4):
            async with database.read() as connection:
                asked.append(await driver(connection))
        assert all(one is asked[0] for one in asked)

    async def test_ping_answers(self, database: Database) -> None:
        await database.ping()


class TestSqliteWriters:
    async def test_many_concurrent_writers_all_succeed(self, sqlite_database: Database) -> None:
        async def write(number: int) -> None:
            async with sqlite_database.write() as connection:
                await connection.execute(sa.select(sa.func.count()).select_from(USERS))
                await _insert(connection, f"u{number:03}")

        await asyncio.gather(*(write(number) for number in range(120)))
        assert len(await _names(sqlite_database)) == 120

    async def test_two_processes_that_write_at_once_wait_for_each_other(
        self, sqlite_database: Database, tmp_path: Path
    ) -> None:
        # Two engines on one file stand for two processes: they share no lock in memory.
        other = Database(str(sqlite_database.url))

        async def write(database: Database, prefix: str) -> None:
            for number in range(20):
                async with database.write() as connection:
                    await connection.execute(sa.select(sa.func.count()).select_from(USERS))
                    await _insert(connection, f"{prefix}{number}")

        await asyncio.gather(write(sqlite_database, "a"), write(other, "b"))
        assert len(await _names(sqlite_database)) == 40
        await other.close()

    async def test_writers_that_are_cancelled_at_any_point_leave_no_lock_behind(
        self, sqlite_database: Database
    ) -> None:
        seed = random.Random(7)

        async def write(name: str) -> None:
            async with sqlite_database.write() as connection:
                await _insert(connection, name)

        for round_ in range(30):
            task = asyncio.create_task(write(f"r{round_}"))
            await asyncio.sleep(seed.random() * 0.004)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5):
            await write("last")
        assert "last" in await _names(sqlite_database)

    async def test_readers_go_on_while_a_writer_holds_the_lock(self, sqlite_database: Database) -> None:
        async with sqlite_database.write() as connection:
            await _insert(connection, "ada")
            async with asyncio.timeout(2):
                assert await _names(sqlite_database) == []


Writing = Annotated[Transaction, writing("auth")]


def _app(platform: Platform) -> FastAPI:
    router = APIRouter()

    @router.post("/users/{name}")
    async def add(name: str, transaction: Writing) -> dict[str, str]:
        await _insert(transaction.connection, name)
        return {"name": name}

    @router.post("/broken-commit")
    async def broken(transaction: Writing) -> dict[str, str]:
        # A session of nobody: the foreign key is checked when the transaction is committed.
        await transaction.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        values = {"jti": "j", "user_id": 4711, "issued_at": now(), "expires_at": now()}
        await transaction.connection.execute(sa.insert(tables.session).values(values))
        return {"answer": "looks fine"}

    @router.get("/users")
    async def names(connection: Reading) -> list[str]:
        return list((await connection.execute(sa.select(USERS.c.username))).scalars())

    return http_app(Service(name="auth", routers=lambda: (router,), outbox=tables.outbox), platform)


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(_app(platform)) as opened:
        yield opened


class TestRequest:
    async def test_one_request_is_one_transaction(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/users/ada")).status_code == 200
        assert (await client.post("/users/ada")).status_code == 500
        assert (await client.get("/users")).json() == ["ada"]

    @pytest.mark.parametrize("database_kind", ["sqlite"])
    async def test_an_error_in_the_commit_reaches_the_caller(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/broken-commit")
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "internal.error"
        assert (await client.post("/users/ada")).status_code == 200

    @pytest.mark.parametrize("database_kind", ["postgresql"])
    async def test_a_lost_database_is_503_and_comes_back(
        self, client: httpx.AsyncClient, platform: Platform, postgres_server: str
    ) -> None:
        name = platform.database.url.database
        admin = Database(postgres_server)

        async def run(statement: str) -> None:
            async with admin.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.exec_driver_sql(statement)

        await run(f"alter database {name} allow_connections false")
        await run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        answer = await client.get("/users")
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "storage.unavailable"
        assert int(answer.headers["Retry-After"]) >= 1
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["waiting_for"]) == (503, ["database"])
        await run(f"alter database {name} allow_connections true")
        await admin.close()

        async def is_back() -> bool:
            return (await client.get("/users")).status_code == 200

        await eventually(is_back)


class TestJson:
    @pytest.mark.parametrize("text", ['"\\ud800"', '{"a": [1e400, -1e400]}', '{"a": 1, "b": [null, 0.1]}'])
    async def test_what_a_database_may_hold_is_read_whatever_a_strict_reader_says(
        self, database: Database, text: str
    ) -> None:
        cast = "" if database.is_sqlite else "::json"
        query = sa.select(sa.literal_column(f"'{text}'{cast}", sa.JSON()))
        async with database.read() as connection:
            assert repr((await connection.execute(query)).scalar_one()) == repr(json.loads(text))
