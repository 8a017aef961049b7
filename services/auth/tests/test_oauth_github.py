"""GitHub by the contract's table, against a stand-in that speaks as GitHub documents it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from browser import Browser, landed
from identity_servers import Server

from argus_kit.testing import add_token, bearer_headers, make_settings
from argus_schema.auth import audit_log, oauth_identity, session, user

BASE = "/api/auth/oauth/github"
CALLBACK = f"http://localhost:8000{BASE}/callback"
OCTOCAT = {
    "id": 583231,
    "login": "octocat",
    "email": "profile@elsewhere.example",
    "emails": [
        {"email": "old@github.example", "primary": False, "verified": True, "visibility": None},
        {"email": "Octo@GitHub.example", "primary": True, "verified": True, "visibility": "private"},
    ],
}


@pytest.fixture
def github(github_process: Server, monkeypatch):
    """GitHub, where Octocat is signed in."""
    for name, value in {
        "ARGUS_GITHUB_URL": github_process.url,
        "ARGUS_GITHUB_API_URL": f"{github_process.url}/api/v3/",
        "ARGUS_GITHUB_CLIENT_ID": "Iv1.argus",
        "ARGUS_GITHUB_CLIENT_SECRET": "a secret of GitHub",
    }.items():
        monkeypatch.setenv(name, value)
    github_process.control(account=OCTOCAT, faults=[], redirect_uris=[CALLBACK])
    return github_process


@pytest.fixture
def settings(github, database_url, nats_url, tmp_path):
    # The environment names GitHub's address, so no further leave is needed to call it.
    return make_settings(tmp_path, database_url, nats_url)


@pytest.fixture
def browser(client):
    return Browser(client)


async def _count(database, table):
    async with database.read() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()


async def _me(client, answer):
    _, query, fragment = landed(answer)
    assert "token" in fragment, query
    return (await client.get("/api/auth/me", headers=bearer_headers(fragment["token"]))).json()


class TestStart:
    async def test_asks_for_what_the_contract_says(self, browser, github):
        answer = await browser.start(f"{BASE}/start", redirect="/hosts")
        assert answer.status_code == 302
        github.visit(answer.headers["location"])
        asked = github.control()["asked"]
        assert {name: asked[name] for name in ("client_id", "redirect_uri", "scope", "allow_signup")} == {
            "client_id": "Iv1.argus",
            "redirect_uri": CALLBACK,
            "scope": "read:user user:email",
            "allow_signup": "true",
        }
        assert re.fullmatch(r"[\w-]{32}~login\.[0-9a-f]{64}", asked["state"])
        cookies = {cookie.split("=")[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
        assert cookies["em_oauth_state"].startswith(f"em_oauth_state={asked['state'].split('.')[0]};")
        assert cookies["em_oauth_state_redirect"].startswith('em_oauth_state_redirect="/hosts";')
        for cookie in cookies.values():
            assert {"HttpOnly", "SameSite=lax", "Path=/api/auth/oauth", "Max-Age=600"} <= set(cookie.split("; "))
            assert "Secure" not in cookie

    async def test_over_https_the_cookies_are_secure(self, client):
        answer = await client.get(f"https://test{BASE}/start")
        assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))

    async def test_the_older_paths_lead_the_same_way(self, browser, client, github):
        github.control(redirect_uris=["http://localhost:8000/api/oauth/github/callback"])
        path = "/api/admin/system-config/oauth/github_callback"
        body = {"username": "root", "email": "root@example.org", "password": "correct horse 1"}
        assert (await client.post("/api/auth/register", json=body)).status_code == 201
        login = {"username_or_email": "root", "password": "correct horse 1"}
        admin = bearer_headers((await client.post("/api/auth/login", json=login)).json()["access_token"])
        value = {"value": "http://localhost:8000/api/oauth/github/callback"}
        assert (await client.put(path, json=value, headers=admin)).status_code == 200
        assert "token" in landed(await browser.sign_in(github, "/api/oauth/github/start"))[2]


class TestLogin:
    async def test_opens_an_account_with_the_verified_primary_address(self, browser, client, github, database):
        answer = await browser.sign_in(github, f"{BASE}/start", redirect="/batches")
        path, query, fragment = landed(answer)
        assert (path, query, set(fragment)) == ("/login/oauth/complete", {}, {"token", "email", "login", "redirect"})
        assert answer.headers["location"].startswith("http://localhost:8000/login/oauth/complete#token=")
        assert (fragment["email"], fragment["login"], fragment["redirect"]) == (
            "octo@github.example",
            "octocat",
            "/batches",
        )
        me = await _me(client, answer)
        assert (me["username"], me["github_login"], me["has_password"]) == ("octocat", "octocat", False)
        assert (me["is_admin"], me["email_verified"]) == (True, True)  # the first one ever
        cleared = {c.split("=")[0] for c in answer.headers.get_list("set-cookie") if "Max-Age=0" in c}
        assert cleared == {"em_oauth_state", "em_oauth_state_redirect", "em_oauth_flow"}
        async with database.read() as connection:
            lines = sa.select(audit_log.c.action, audit_log.c.metadata).order_by(audit_log.c.id)
            actions = {row.action: row.metadata for row in await connection.execute(lines)}
        assert actions["login_success"] == {"method": "github"}

    async def test_knows_the_account_by_its_number(self, browser, client, github):
        first = await _me(client, await browser.sign_in(github, f"{BASE}/start"))
        github.control(account=OCTOCAT | {"login": "hubot", "emails": []})
        second = await _me(client, await browser.sign_in(github, f"{BASE}/start"))
        assert (second["id"], second["github_login"], second["username"]) == (first["id"], "hubot", "octocat")

    @pytest.mark.parametrize(
        "emails",
        [
            [],
            [{"email": "octo@github.example", "primary": True, "verified": False}],
            [{"email": "octo@github.example", "primary": False, "verified": True}],
            [{"email": "not an address", "primary": True, "verified": True}],
            {"message": "something else"},
        ],
    )
    async def test_never_takes_an_address_that_nobody_verified(self, browser, github, database, emails):
        github.control(account=OCTOCAT | {"emails": emails})
        path, query, _ = landed(await browser.sign_in(github, f"{BASE}/start"))
        assert (path, query) == ("/login", {"error": "oauth_github_failed", "reason": "no_verified_email"})
        assert await _count(database, user) == 0

    async def test_of_a_banned_person_gives_no_token(self, browser, client, github, sign_up, database):
        root = await sign_up("root")
        me = await _me(client, await browser.sign_in(github, f"{BASE}/start"))
        assert (await client.post(f"/api/admin/users/{me['id']}/ban", headers=root.headers)).is_success
        before = await _count(database, session)
        assert landed(await browser.sign_in(github, f"{BASE}/start"))[1]["reason"] == "account_inactive"
        assert await _count(database, session) == before

    async def test_registration_closed_counts_here_too(self, browser, client, github, sign_up):
        root = await sign_up("root")
        path = "/api/admin/feature-flags/registration_open"
        assert (await client.put(path, json={"value": False}, headers=root.headers)).is_success
        assert landed(await browser.sign_in(github, f"{BASE}/start"))[1]["reason"] == "registration_closed"

    async def test_an_unproven_account_of_that_address_is_not_opened(self, browser, client, github, database):
        body = {"username": "mallory", "email": "octo@github.example", "password": "correct horse 1"}
        assert (await client.post("/api/auth/register", json=body)).status_code == 201
        assert landed(await browser.sign_in(github, f"{BASE}/start"))[1]["reason"] == "email_not_proven"
        assert await _count(database, oauth_identity) == 0

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [("deny", "access_denied"), ("exchange_down", "exchange_failed"), ("api_down", "user_fetch_failed")],
    )
    async def test_failures_have_the_contracts_reasons(self, browser, github, fault, reason):
        github.control(faults=[fault])
        answer = await browser.sign_in(github, f"{BASE}/start")
        assert answer.headers["location"] == f"http://localhost:8000/login?error=oauth_github_failed&reason={reason}"

    async def test_without_code_or_with_a_forged_state(self, browser, github):
        assert landed(await browser.start(f"{BASE}/callback"))[1]["reason"] == "code_missing"
        assert landed(await browser.start(f"{BASE}/callback", code="x", state="y.z"))[1]["reason"] == "state_invalid"

    async def test_a_code_is_worth_nothing_without_this_browsers_verifier(self, browser, client, github):
        away = await browser.start(f"{BASE}/start")
        stolen = dict(
            p.split("=", 1) for p in github.visit(away.headers["location"]).headers["location"].split("?")[1].split("&")
        )
        thief = Browser(client)
        back = github.visit((await thief.start(f"{BASE}/start")).headers["location"]).headers["location"]
        assert landed(await thief.come_back(back, code=stolen["code"]))[1]["reason"] == "exchange_failed"


class TestConfiguration:
    async def test_the_switch_counts_once_it_is_set(self, client, sign_up):
        root = await sign_up("root")
        shown = lambda: client.get("/api/auth/oauth/config")
        assert (await shown()).json()["github"] is True
        path = "/api/admin/system-config/oauth/github_enabled"
        assert (await client.put(path, json={"value": False}, headers=root.headers)).is_success
        assert (await shown()).json()["github"] is False
        assert (await client.get(f"{BASE}/start")).status_code == 404
        assert (await client.put(path, json={"value": True}, headers=root.headers)).is_success
        assert (await shown()).json()["github"] is True

    async def test_the_database_goes_before_the_environment_and_its_secret_is_opened(
        self, browser, client, github, sign_up
    ):
        root = await sign_up("root")
        path = "/api/admin/system-config/oauth/github_client_secret"
        assert (await client.put(path, json={"value": "wrong"}, headers=root.headers)).is_success
        assert landed(await browser.sign_in(github, f"{BASE}/start"))[1]["reason"] == "exchange_failed"
        assert (await client.put(path, json={"value": "a secret of GitHub"}, headers=root.headers)).is_success
        assert "token" in landed(await browser.sign_in(github, f"{BASE}/start"))[2]


class TestLink:
    async def _link(self, browser, github, somebody, **query):
        answer = await browser.http.post(f"{BASE}/link/init", params=query, headers=somebody.headers)
        assert answer.status_code == 200, answer.text
        return github.visit(answer.json()["authorize_url"]).headers["location"]

    async def test_ties_the_account_of_whoever_is_signed_in(self, browser, client, github, sign_up, mail_to):
        ada = await sign_up("ada")
        back = await self._link(browser, github, ada, redirect="/settings/security")
        assert github.control()["asked"]["allow_signup"] == "false"
        answer = await browser.come_back(back)
        assert answer.headers["location"] == (
            "http://localhost:8000/login/oauth/complete?bind_ok=1&redirect=%2Fsettings%2Fsecurity"
        )
        me = (await client.get("/api/auth/me", headers=ada.headers)).json()
        assert (me["github_login"], me["email"]) == ("octocat", ada.email)
        assert (await _me(client, await browser.sign_in(github, f"{BASE}/start")))["id"] == ada.id
        (linked,) = (await client.get("/api/auth/oauth/linked", headers=ada.headers)).json()
        assert (linked["slug"], linked["login"], linked["is_usable"]) == ("github", "octocat", True)
        assert "octocat" in (await mail_to(ada.email, "account_linked")).body_text

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_by_a_redirect_too(self, browser, github, sign_up, method):
        ada = await sign_up("ada")
        answer = await browser.http.request(method, f"{BASE}/link/start", headers=ada.headers)
        assert answer.status_code == 302
        back = github.visit(answer.headers["location"]).headers["location"]
        assert re.search(rf"~link~{ada.id}\.", back.replace("%7E", "~"))
        assert landed(await browser.come_back(back))[1] == {"bind_ok": "1"}

    async def test_needs_a_session_and_no_token_will_do(self, client, github, sign_up, database):
        ada = await sign_up("ada")
        token = bearer_headers(await add_token(database, ada.id))
        for method, path in (
            ("POST", "link/init"),
            ("GET", "link/start"),
            ("POST", "link/start"),
            ("POST", "unlink"),
            ("POST", "set-password"),
        ):
            body = {"new_password": "correct horse 2"} if path == "set-password" else None
            assert (await client.request(method, f"{BASE}/{path}", json=body)).status_code == 401
            refused = await client.request(method, f"{BASE}/{path}", json=body, headers=token)
            assert (path, refused.status_code, refused.json()["error"]["code"]) == (
                path,
                403,
                "auth.interactive_required",
            )

    async def test_of_an_account_that_is_somebody_elses(self, client, github, sign_up):
        ada, bob = await sign_up("ada"), await sign_up("bob")
        for somebody, outcome in (
            (ada, {"bind_ok": "1"}),
            (ada, {"bind_ok": "1"}),
            (bob, {"bind_error": "github_already_linked"}),
        ):
            browser = Browser(client)
            assert landed(await browser.come_back(await self._link(browser, github, somebody)))[1] == outcome

    async def test_a_second_github_account_is_refused(self, browser, github, sign_up):
        ada = await sign_up("ada")
        await browser.come_back(await self._link(browser, github, ada))
        github.control(account=OCTOCAT | {"id": 2, "login": "other"})
        assert landed(await browser.come_back(await self._link(browser, github, ada)))[1] == {
            "bind_error": "another_linked"
        }

    async def test_fails_when_the_login_has_ended_meanwhile(self, browser, client, github, sign_up, database):
        ada = await sign_up("ada")
        back = await self._link(browser, github, ada)
        assert (await client.post("/api/auth/logout", headers=ada.headers)).is_success
        assert landed(await browser.come_back(back))[1] == {"bind_error": "signed_out"}
        assert await _count(database, oauth_identity) == 0

    async def test_outlives_a_refresh_of_the_session(self, browser, client, github, sign_up):
        ada = await sign_up("ada")
        back = await self._link(browser, github, ada)
        assert (await client.post("/api/auth/refresh", headers=ada.headers)).is_success
        assert landed(await browser.come_back(back))[1] == {"bind_ok": "1"}

    async def test_begun_by_somebody_else_does_not_end_in_this_browser(
        self, browser, client, github, sign_up, database
    ):
        """An attacker sends the address of their own link: the victim's account must not become theirs."""
        mallory = await sign_up("mallory")
        back = await self._link(Browser(client), github, mallory)
        assert landed(await browser.come_back(back))[1]["reason"] == "state_invalid"
        assert await _count(database, oauth_identity) == 0


