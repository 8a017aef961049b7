"""Fixtures of auth's tests: the app on a real database and a real NATS, with cheap password hashing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from identity_servers import Server, running

from argus_auth.app import SERVICE
from argus_auth.core import AuthCore
from argus_contracts import bus as wire
from argus_kit.app import http_app, worker_app
from argus_kit.bus import Message
from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_kit.testing import bearer_headers, eventually, make_settings, running_client

GOOD_PASSWORD = "correct horse 1"


class Somebody(NamedTuple):
    """A person who registered and logged in over HTTP."""

    id: int
    username: str
    email: str
    password: str
    jwt: str

    @property
    def headers(self) -> dict[str, str]:
        return bearer_headers(self.jwt)


SignUp = Callable[..., Awaitable[Somebody]]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_AUTH_ARGON2_TIME_COST", "1")
    monkeypatch.setenv("ARGUS_AUTH_ARGON2_MEMORY_KIB", "64")
    for name in ("ARGUS_GITHUB_CLIENT_ID", "ARGUS_GITHUB_CLIENT_SECRET", "ARGUS_SMTP_HOST", "ARGUS_SMTP_PASS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running HTTP app."""
    async with running_client(http_app(SERVICE, platform)) as opened:
        yield opened


@pytest.fixture
def core(client: httpx.AsyncClient, platform: Platform) -> AuthCore:
    """The core of the running app."""
    return platform.get(AuthCore)


@pytest.fixture
async def elsewhere(settings: Settings) -> AsyncIterator[Platform]:
    """Another process of the system, such as ingest, with an identity of its own."""
    other = Platform(settings, client_name="elsewhere")
    async with other.running():
        await other.bus.wait_until_ready(15)
        yield other


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Platform]:
    """The worker of auth, in a process of its own."""
    other = Platform(settings, client_name="auth-worker")
    async with running_client(worker_app(SERVICE, other)):
        yield other


@pytest.fixture
def sign_up(client: httpx.AsyncClient) -> SignUp:
    """Registers and logs in; the first one is the administrator."""

    async def sign_up(username: str = "ada", password: str = GOOD_PASSWORD) -> Somebody:
        email = f"{username}-{secrets.token_hex(4)}@example.org"
        body = {"username": username, "email": email, "password": password}
        registered = await client.post("/api/auth/register", json=body)
        assert registered.status_code == 201, registered.text
        answer = await client.post("/api/auth/login", json={"username_or_email": username, "password": password})
        assert answer.status_code == 200, answer.text
        return Somebody(registered.json()["user_id"], username, email, password, answer.json()["access_token"])

    return sign_up


@pytest.fixture
async def intruder(database: Database) -> Database:
    """The database in the hands of somebody with more rights than auth has: PostgreSQL's superuser, SQLite's file."""
    if database.is_sqlite:
        async with database.write() as connection:
            for change in ("update", "delete"):
                await connection.exec_driver_sql(f"drop trigger audit_log_no_{change}")
    return database


@pytest.fixture
async def mail_to(platform: Platform, client: httpx.AsyncClient) -> Callable[[str, str], Awaitable[wire.MailMessage]]:
    """Waits for a mail of a kind to an address, as notifier would get it."""
    box: list[wire.MailMessage] = []

    async def keep(message: Message) -> None:
        box.append(wire.decode(wire.MailMessage, message.data))

    await platform.bus.consume(wire.WORK_STREAM, "test-mail", [wire.ALL_MAIL], keep)

    async def mail_to(address: str, kind: str) -> wire.MailMessage:
        async def find() -> wire.MailMessage | None:
            return next((mail for mail in box if mail.to == address and mail.event_type == kind), None)

        found: wire.MailMessage = await eventually(find, 10)
        return found

    mail_to.box = box  # type: ignore[attr-defined]
    return mail_to


@pytest.fixture
async def sqlite_app(sqlite_database: Database, nats_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running app on SQLite only, for what does not touch the database's dialect."""
    platform = Platform(make_settings(tmp_path, str(sqlite_database.url), nats_url))
    async with running_client(http_app(SERVICE, platform)) as opened:
        yield opened


@pytest.fixture(scope="session")
def oidc_process() -> Iterator[Server]:
    """An OpenID Connect provider, in a process of its own."""
    with running("oidc_server.py") as server:
        yield server


@pytest.fixture
def oidc(oidc_process: Server) -> Server:
    """The same, well behaved, with nobody signed in."""
    callback = "http://localhost:8000/api/auth/oauth/oidc/{}/callback"
    oidc_process.control(reset=True, redirect_uris=[callback.format(slug) for slug in ("uni", "sso", "other")])
    return oidc_process


@pytest.fixture(scope="session")
def github_process() -> Iterator[Server]:
    """A stand-in for GitHub, in a process of its own."""
    with running("github_server.py") as server:
        yield server
