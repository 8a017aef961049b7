from __future__ import annotations

import asyncio
import os
import secrets

import httpx
import sqlalchemy as sa

from argus_auth.app import SERVICE
from argus_auth.core import AuthCore
from argus_auth.passwords import Passwords
from argus_kit.app import build_app, http_app
from argus_kit.platform import Platform
from argus_kit.testing import make_settings, running_client
from argus_schema import grants

GOOD_PASSWORD = "correct horse 1"


async def _register_and_mint(client: httpx.AsyncClient) -> None:
    body = {"username": "ada", "email": "ada@example.org", "password": GOOD_PASSWORD}
    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    login = {"username_or_email": "ada", "password": GOOD_PASSWORD}
    answer = await client.post("/api/auth/login", json=login)
    headers = {"Authorization": f"bearer {answer.json()['access_token']}"}
    made = await client.post("/api/tokens", json={"name": "x", "scope": "viewer"}, headers=headers)
    assert made.status_code == 201
    rotated = await client.post("/api/admin/jwt/rotate", headers=headers)
    assert rotated.status_code == 200


async def test_routes_and_worker_share_one_core_in_one_process(sqlite_database, nats_url, tmp_path):
    platform = Platform(make_settings(tmp_path, str(sqlite_database.url), nats_url))
    platform.add_outbox(SERVICE.name, SERVICE.outbox)
    platform.add(SERVICE.http_parts(platform))
    platform.add(SERVICE.worker_parts(platform))
    assert sum(isinstance(part, AuthCore) for part in platform.parts) == 1
    async with running_client(build_app(platform, "standalone", SERVICE.routers())) as client:
        await _register_and_mint(client)
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["waiting_for"]) == (200, [])


async def test_it_is_not_ready_before_it_can_take_as_long_for_strangers(
    sqlite_database, nats_url, tmp_path, monkeypatch
):
    begun, may_end, prepare = asyncio.Event(), asyncio.Event(), Passwords.prepare

    async def slow(passwords):
        begun.set()
        await may_end.wait()
        await prepare(passwords)

    monkeypatch.setattr(Passwords, "prepare", slow)
    platform = Platform(make_settings(tmp_path, str(sqlite_database.url), nats_url))
    async with running_client(http_app(SERVICE, platform)):
        await begun.wait()
        core = platform.get(AuthCore)
        assert core.waits_for() == "passwords"
        may_end.set()
        await core._preparing
        assert core.waits_for() is None


async def test_auth_needs_no_more_rights_than_its_role_has(postgres_database, nats_url, tmp_path):
    password = secrets.token_hex(8)
    async with postgres_database.engine.begin() as connection:
        await connection.run_sync(lambda sync: grants.apply(sync, {grants.role("auth"): password}))
    url = postgres_database.url.set(username=grants.role("auth"), password=password)
    platform = Platform(make_settings(tmp_path, url.render_as_string(hide_password=False), nats_url))
    async with running_client(http_app(SERVICE, platform)) as client:
        async with platform.database.read() as connection:
            assert (await connection.execute(sa.text("select current_user"))).scalar_one() == "argus_auth"
        await _register_and_mint(client)


async def test_it_starts_without_a_database_and_says_what_it_waits_for(nats_url, tmp_path):
    url = f"postgresql+asyncpg://nobody@127.0.0.1:1/none{os.getpid()}"
    platform = Platform(make_settings(tmp_path, url, nats_url))
    async with running_client(http_app(SERVICE, platform)) as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert {"signing-key", "database"} <= set(ready.json()["waiting_for"])