class TestUnlink:
    async def _account(self, browser, client, github):
        _, _, fragment = landed(await browser.sign_in(github, f"{BASE}/start"))
        return bearer_headers(fragment["token"])

    async def test_needs_a_link_and_a_password(self, browser, client, github, sign_up):
        ada = await sign_up("ada")
        refused = await client.post(f"{BASE}/unlink", headers=ada.headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "oauth.not_linked")
        octocat = await self._account(browser, client, github)
        refused = await client.post(f"{BASE}/unlink", headers=octocat)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "oauth.password_required")

    async def test_a_first_password_is_set_once_and_opens_the_account(self, browser, client, github, database, mail_to):
        elsewhere = await self._account(Browser(client), client, github)
        octocat = await self._account(browser, client, github)
        path = f"{BASE}/set-password"
        assert (await client.post(path, json={"new_password": "short1"}, headers=octocat)).status_code == 422
        assert (await client.post(path, json={"new_password": "correct horse 2"}, headers=octocat)).status_code == 204
        me = (await client.get("/api/auth/me", headers=octocat)).json()
        assert "password" in (await mail_to(me["email"], "password_changed")).body_text
        assert (await client.get("/api/auth/me", headers=elsewhere)).status_code == 401
        refused = await client.post(path, json={"new_password": "correct horse 3"}, headers=octocat)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "oauth.password_already_set")
        login = {"username_or_email": "octocat", "password": "correct horse 2"}
        assert (await client.post("/api/auth/login", json=login)).status_code == 200
        assert (await client.post(f"{BASE}/unlink", headers=octocat)).status_code == 204
        me = (await client.get("/api/auth/me", headers=octocat)).json()
        assert (me["github_login"], me["has_password"]) == (None, True)
        assert await _count(database, oauth_identity) == 0
        async with database.read() as connection:
            actions = (await connection.execute(sa.select(audit_log.c.action))).scalars().all()
        assert {"password_set_for_oauth_user", "oauth_unlink"} <= set(actions)
