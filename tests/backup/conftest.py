"""A server with a bit of everything on it, on either database."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from argus_kit.database import Database
from argus_standalone.testing import ServerProcess

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], dict[str, str]]]:
    """Makes the variables that name a new, empty database: what a fresh server finds."""
    if request.param == "sqlite":
        yield dict
        return
    server: str = request.getfixturevalue("postgres_server")
    made: list[str] = []

    def make() -> dict[str, str]:
        made.append(f"drill_{secrets.token_hex(6)}")
        _on_server(server, f"create database {made[-1]}")
        url = sa.make_url(server).set(database=made[-1]).render_as_string(hide_password=False)
        return {"ARGUS_DB_URL": url}

    yield make
    for name in made:
        _on_server(server, f"drop database {name} with (force)")


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Makes servers, each with a folder of its own, surely ended after the test."""
    made: list[ServerProcess] = []

    def make(name: str, **environment: str) -> ServerProcess:
        made.append(ServerProcess(tmp_path / name, **environment))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait(10)


@pytest.fixture
def argus() -> Run:
    """Runs `argus-server` with variables."""

    def run(*arguments: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "argus_standalone.cli", *map(str, arguments)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
        done = subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def _on_server(url: str, statement: str) -> None:
    async def act() -> None:
        database = Database(url, pool_size=1)
        try:
            async with database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.exec_driver_sql(statement)
        finally:
            await database.close()

    # A test may be run within an event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, act()).result()
