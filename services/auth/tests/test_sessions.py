from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus_auth.announcer import Announcer
from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.credentials import ISSUER
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.testing import add_token, add_user, bearer_headers, eventually, make_settings, nats_child
from argus_schema.auth import session, signing_key

GOOD_PASSWORD = "correct horse 1"


async def _is_refused(platform: Platform, credential: str) -> bool:
    try:
        await platform.identity.resolve(credential)
    except ArgusError as error:
        return error.status == 401
    return False


async def _login(client, person):
    body = {"username_or_email": person.username, "password": person.password}
    answer = await client.post("/api/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


class TestLogout:
    async def test_ends_the_session_here_at_once_and_elsewhere_within_a_second(self, client, sign_up, elsewhere):
        ada = await sign_up()
        assert (await elsewhere.identity.resolve(ada.jwt)).user_id == ada.id
        answer = await client.post("/api/auth/logout", headers=ada.headers)
        assert answer.json() == {"ok": True, "detail": "logged-out"}
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 401
        await eventually(lambda: _is_refused(elsewhere, ada.jwt), 1.0)

    async def test_a_token_has_no_session_to_end(self, client, database, sign_up):
        ada = await sign_up()
        token = await add_token(database, ada.id, prefix="em_view_")
        answer = await client.post("/api/auth/logout", headers=bearer_headers(token))
        assert answer.json() == {"ok": True, "detail": "already-invalid"}

    async def test_without_a_credential_it_is_401(self, client):
        answer = await client.post("/api/auth/logout")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


class TestRefresh:
    async def test_gives_a_new_session_and_ends_the_old_one(self, client, sign_up, elsewhere):
        ada = await sign_up()
        await elsewhere.identity.resolve(ada.jwt)
        fresh = (await client.post("/api/auth/refresh", headers=ada.headers)).json()
        assert fresh["user"]["username"] == "ada"
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 401
        await eventually(lambda: _is_refused(elsewhere, ada.jwt), 1.0)
        listed = (await client.get("/api/auth/sessions", headers=bearer_headers(fresh["access_token"]))).json()
        assert [row["is_current"] for row in listed] == [True]

    async def test_of_many_at_once_one_wins(self, client, sign_up):
        ada = await sign_up()
        answers = await asyncio.gather(*(client.post("/api/auth/refresh", headers=ada.headers) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 4

    async def test_a_token_cannot_be_refreshed(self, client, database, sign_up):
        ada = await sign_up()
        token = await add_token(database, ada.id)
        assert (await client.post("/api/auth/refresh", headers=bearer_headers(token))).status_code == 401


class TestSessionList:
    async def test_shows_what_is_open_newest_first(self, client, sign_up):
        ada = await sign_up()
        second = await _login(client, ada)
        rows = (await client.get("/api/auth/sessions", headers=bearer_headers(second))).json()
        assert [row["is_current"] for row in rows] == [True, False]
        assert set(rows[0]) == {
            "jti", "issued_at", "expires_at", "user_agent", "ip", "last_seen_at", "is_current", "method",
        }  # fmt: skip
        assert rows[0]["user_agent"].startswith("python-httpx")

    async def test_one_can_be_ended_again_and_again(self, client, sign_up, elsewhere):
        ada = await sign_up()
        second = await _login(client, ada)
        await elsewhere.identity.resolve(second)
        jti = jwt.decode(second, options={"verify_signature": False})["jti"]
        for _ in range(2):
            answer = await client.post(f"/api/auth/sessions/{jti}/revoke", headers=ada.headers)
            assert answer.json() == {"ok": True, "detail": "revoked"}
        await eventually(lambda: _is_refused(elsewhere, second), 1.0)
        assert len((await client.get("/api/auth/sessions", headers=ada.headers)).json()) == 1

    async def test_someone_elses_does_not_exist(self, client, sign_up):
        ada, bob = await sign_up("ada"), await sign_up("bob")
        jti = jwt.decode(ada.jwt, options={"verify_signature": False})["jti"]
        for unknown in (jti, "unknown", "x%00y"):
            answer = await client.post(f"/api/auth/sessions/{unknown}/revoke", headers=bob.headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session.not_found")
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 200


class TestChangePassword:
    async def test_ends_all_other_sessions_and_tells_by_mail(self, client, sign_up, mail_to, elsewhere):
        ada = await sign_up()
        other = await _login(client, ada)
        await elsewhere.identity.resolve(other)
        body = {"current_password": ada.password, "new_password": "another horse 2"}
        answer = await client.post("/api/auth/change-password", json=body, headers=ada.headers)
        assert answer.json() == {"ok": True, "detail": "password-updated"}
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 200
        await eventually(lambda: _is_refused(elsewhere, other), 1.0)
        assert "other sessions" in (await mail_to(ada.email, "password_changed")).body_text
        old = {"username_or_email": "ada", "password": ada.password}
        assert (await client.post("/api/auth/login", json=old)).status_code == 401

    async def test_is_refused_in_the_order_rate_current_same(self, client, sign_up):
        ada = await sign_up()

        async def change(current: str, new: str) -> tuple[int, str]:
            body = {"current_password": current, "new_password": new}
            answer = await client.post("/api/auth/change-password", json=body, headers=ada.headers)
            return answer.status_code, answer.json()["error"]["code"]

        assert await change("wrong", ada.password) == (401, "auth.password_wrong")
        assert await change(ada.password, ada.password) == (400, "auth.password_unchanged")
        for _ in range(3):
            await change("wrong", "another horse 2")
        assert await change(ada.password, "another horse 2") == (429, "rate.limited")

    async def test_needs_a_browser_session(self, client, database, sign_up):
        ada = await sign_up()
        headers = bearer_headers(await add_token(database, ada.id))
        body = {"current_password": ada.password, "new_password": "another horse 2"}
        answer = await client.post("/api/auth/change-password", json=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.interactive_required")


class TestForgedSessions:
    async def test_every_forgery_is_refused_alike(self, client, sign_up, database, core):
        ada = await sign_up()
        claims = jwt.decode(ada.jwt, options={"verify_signature": False})
        kid = jwt.get_unverified_header(ada.jwt)["kid"]
        async with database.read() as connection:
            public = (await connection.execute(sa.select(signing_key.c.public_jwk))).scalar_one()
        stranger = Ed25519PrivateKey.generate()
        past = {**claims, "iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}
        head, body, signature = ada.jwt.split(".")
        forged = {
            "another key under our kid": jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": kid}),
            "unknown kid": jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "unknown"}),
            "no kid": jwt.encode(claims, stranger, algorithm="EdDSA"),
            "alg none": jwt.encode(claims, None, algorithm="none", headers={"kid": kid}),
            "HS256 with the public key": jwt.encode(
                claims, public["x"].ljust(43, "=").encode(), algorithm="HS256", headers={"kid": kid}
            ),
            "expired": core.keys.sign(past),
            "of another issuer": core.keys.sign({**claims, "iss": "someone"}),
            "without jti": core.keys.sign({k: v for k, v in claims.items() if k != "jti"}),
            "of no session": core.keys.sign({**claims, "jti": "never-opened-one"}),
            "of someone else's session": core.keys.sign({**claims, "user_id": ada.id + 1}),
            "with a text as user": core.keys.sign({**claims, "user_id": str(ada.id)}),
            "cut": f"{head}.{body}.{signature[:-4]}",
            "no JWT at all": "garbage",
            "a wrong token": "em_live_" + "x" * 48,
        }
        answers = {what: await client.get("/api/auth/me", headers=bearer_headers(t)) for what, t in forged.items()}
        assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(forged, 401)
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 200
        assert claims["iss"] == ISSUER
        assert set(claims) == {"user_id", "iat", "exp", "iss", "jti"}
        assert len(claims["jti"]) == 16

    async def test_an_expired_session_row_does_not_count(self, client, sign_up, database):
        ada = await sign_up()
        other = await _login(client, ada)
        jti = jwt.decode(other, options={"verify_signature": False})["jti"]
        async with database.write() as connection:
            past = now() - timedelta(seconds=1)
            await connection.execute(sa.update(session).where(session.c.jti == jti).values(expires_at=past))
        assert len((await client.get("/api/auth/sessions", headers=ada.headers)).json()) == 1
        assert (await client.get("/api/auth/me", headers=bearer_headers(other))).status_code == 401


class TestAnnouncer:
    async def test_what_nats_did_not_take_is_said_when_it_is_back(self, sqlite_database, tmp_path):
        with nats_child() as nats:
            url = f"nats://127.0.0.1:{nats.port}"
            platform = Platform(make_settings(tmp_path, str(sqlite_database.url), url))
            announcer = Announcer(platform.bus, platform.identity)
            user_id = await add_user(sqlite_database)
            token = await add_token(sqlite_database, user_id)
            heard: list[wire.Revoked | None] = []

            async def hear(revoked: wire.Revoked | None) -> None:
                heard.append(revoked)

            async def is_connected() -> bool:
                return platform.bus.is_connected

            async with platform.running():
                announcer.start()
                await platform.bus.wait_until_ready(15)
                await platform.identity.resolve(token)
                nats.kill()
                await eventually(lambda: _negated(is_connected), 10)
                platform.identity.watch(hear)
                gone = wire.Revoked(kind="user", key=str(user_id), at=now())
                await announcer.announce([gone])
                assert heard == [gone], "this process must hear it without NATS"
                nats.start()
                await eventually(is_connected, 20)
                await eventually(lambda: _is_true(heard.count(gone) >= 2), 10)


async def _negated(check) -> bool:
    return not await check()


async def _is_true(value: bool) -> bool:
    return value


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/auth/sessions", "/api/users/me/preferences"])
async def test_an_agents_token_is_no_person(sqlite_app, sqlite_database, path):
    user_id = await add_user(sqlite_database)
    token = await add_token(sqlite_database, user_id, prefix="ag_live_", agent_id="agent-1")
    assert (await sqlite_app.get(path, headers=bearer_headers(token))).status_code == 403
