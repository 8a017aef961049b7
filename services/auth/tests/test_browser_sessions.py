from __future__ import annotations

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import jwt
import pytest
import sqlalchemy as sa

from argus_auth.cleanup import Cleanup
from argus_kit.clock import frozen, now
from argus_kit.errors import ArgusError
from argus_kit.testing import bearer_headers, eventually
from argus_schema.auth import audit_log, refresh_token, session

MODE = {"X-Argus-Session": "cookie"}
LATER = timedelta(seconds=31)


class Tab:
    """A browser's page: what it was given last, and the cookie as the browser keeps it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.cookie: str | None = None
        self.access = ""

    async def login(self, person) -> httpx.Response:
        body = {"username_or_email": person.username, "password": person.password}
        return await self.post("/api/auth/login", json=body)

    async def refresh(self, cookie: str | None = None) -> httpx.Response:
        return await self.post("/api/auth/refresh", cookie=cookie)

    async def post(self, path: str, *, cookie: str | None = None, **more) -> httpx.Response:
        sent = cookie or self.cookie
        headers = MODE | ({"Cookie": f"argus_refresh={sent}"} if sent else {})
        answer = await self._client.post(path, headers=headers, **more)
        self._client.cookies.clear()
        if (given := set_cookie(answer)) is not None:
            self.cookie = given.value or None
        if answer.is_success and "access_token" in answer.json():
            self.access = answer.json()["access_token"]
        return answer

    @property
    def claims(self) -> dict:
        return jwt.decode(self.access, options={"verify_signature": False})

    async def status(self) -> int:
        return (await self._client.get("/api/auth/me", headers=bearer_headers(self.access))).status_code


def set_cookie(answer: httpx.Response):
    cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
    return next(iter(cookies.values()), None)


@pytest.fixture
async def ada(sign_up):
    return await sign_up()


@pytest.fixture
async def tab(client, ada) -> Tab:
    opened = Tab(client)
    assert (await opened.login(ada)).status_code == 200
    return opened


async def actions(database) -> list[str]:
    async with database.read() as connection:
        found = await connection.execute(sa.select(audit_log.c.action).order_by(audit_log.c.id))
        return list(found.scalars())


class TestLogin:
    async def test_gives_a_short_token_and_a_cookie_that_no_script_reads(self, client, ada):
        tab = Tab(client)
        answer = await tab.login(ada)
        assert answer.json()["expires_in"] == 900
        assert tab.claims["exp"] - tab.claims["iat"] == 900
        cookie = set_cookie(answer)
        assert (cookie.key, cookie["path"], cookie["samesite"].lower()) == ("argus_refresh", "/api/auth", "strict")
        assert cookie["httponly"]
        assert not cookie["secure"], "a lab on plain http must be able to log in"
        assert cookie["max-age"] == str(30 * 86_400)
        assert cookie.value not in answer.text

    async def test_on_https_the_cookie_is_for_https_only(self, client, ada):
        body = {"username_or_email": "ada", "password": ada.password}
        answer = await client.post("https://test/api/auth/login", json=body, headers=MODE)
        cookie = set_cookie(answer)
        assert (cookie.key, bool(cookie["secure"])) == ("__Secure-argus_refresh", True)
        client.cookies.clear()
        for name, status in (("argus_refresh", 401), ("__Secure-argus_refresh", 200)):
            headers = MODE | {"Cookie": f"{name}={cookie.value}"}
            again = await client.post("https://test/api/auth/refresh", headers=headers)
            client.cookies.clear()
            assert (name, again.status_code) == (name, status)

    async def test_two_servers_on_one_machine_have_cookies_of_their_own(self, client, ada):
        body = {"username_or_email": "ada", "password": ada.password}
        answer = await client.post("http://localhost:8010/api/auth/login", json=body, headers=MODE)
        assert set_cookie(answer).key == "argus_refresh_8010"

    async def test_without_the_header_all_is_as_the_contract_says(self, client, ada):
        body = {"username_or_email": "ada", "password": ada.password}
        answer = await client.post("/api/auth/login", json=body)
        assert (answer.json()["expires_in"], answer.headers.get("set-cookie")) == (86_400, None)

    async def test_only_a_hash_of_the_refresh_token_is_kept(self, tab, database):
        async with database.read() as connection:
            rows = (await connection.execute(sa.select(refresh_token))).mappings().all()
        assert len(rows) == 1
        assert tab.cookie not in str(rows)

    async def test_a_browser_has_one_session_however_often_it_logs_in(self, client, ada, tab):
        first = tab.access
        await tab.login(ada)
        assert (await client.get("/api/auth/me", headers=bearer_headers(first))).status_code == 401
        rows = (await client.get("/api/auth/sessions", headers=bearer_headers(tab.access))).json()
        assert [(row["method"], row["is_current"]) for row in rows] == [("password", True), ("password", False)]


class TestRefresh:
    async def test_turns_the_cookie_over_and_keeps_the_session(self, tab):
        before, old = tab.claims, tab.cookie
        with frozen(now() + timedelta(minutes=14)):
            answer = await tab.refresh()
            assert answer.status_code == 200
            assert (tab.claims["jti"], tab.claims["user_id"]) == (before["jti"], before["user_id"])
            assert tab.claims["exp"] > before["exp"]
            assert tab.cookie != old
            assert await tab.status() == 200

    async def test_two_tabs_at_once_are_no_theft(self, tab):
        sent = tab.cookie
        answers = await asyncio.gather(*(tab.refresh(sent) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [200] * 5
        assert sum(set_cookie(answer) is not None for answer in answers) == 1, "one of them gets the next cookie"
        with frozen(now() + LATER):
            assert (await tab.refresh()).status_code == 200

    async def test_a_lost_answer_is_no_theft(self, client, tab, database):
        sent = tab.cookie
        lost = (await tab.refresh(sent), tab.cookie)[1]
        with frozen(now() + LATER):
            assert (await tab.refresh(sent)).status_code == 200
            got = tab.cookie
            assert got not in {sent, lost}
        with frozen(now() + 2 * LATER):
            assert (await tab.refresh(got)).status_code == 200
        assert "session_refresh_reused" not in await actions(database)

    @pytest.mark.parametrize("first", ["thief", "victim"])
    async def test_a_stolen_cookie_ends_the_session_whoever_comes_first(self, client, tab, database, elsewhere, first):
        stolen = tab.cookie
        thief = Tab(client)
        early, late = (thief, tab) if first == "thief" else (tab, thief)
        assert (await early.refresh(stolen)).status_code == 200
        with frozen(now() + timedelta(minutes=10)):
            assert (await early.refresh()).status_code == 200
            await elsewhere.identity.resolve(early.access)
            answer = await late.refresh(stolen)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "auth.session_invalid")
            assert not set_cookie(answer).value
            assert await early.status() == 401
            assert await tab.status() == 401
            assert (await early.refresh()).status_code == 401
            await eventually(lambda: _is_refused(elsewhere, early.access), 1.0)
        async with database.read() as connection:
            line = sa.select(audit_log).where(audit_log.c.action == "session_refresh_reused")
            row = (await connection.execute(line)).one()
        assert (row.target_type, row.target_id, row.ip_address) == ("session", tab.claims["jti"], "127.0.0.1")

    async def test_a_thief_who_claims_a_lost_answer_is_found_out_by_the_victim(self, client, tab, database):
        stolen = tab.cookie
        await tab.refresh()
        thief = Tab(client)
        with frozen(now() + LATER):
            assert (await thief.refresh(stolen)).status_code == 200
            assert (await tab.refresh()).status_code == 401
            assert await thief.status() == 401
        assert (await actions(database))[-1] == "session_refresh_reused"

    async def test_what_nobody_gave_out_is_refused(self, client, tab):
        for text in ("", "x", "never-given-out", "%00", "x" * 5000):
            answer = await client.post("/api/auth/refresh", headers=MODE | {"Cookie": f"argus_refresh={text}"})
            assert (text[:20], answer.status_code) == (text[:20], 401)
        assert (await client.post("/api/auth/refresh", headers=MODE)).status_code == 401
        assert (
            await client.post("/api/auth/refresh", headers={"Cookie": f"argus_refresh={tab.cookie}"})
        ).status_code == 401
        assert await tab.status() == 200

    async def test_the_short_token_cannot_be_made_a_long_one(self, client, tab):
        answer = await client.post("/api/auth/refresh", headers=bearer_headers(tab.access))
        assert answer.status_code == 401
        assert await tab.status() == 200

    async def test_a_browser_that_stays_away_has_to_log_in(self, tab):
        with frozen(now() + timedelta(days=13)):
            assert (await tab.refresh()).status_code == 200
        with frozen(now() + timedelta(days=26)):
            assert (await tab.refresh()).status_code == 200
        with frozen(now() + timedelta(days=30, seconds=1)):
            assert (await tab.refresh()).status_code == 401, "no session is longer than its longest life"

    async def test_after_the_idle_time_it_is_over(self, tab):
        with frozen(now() + timedelta(days=14, seconds=1)):
            assert (await tab.refresh()).status_code == 401


class TestOtherSites:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"Sec-Fetch-Site": "same-origin", "Origin": "http://test"}, 200),
            ({"Origin": "http://test"}, 200),
            ({"Origin": "http://localhost:8000"}, 200),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site", "Origin": "http://test:8080"}, 403),
            ({"Sec-Fetch-Site": "none"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "http://test.evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://["}, 403),
            ({"Origin": "test"}, 403),
        ],
    )
    async def test_their_pages_may_not_use_the_cookie(self, client, ada, tab, headers, status):
        answer = await client.post(
            "/api/auth/refresh", headers=MODE | headers | {"Cookie": f"argus_refresh={tab.cookie}"}
        )
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["error"]["code"] == "auth.origin_refused"
            client.cookies.clear()
            assert (await tab.refresh()).status_code == 200, "and it was not used up"
            body = {"username_or_email": "ada", "password": ada.password}
            assert (await client.post("/api/auth/login", json=body, headers=MODE | headers)).status_code == 403
            assert (await client.post("/api/auth/logout", headers=MODE | headers)).status_code == 403

    @pytest.mark.parametrize("host", ["test:abc", "test:99999", "[", "a b", ""])
    async def test_a_host_that_is_none_breaks_nothing(self, client, tab, host):
        headers = MODE | {"Host": host, "Cookie": f"argus_refresh={tab.cookie}"}
        answer = await client.post("/api/auth/refresh", headers=headers)
        assert answer.status_code in {200, 400, 401, 403}


class TestEnds:
    async def test_logout_by_the_cookie_alone(self, client, tab, elsewhere):
        await elsewhere.identity.resolve(tab.access)
        cookie = tab.cookie
        answer = await tab.post("/api/auth/logout")
        assert answer.json() == {"ok": True, "detail": "logged-out"}
        assert tab.cookie is None
        assert await tab.status() == 401
        assert (await tab.refresh(cookie)).status_code == 401
        await eventually(lambda: _is_refused(elsewhere, tab.access), 1.0)

    async def test_logout_with_a_token_that_is_over(self, client, tab, database):
        headers = MODE | bearer_headers("x" + tab.access) | {"Cookie": f"argus_refresh={tab.cookie}"}
        assert (await client.post("/api/auth/logout", headers=headers)).status_code == 200
        assert await tab.status() == 401
        assert (await actions(database))[-1] == "logout"

    async def test_an_older_cookie_of_the_session_logs_out_too(self, client, tab):
        old = tab.cookie
        await tab.refresh()
        assert (await Tab(client).post("/api/auth/logout", cookie=old)).status_code == 200
        assert await tab.status() == 401

    @pytest.mark.parametrize("how", ["revoke", "revoke-others", "ban", "reset"])
    async def test_what_ends_a_session_ends_its_cookie(self, client, sign_up, mail_to, how):
        admin, bob = await sign_up("root"), await sign_up("bob")
        tab = Tab(client)
        await tab.login(bob)
        if how == "revoke":
            await client.post(f"/api/auth/sessions/{tab.claims['jti']}/revoke", headers=bob.headers)
        elif how == "revoke-others":
            await client.post("/api/auth/sessions/revoke-others", headers=bob.headers)
        elif how == "ban":
            await client.post(f"/api/admin/users/{bob.id}/ban", headers=admin.headers)
        else:
            await client.post("/api/auth/request-password-reset", json={"email": bob.email})
            link = (await mail_to(bob.email, "password_reset")).body_text
            token = link.split("token=")[1].split()[0]
            body = {"token": token, "new_password": "another horse 2"}
            assert (await client.post("/api/auth/reset-password", json=body)).status_code == 200
        assert await tab.status() == 401
        assert (await tab.refresh()).status_code == 401

    async def test_a_new_password_keeps_this_browser_and_ends_the_others(self, client, ada, tab):
        other = Tab(client)
        await other.login(ada)
        body = {"current_password": ada.password, "new_password": "another horse 2"}
        headers = bearer_headers(tab.access)
        assert (await client.post("/api/auth/change-password", json=body, headers=headers)).status_code == 200
        assert (await tab.refresh()).status_code == 200
        assert (await other.refresh()).status_code == 401

    async def test_what_is_over_is_cleaned_up(self, client, ada, tab, core, database):
        gone = Tab(client)
        await gone.login(ada)
        await gone.refresh()
        await gone.post("/api/auth/logout")
        cleanup = Cleanup(core)
        with frozen(now() + timedelta(days=2)):
            await cleanup.clean()
            assert await _count(database, refresh_token) == 1
            assert (await tab.refresh()).status_code == 200
        with frozen(now() + timedelta(days=40)):
            await cleanup.clean()
        await cleanup.stop()
        assert (await _count(database, refresh_token), await _count(database, session)) == (0, 0)


async def _count(database, table) -> int:
    async with database.read() as connection:
        found: int = (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
        return found


async def _is_refused(platform, credential: str) -> bool:
    try:
        await platform.identity.resolve(credential)
    except ArgusError as error:
        return error.status == 401
    return False
