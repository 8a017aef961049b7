"""Who is calling: good and bad credentials, and their end within a second."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Depends, FastAPI

from argus_contracts import bus as wire
from argus_contracts.tokens import new_token
from argus_kit import credentials
from argus_kit import identity as module
from argus_kit.actor import Actor
from argus_kit.app import Service, http_app
from argus_kit.bus import Bus
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.identity import Identity, current_actor
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_kit.testing import add_session, add_token, add_user, eventually, nats_child, running_client
from argus_kit.testing.people import TEST_KEY
from argus_schema import auth as tables


@pytest.fixture
def identity(database: Database) -> Identity:
    """Not started: it knows of no revocation but by asking the database again."""
    return Identity(database, Bus("nats://127.0.0.1:1"))


async def refused(identity: Identity, credential: str) -> str:
    with pytest.raises(ArgusError) as caught:
        await identity.resolve(credential)
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"] == "Bearer"
    return str(caught.value.code)


async def change(database: Database, table: sa.Table, **values: Any) -> None:
    async with database.write() as connection:
        await connection.execute(sa.update(table).values(**values))


class TestToken:
    @pytest.mark.parametrize(("prefix", "scope"), [("em_live_", "reporter"), ("em_view_", "viewer")])
    async def test_a_good_one_says_who_it_is(
        self, identity: Identity, database: Database, prefix: str, scope: str
    ) -> None:
        user = await add_user(database)
        actor = await identity.resolve(await add_token(database, user, prefix=prefix))
        assert (actor.user_id, actor.username, actor.kind, actor.scope) == (user, "ada", "token", scope)
        assert actor.may_write is (scope == "reporter")

    async def test_an_agents_token_names_the_agent(self, identity: Identity, database: Database) -> None:
        token = await add_token(database, await add_user(database), prefix="ag_live_", agent_id="host-1")
        actor = await identity.resolve(token)
        assert (actor.kind, actor.agent_id) == ("agent", "host-1")

    async def test_what_is_no_token_of_ours_is_refused(self, identity: Identity, database: Database) -> None:
        token = await add_token(database, await add_user(database))
        other = new_token("em_live").token
        swapped = token[:20] + ("a" if token[20] != "a" else "b") + token[21:]
        for bad in (other, swapped, token[:-1], token + "x", "em_live_short", token.replace("em_live", "em_view")):
            assert await refused(identity, bad) == "auth.token_invalid"

    async def test_the_right_key_id_with_another_secret_is_refused(
        self, identity: Identity, database: Database
    ) -> None:
        token = await add_token(database, await add_user(database))
        forged = new_token("em_live")
        await change(database, tables.api_token, key_id=forged.key_id)
        assert await refused(identity, forged.token) == "auth.token_invalid"
        assert await refused(identity, token) == "auth.token_invalid"

    async def test_revoked_expired_or_of_an_inactive_person(self, identity: Identity, database: Database) -> None:
        token = await add_token(database, await add_user(database))
        await change(database, tables.api_token, revoked_at=now())
        assert await refused(identity, token) == "auth.token_invalid"
        await change(database, tables.api_token, revoked_at=None, expires_at=now() - timedelta(seconds=1))
        assert await refused(identity, token) == "auth.token_invalid"
        await change(database, tables.api_token, expires_at=now() + timedelta(hours=1))
        await change(database, tables.user, is_active=False)
        assert await refused(identity, token) == "auth.owner_inactive"
        await change(database, tables.user, is_active=True)
        assert (await identity.resolve(token)).username == "ada"

    async def test_a_remembered_one_ends_at_its_time(self, identity: Identity, database: Database) -> None:
        token = await add_token(database, await add_user(database))
        await change(database, tables.api_token, expires_at=now() + timedelta(seconds=0.4))
        await identity.resolve(token)

        async def ended() -> bool:
            try:
                await identity.resolve(token)
            except ArgusError:
                return True
            return False

        await eventually(ended)

    async def test_many_requests_with_a_new_token_are_one_check(
        self, identity: Identity, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = []
        monkeypatch.setattr(credentials, "secret_fits", lambda *a: calls.append(a) or True)
        token = await add_token(database, await add_user(database))
        actors = await asyncio.gather(*(identity.resolve(token) for _ in range(50)))
        assert len(calls) == 1
        assert len(set(actors)) == 1

    async def test_a_caller_who_gives_up_takes_no_other_with_them(self, identity: Identity, database: Database) -> None:
        token = await add_token(database, await add_user(database))
        first = asyncio.create_task(identity.resolve(token))
        await asyncio.sleep(0)
        second = asyncio.create_task(identity.resolve(token))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).username == "ada"
        with pytest.raises(asyncio.CancelledError):
            await first

    async def test_a_warm_check_asks_neither_database_nor_argon2(
        self, identity: Identity, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = await add_token(database, await add_user(database))
        first = await identity.resolve(token)
        monkeypatch.setattr(database, "read", None)
        assert await identity.resolve(token) == first

    async def test_after_half_a_minute_the_database_is_asked_again_but_not_argon2(
        self, identity: Identity, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = await add_token(database, await add_user(database))
        await identity.resolve(token)
        monkeypatch.setattr(module, "RECHECK_S", 0.0)
        monkeypatch.setattr(credentials, "secret_fits", None)
        assert (await identity.resolve(token)).username == "ada"
        await change(database, tables.api_token, revoked_at=now())
        assert await refused(identity, token) == "auth.token_invalid"

    async def test_what_is_remembered_is_bounded(
        self, identity: Identity, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_MAX_REMEMBERED", 2)
        user = await add_user(database)
        for _ in range(4):
            await identity.resolve(await add_token(database, user))
        assert len(identity._remembered) == 2


def forged(claims: dict[str, Any], key: Any, *, algorithm: str = "EdDSA", kid: str | None = "test-key") -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


@pytest.mark.parametrize("database_kind", ["sqlite"])
class TestSession:
    @pytest.fixture
    async def session(self, database: Database) -> str:
        return await add_session(database, await add_user(database))

    @pytest.fixture
    def claims(self, session: str) -> dict[str, Any]:
        return jwt.decode(session, options={"verify_signature": False})

    async def test_a_good_one_says_who_it_is(self, identity: Identity, session: str, claims: dict[str, Any]) -> None:
        actor = await identity.resolve(session)
        assert (actor.username, actor.kind, actor.scope, actor.jti) == ("ada", "session", "full", claims["jti"])

    async def test_no_signature_is_refused(self, identity: Identity, claims: dict[str, Any]) -> None:
        def part(value: dict[str, Any]) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        for algorithm in ("none", "None", "NONE"):
            header = {"alg": algorithm, "typ": "JWT", "kid": "test-key"}
            assert await refused(identity, f"{part(header)}.{part(claims)}.") == "auth.session_invalid"

    async def test_another_key_under_the_same_kid_is_refused(self, identity: Identity, claims: dict[str, Any]) -> None:
        assert await refused(identity, forged(claims, Ed25519PrivateKey.generate())) == "auth.session_invalid"

    async def test_the_public_key_as_a_shared_secret_is_refused(
        self, identity: Identity, claims: dict[str, Any]
    ) -> None:
        public = TEST_KEY.public_key().public_bytes_raw()
        assert await refused(identity, forged(claims, public, algorithm="HS256")) == "auth.session_invalid"

    @pytest.mark.parametrize("kid", [None, "unknown", "../../etc/passwd", "' or 1=1 --"])
    async def test_an_unknown_kid_is_refused(self, identity: Identity, claims: dict[str, Any], kid: str | None) -> None:
        assert await refused(identity, forged(claims, TEST_KEY, kid=kid)) == "auth.session_invalid"

    @pytest.mark.parametrize(
        "edit",
        [
            {"exp": int(time.time()) - 5},
            {"iss": "someone"},
            {"jti": "another"},
            {"jti": 7},
            {"user_id": 4711},
            {"user_id": "1"},
            {"user_id": True},
            {"user_id": 1.0},
            {"exp": None},
            {"jti": None},
        ],
    )
    async def test_a_claim_that_is_wrong_or_missing(
        self, identity: Identity, claims: dict[str, Any], edit: dict[str, Any]
    ) -> None:
        edited = {key: value for key, value in (claims | edit).items() if value is not None}
        assert await refused(identity, forged(edited, TEST_KEY)) == "auth.session_invalid"

    async def test_a_session_that_has_ended_takes_its_tokens_along(
        self, identity: Identity, database: Database, session: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await identity.resolve(session)).session_ends_at is not None
        await change(database, tables.session, expires_at=now() - timedelta(seconds=1))
        monkeypatch.setattr(module, "RECHECK_S", 0.0)
        assert await refused(identity, session) == "auth.session_invalid"

    async def test_a_clock_that_is_a_little_ahead_logs_nobody_out(
        self, identity: Identity, claims: dict[str, Any]
    ) -> None:
        ahead = forged(claims | {"iat": int(time.time()) + 20}, TEST_KEY)
        assert (await identity.resolve(ahead)).username == "ada"

    @pytest.mark.parametrize("garbage", ["x", "a.b.c", "\u00e9.\u00e9.\u00e9", "eyJ.eyJ.sig", "." * 50, "\x00"])
    async def test_garbage_is_refused(self, identity: Identity, garbage: str) -> None:
        assert await refused(identity, garbage) == "auth.session_invalid"

    async def test_a_key_made_a_moment_ago_is_known(self, identity: Identity, database: Database) -> None:
        await refused(identity, forged({"x": 1}, Ed25519PrivateKey.generate(), kid="unknown"))
        session = await add_session(database, await add_user(database, "bob"))
        assert (await identity.resolve(session)).username == "bob"

    async def test_a_retired_key_verifies_no_longer(
        self, identity: Identity, database: Database, session: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await identity.resolve(session)
        await change(database, tables.signing_key, verifies_until=now() - timedelta(seconds=1))
        monkeypatch.setattr(module, "RECHECK_S", 0.0)
        monkeypatch.setattr(credentials, "RECHECK_S", 0.0)
        assert await refused(identity, session) == "auth.session_invalid"


class TestRevocation:
    @pytest.fixture
    async def started(self, platform: Platform) -> AsyncIterator[Platform]:
        async with platform.running():
            await platform.bus.wait_until_ready(15)
            yield platform

    @pytest.mark.parametrize("kind", ["token", "session", "user"])
    async def test_it_is_felt_within_a_second(self, started: Platform, database: Database, kind: str) -> None:
        user = await add_user(database)
        credential = await (add_session(database, user) if kind == "session" else add_token(database, user))
        actor = await started.identity.resolve(credential)
        if kind == "user":
            await change(database, tables.user, is_active=False)
        else:
            await change(database, tables.session if kind == "session" else tables.api_token, revoked_at=now())
        key = {"token": actor.key_id, "session": actor.jti, "user": str(user)}[kind]
        await started.bus.send(wire.AUTH_REVOKED, wire.encode(wire.Revoked(kind=kind, key=key or "", at=now())))

        async def ended() -> bool:
            try:
                await started.identity.resolve(credential)
            except ArgusError as error:
                return error.status == 401
            return False

        await eventually(ended, 1.0)

    async def test_others_stay_remembered_and_watchers_are_told(self, started: Platform, database: Database) -> None:
        user = await add_user(database)
        one, two = await add_token(database, user), await add_token(database, user)
        first = await started.identity.resolve(one)
        await started.identity.resolve(two)
        told: list[wire.Revoked | None] = []

        async def watcher(revoked: wire.Revoked | None) -> None:
            told.append(revoked)

        started.identity.watch(watcher)
        revoked = wire.Revoked(kind="token", key=first.key_id or "", at=now())
        await started.identity.forget(revoked)
        assert told == [revoked]
        assert len(started.identity._remembered) == 1

    async def test_one_that_comes_during_a_check_is_not_overlooked(
        self, started: Platform, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = await add_token(database, await add_user(database))
        real = started.identity._checker.check

        async def check_then_revoke(*args: Any) -> Any:
            found = await real(*args)
            await change(database, tables.api_token, revoked_at=now())
            await started.identity.forget(wire.Revoked(kind="token", key=found.actor.key_id, at=now()))
            return found

        monkeypatch.setattr(started.identity._checker, "check", check_then_revoke)
        await started.identity.resolve(token)
        monkeypatch.setattr(started.identity._checker, "check", real)
        assert await refused(started.identity, token) == "auth.token_invalid"

    async def test_what_was_revoked_while_nats_was_away_ends_when_it_is_back(self, sqlite_database: Database) -> None:
        with nats_child() as nats:
            bus = Bus(f"nats://127.0.0.1:{nats.port}")
            identity = Identity(sqlite_database, bus)
            await bus.start()
            await identity.start()
            await bus.wait_until_ready(15)
            token = await add_token(sqlite_database, await add_user(sqlite_database))
            await identity.resolve(token)
            nats.kill()
            await change(sqlite_database, tables.api_token, revoked_at=now())

            async def lost() -> bool:
                return not bus.is_connected

            await eventually(lost)
            assert (await identity.resolve(token)).username == "ada", "a lost NATS must not stop anybody"
            nats.start()

            async def ended() -> bool:
                try:
                    await identity.resolve(token)
                except ArgusError:
                    return True
                return False

            await eventually(ended, 10)
            await identity.stop()
            await bus.stop()

    async def test_use_of_tokens_and_sessions_is_reported(self, started: Platform, database: Database) -> None:
        heard: list[wire.TokenUsed] = []

        async def hear(_: str, data: bytes) -> None:
            heard.append(wire.decode(wire.TokenUsed, data))

        await started.bus.listen(wire.TOKEN_USED, hear)
        user = await add_user(database)
        actor = await started.identity.resolve(await add_token(database, user))
        session = await add_session(database, user)
        jti = (await started.identity.resolve(session)).jti
        await started.identity.usage.report()

        async def reported() -> bool:
            return any(actor.token_id in used.tokens and jti in used.sessions for used in heard)

        await eventually(reported)
        await started.identity.resolve(session)
        await started.identity.usage.report()
        await started.bus.send(wire.TOKEN_USED, wire.encode(wire.TokenUsed(tokens={4711: now()})))

        async def heard_the_last() -> bool:
            return any(4711 in used.tokens for used in heard)

        await eventually(heard_the_last)
        assert sum(jti in used.sessions for used in heard) == 1, (
            "a session is seen once a minute, not with each request"
        )


def _app(platform: Platform) -> FastAPI:
    router = APIRouter()

    @router.get("/person")
    async def person(actor: Annotated[Actor, Depends(current_actor)]) -> str:
        return actor.username

    return http_app(Service(name="executor", routers=lambda: (router,)), platform)


@pytest.mark.parametrize("database_kind", ["sqlite"])
class TestHeader:
    @pytest.fixture
    async def client(self, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
        async with running_client(_app(platform)) as opened:
            yield opened

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer  "},
            {"Authorization": "Basic x"},
        ],
    )
    async def test_no_credential_is_401_with_a_challenge(
        self, client: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        answer = await client.get("/person", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "auth.required"

    async def test_the_scheme_may_be_written_in_any_case(self, client: httpx.AsyncClient, database: Database) -> None:
        token = await add_token(database, await add_user(database))
        for scheme in ("bearer", "BEARER", "Bearer"):
            answer = await client.get("/person", headers={"Authorization": f"{scheme} {token}"})
            assert answer.json() == "ada"
