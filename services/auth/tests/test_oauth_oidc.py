"""Signing in with an OpenID Connect provider that runs beside the tests, as a process that checks what it gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from browser import Browser, landed

from argus_auth.oauth.providers import SignIn
from argus_auth.oauth.settings import OAuthSettings
from argus_contracts import bus as wire
from argus_kit.bus import Message
from argus_kit.clock import frozen, now
from argus_kit.testing import bearer_headers, eventually, make_settings
from argus_schema.auth import audit_log, oauth_identity, session, user

START = "/api/auth/oauth/oidc/uni/start"
ADA = {"sub": "ada-1", "email": "ada@uni.example", "email_verified": True, "preferred_username": "ada"}


@pytest.fixture
def settings(database_url, nats_url, tmp_path):
    return make_settings(tmp_path, database_url, nats_url, outbound_allow="127.0.0.0/8")


@pytest.fixture
def browser(client):
    return Browser(client)


@pytest.fixture
async def root(sign_up):
    return await sign_up("root")


@pytest.fixture
def set_up(client, root, oidc):
    """Sets the provider up; keywords are its settings."""

    async def set_up(slug="uni", **changes):
        body = {
            "name": "University",
            "issuer": oidc.url,
            "client_id": "argus",
            "client_secret": "a secret of the provider",
        } | changes
        answer = await client.put(f"/api/admin/security/oidc-providers/{slug}", json=body, headers=root.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return set_up


async def _rows(database, table, *where):
    async with database.read() as connection:
        return (await connection.execute(sa.select(table).where(*where))).all()


async def _actions(database, user_id):
    rows = await _rows(database, audit_log, audit_log.c.user_id == user_id)
    return [row.action for row in rows]


class TestLogin:
    async def test_opens_an_account_with_a_proven_address_and_a_session(self, browser, client, oidc, set_up, database):
        await set_up()
        oidc.control(person=ADA)
        path, query, fragment = landed(await browser.sign_in(oidc, START, redirect="/batches?status=failed"))
        assert (path, query) == ("/login/oauth/complete", {})
        assert {key: fragment[key] for key in ("email", "login", "redirect")} == {
            "email": "ada@uni.example",
            "login": "ada",
            "redirect": "/batches?status=failed",
        }
        me = (await client.get("/api/auth/me", headers=bearer_headers(fragment["token"]))).json()
        assert (me["username"], me["email"], me["email_verified"]) == ("ada", "ada@uni.example", True)
        assert (me["has_password"], me["is_admin"], me["github_login"]) == (False, False, None)
        assert me["last_login"] is not None
        (opened,) = await _rows(database, session, session.c.user_id == me["id"])
        assert opened.method == "uni"
        assert await _actions(database, me["id"]) == ["register", "login_success"]

    async def test_finds_the_same_account_again_whatever_name_and_address_it_has_now(
        self, browser, oidc, set_up, database
    ):
        await set_up()
        for change in ({}, {"email": "ada.lovelace@uni.example"}, {"preferred_username": "countess"}):
            oidc.control(person=ADA | change)
            assert "token" in landed(await browser.sign_in(oidc, START))[2]
        (link,) = await _rows(database, oauth_identity)
        assert (link.login, link.email) == ("countess", "ada@uni.example")
        assert [row.email for row in await _rows(database, user, user.c.id == link.user_id)] == ["ada@uni.example"]

    async def test_of_our_own_page_puts_no_token_into_an_address(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        answer = await browser.sign_in(oidc, START, session="cookie", redirect="/hosts")
        assert landed(answer) == ("/login/oauth/complete", {"redirect": "/hosts"}, {})
        cookies = answer.headers.get_list("set-cookie")
        (kept,) = [cookie for cookie in cookies if cookie.startswith("argus_refresh")]
        assert {"HttpOnly", "SameSite=strict", "Path=/api/auth"} <= set(kept.split("; "))
        refreshed = await browser.http.post("/api/auth/refresh", headers={"X-Argus-Session": "cookie"})
        assert refreshed.status_code == 200, refreshed.text
        assert refreshed.json()["user"]["email"] == "ada@uni.example"

    async def test_the_first_one_ever_becomes_administrator(self, browser, client, core, oidc):
        # Set by the environment, since there is no administrator yet who could set one.
        oidc.control(person=ADA)
        sign_in = core.platform.get(SignIn)
        secret = "a secret of the provider"
        sign_in.settings = OAuthSettings(oidc_issuer=oidc.url, oidc_client_id="argus", oidc_client_secret=secret)
        sign_in._by_operator = sign_in._by_admins
        config = (await client.get("/api/auth/oauth/config")).json()
        assert config == {"github": False, "providers": [{"slug": "sso", "name": "Single sign-on"}]}
        _, _, fragment = landed(await browser.sign_in(oidc, "/api/auth/oauth/oidc/sso/start"))
        me = (await client.get("/api/auth/me", headers=bearer_headers(fragment["token"]))).json()
        assert me["is_admin"] is True

    async def test_two_at_the_same_time_open_one_account(self, client, oidc, set_up, database):
        await set_up()
        oidc.control(person=ADA)
        browsers = [Browser(client) for _ in range(4)]
        answers = await asyncio.gather(*(one.sign_in(oidc, START) for one in browsers))
        assert all("token" in landed(answer)[2] for answer in answers)
        assert len(await _rows(database, oauth_identity)) == 1

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "a"],
    )
    async def test_leads_to_no_other_site(self, browser, oidc, set_up, elsewhere):
        await set_up()
        oidc.control(person=ADA)
        _, _, fragment = landed(await browser.sign_in(oidc, START, redirect=elsewhere))
        assert "redirect" not in fragment

    async def test_is_refused_to_a_deactivated_account(self, browser, client, oidc, set_up, root, database):
        await set_up()
        oidc.control(person=ADA)
        await browser.sign_in(oidc, START)
        (link,) = await _rows(database, oauth_identity)
        assert (await client.post(f"/api/admin/users/{link.user_id}/ban", headers=root.headers)).is_success
        before = len(await _rows(database, session))
        path, query, fragment = landed(await browser.sign_in(oidc, START))
        assert (path, query) == ("/login", {"error": "oauth_uni_failed", "reason": "account_inactive"})
        assert fragment == {}
        assert len(await _rows(database, session)) == before
        failed = (await _rows(database, audit_log, audit_log.c.action == "login_failed"))[-1]
        assert (failed.user_id, failed.metadata) == (link.user_id, {"reason": "account_inactive", "method": "oidc:uni"})


class TestRegistrationRules:
    async def _flag(self, client, root, key, value):
        path = f"/api/admin/feature-flags/{key}"
        assert (await client.put(path, json={"value": value}, headers=root.headers)).is_success

    async def test_closed_means_closed_but_for_those_who_have_an_account(self, browser, client, oidc, set_up, root):
        await set_up()
        oidc.control(person=ADA)
        await browser.sign_in(oidc, START)
        await self._flag(client, root, "registration_open", False)
        assert "token" in landed(await browser.sign_in(oidc, START))[2]
        oidc.control(person=ADA | {"sub": "bob", "email": "bob@uni.example"})
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "registration_closed"

    async def test_an_invite_lets_in_and_is_used_up(self, client, oidc, set_up, root):
        await set_up()
        await self._flag(client, root, "registration_by_invite", True)
        made = await client.post(
            "/api/admin/users/invites", json={"max_uses": 1, "expires_in_days": 1}, headers=root.headers
        )
        oidc.control(person=ADA)
        reasons = []
        for person, invite in (
            ("a", None),
            ("a", "ag_inv_wrong"),
            ("a", made.json()["code"]),
            ("b", made.json()["code"]),
        ):
            oidc.control(person=ADA | {"sub": person, "email": f"{person}@uni.example"})
            query = {"invite": invite} if invite else {}
            _, failed, fragment = landed(await Browser(client).sign_in(oidc, START, **query))
            reasons.append("in" if "token" in fragment else failed["reason"])
        assert reasons == ["invite_required", "invite_invalid", "in", "invite_invalid"]


class TestWhoseAccountItIs:
    async def test_a_proven_address_here_and_there_is_one_person(
        self, browser, client, oidc, set_up, root, mail_to, database
    ):
        await set_up()
        async with database.write() as connection:
            await connection.execute(sa.update(user).where(user.c.id == root.id).values(email_verified=True))
        oidc.control(person=ADA | {"email": root.email.upper()})
        _, _, fragment = landed(await browser.sign_in(oidc, START))
        me = (await client.get("/api/auth/me", headers=bearer_headers(fragment["token"]))).json()
        assert (me["id"], me["has_password"]) == (root.id, True)
        assert "oauth_link" in await _actions(database, root.id)
        assert "University" in (await mail_to(root.email, "account_linked")).body_text

    async def test_whoever_registers_a_strangers_address_does_not_get_the_strangers_login(
        self, browser, client, oidc, set_up, sign_up, mail_to, database
    ):
        await set_up()
        mallory = await sign_up("mallory")
        oidc.control(person=ADA | {"email": mallory.email})
        path, query, _ = landed(await browser.sign_in(oidc, START))
        assert (path, query["reason"]) == ("/login", "email_not_proven")
        assert await _rows(database, oauth_identity) == []
        # Whoever holds the mailbox gets a link that sets a new password, and with that the account.
        minted = await client.post("/api/tokens", json={"name": "x", "scope": "reporter"}, headers=mallory.headers)
        kept = bearer_headers(minted.json()["token"])
        assert (await client.get("/api/auth/me", headers=kept)).is_success
        token = (await mail_to(mallory.email, "password_reset")).body_text.split("token=")[1].split()[0]
        body = {"token": token, "new_password": "a better horse 22"}
        assert (await client.post("/api/auth/reset-password", json=body)).is_success
        for credential in (mallory.headers, kept):
            assert (await client.get("/api/auth/me", headers=credential)).status_code == 401
        assert "token" in landed(await browser.sign_in(oidc, START))[2]

    async def test_too_many_tries_of_it_end_on_the_page_that_says_why(self, browser, core, oidc, set_up, sign_up):
        await set_up()
        mallory = await sign_up("mallory")
        oidc.control(person=ADA | {"email": mallory.email})
        core.settings.auth_accounts_per_hour = 1
        for _ in range(2):
            assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "email_not_proven"

    async def test_nor_by_asking_for_another_link_meanwhile(self, browser, client, oidc, set_up, sign_up, mail_to):
        await set_up()
        mallory = await sign_up("mallory")
        verify = (await mail_to(mallory.email, "verify_email")).body_text.split("token=")[1].split()[0]
        minted = await client.post("/api/tokens", json={"name": "x", "scope": "reporter"}, headers=mallory.headers)
        oidc.control(person=ADA | {"email": mallory.email})
        await browser.sign_in(oidc, START)
        first = (await mail_to(mallory.email, "password_reset")).body_text
        await client.post("/api/auth/request-password-reset", json={"email": mallory.email})

        async def another():
            theirs = [m for m in mail_to.box if (m.to, m.event_type) == (mallory.email, "password_reset")]
            return next((mail for mail in theirs if mail.body_text != first), None)

        token = (await eventually(another, 10)).body_text.split("token=")[1].split()[0]
        # Only a new password tells whose account it is: to whom the address belongs may click whatever arrives.
        assert (await client.post("/api/auth/verify-email", json={"token": verify})).status_code == 400
        body = {"token": token, "new_password": "a better horse 22"}
        assert (await client.post("/api/auth/reset-password", json=body)).is_success
        kept = bearer_headers(minted.json()["token"])
        assert (await client.get("/api/auth/me", headers=kept)).status_code == 401

    async def test_an_address_that_was_given_to_another_person_opens_nothing(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        await browser.sign_in(oidc, START)
        oidc.control(person=ADA | {"sub": "ada-2"})
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "another_linked"

    async def test_a_subject_of_another_issuer_is_another_person(self, browser, oidc, set_up, database):
        await set_up()
        oidc.control(person=ADA)
        await browser.sign_in(oidc, START)
        (link,) = await _rows(database, oauth_identity)
        assert link.subject == f"{oidc.url} ada-1"

    @pytest.mark.parametrize(
        ("proof", "reason"),
        [
            (True, None),
            ("true", None),
            (False, "no_verified_email"),
            ("false", "no_verified_email"),
            (1, "no_verified_email"),
            ([True], "no_verified_email"),
            (None, "no_verified_email"),
        ],
    )
    async def test_only_a_proven_address_counts(self, browser, oidc, set_up, proof, reason):
        await set_up()
        oidc.control(
            person={name: value for name, value in (ADA | {"email_verified": proof}).items() if value is not None}
        )
        _, query, fragment = landed(await browser.sign_in(oidc, START))
        assert (query.get("reason"), "token" in fragment) == (reason, reason is None)

    async def test_names_that_are_taken_or_cannot_be_one(self, client, oidc, set_up, database):
        await set_up()
        for number, name in enumerate(("root", "Root", "é", "a" * 60, "ada@uni.example")):
            oidc.control(
                person=ADA | {"sub": str(number), "email": f"{number}@uni.example", "preferred_username": name}
            )
            await Browser(client).sign_in(oidc, START)
        names = [row.username for row in await _rows(database, user, user.c.password_hash.is_(None))]
        assert names == ["root-1", "Root-2", "user", "a" * 28, "ada"]


class TestRules:
    async def test_only_the_allowed_domains(self, client, oidc, set_up):
        await set_up(allowed_domains=["uni.example", "*.lab.example"])
        for address, is_let_in in {
            "a@uni.example": True,
            "b@x.lab.example": True,
            "c@lab.example": False,
            "d@evil-uni.example": False,
            "e@uni.example.evil.example": False,
        }.items():
            oidc.control(person=ADA | {"sub": address, "email": address})
            _, query, fragment = landed(await Browser(client).sign_in(oidc, START))
            assert (address, "token" in fragment) == (address, is_let_in)
            assert query.get("reason") == (None if is_let_in else "domain_not_allowed")

    async def test_a_domain_rule_holds_for_those_who_have_an_account(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        await browser.sign_in(oidc, START)
        await set_up(allowed_domains=["other.example"])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "domain_not_allowed"

    async def test_only_members_of_the_required_group(self, browser, oidc, set_up):
        await set_up(groups_claim="groups", required_group="lab")
        for groups, reason in (
            (None, "group_required"),
            (["others"], "group_required"),
            (["lab"], None),
            ("lab", None),
        ):
            oidc.control(person=ADA | ({} if groups is None else {"groups": groups}))
            _, query, _ = landed(await browser.sign_in(oidc, START))
            assert query.get("reason") == reason


class TestGroups:
    ROLES = {"ops": "admin", "vision": {"project": "vision", "role": "editor"}, "staff": "user"}

    async def _sign_in(self, client, oidc, groups, **person):
        oidc.control(person=ADA | {"realm_access": {"roles": groups}} | person)
        _, _, fragment = landed(await Browser(client).sign_in(oidc, START))
        return (await client.get("/api/auth/me", headers=bearer_headers(fragment["token"]))).json()

    async def test_make_and_unmake_administrators(self, client, oidc, set_up, database, elsewhere):
        await set_up(groups_claim="realm_access.roles", group_roles=self.ROLES)
        assert (await self._sign_in(client, oidc, ["staff"]))["is_admin"] is False
        oidc.control(person=ADA | {"realm_access": {"roles": ["ops"]}})
        _, _, fragment = landed(await Browser(client).sign_in(oidc, START))
        assert (await elsewhere.identity.resolve(fragment["token"])).is_admin
        me = await self._sign_in(client, oidc, [])
        assert me["is_admin"] is False

        async def is_noticed():
            return not (await elsewhere.identity.resolve(fragment["token"])).is_admin

        await eventually(is_noticed, 1.0)
        actions = await _actions(database, me["id"])
        assert (actions.count("user_promote"), actions.count("user_demote")) == (1, 1)

    async def test_take_away_only_what_they_gave(self, client, oidc, set_up, root, database):
        await set_up(groups_claim="realm_access.roles", group_roles=self.ROLES)
        me = await self._sign_in(client, oidc, [])
        assert (await client.post(f"/api/admin/users/{me['id']}/promote", headers=root.headers)).is_success
        assert (await self._sign_in(client, oidc, ["ops"]))["is_admin"] is True
        assert (await self._sign_in(client, oidc, []))["is_admin"] is True

    async def test_never_leave_nobody_who_could_let_others_in(self, client, oidc, set_up, root, database):
        await set_up(groups_claim="realm_access.roles", group_roles=self.ROLES)
        me = await self._sign_in(client, oidc, ["ops"])
        async with database.write() as connection:
            await connection.execute(sa.update(user).where(user.c.id == root.id).values(is_active=False))
        assert (await self._sign_in(client, oidc, []))["is_admin"] is True
        assert "user_demote_skipped" in await _actions(database, me["id"])
        async with database.write() as connection:
            await connection.execute(sa.update(user).where(user.c.id == root.id).values(is_active=True))
        assert (await self._sign_in(client, oidc, []))["is_admin"] is False

    async def test_roles_in_projects_go_to_the_catalog_whole(self, client, oidc, set_up, platform, database):
        heard: list[wire.GroupMemberships] = []
        began = now()

        async def keep(message: Message) -> None:
            said = wire.decode(wire.GroupMemberships, message.data)
            if said.at >= began:  # other tests use the same NATS
                heard.append(said)

        await platform.bus.consume(wire.WORK_STREAM, "test-members", [wire.ALL_MEMBERSHIPS], keep)
        await set_up(groups_claim="realm_access.roles", group_roles=self.ROLES)
        me = await self._sign_in(client, oidc, ["staff", "vision"])
        await self._sign_in(client, oidc, [])
        await self._sign_in(client, oidc, [])

        async def are_heard():
            return len(heard) == 2

        await eventually(are_heard, 10)
        assert [(one.user_id, one.provider, one.roles) for one in heard] == [
            (me["id"], "oidc:uni", {"vision": "editor"}),
            (me["id"], "oidc:uni", {}),
        ]

    async def test_go_when_the_provider_goes(self, client, oidc, set_up, root, database):
        await set_up(groups_claim="realm_access.roles", group_roles=self.ROLES)
        me = await self._sign_in(client, oidc, ["ops"])
        assert (await client.delete("/api/admin/security/oidc-providers/uni", headers=root.headers)).status_code == 204
        (row,) = await _rows(database, user, user.c.id == me["id"])
        assert row.is_admin is False


class TestState:
    async def _there(self, browser, oidc):
        away = await browser.start(START)
        return oidc.visit(away.headers["location"]).headers["location"]

    async def _reason(self, answer):
        path, query, fragment = landed(answer)
        assert (path, fragment) == ("/login", {})
        return query["reason"]

    async def test_is_good_once(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        away = await browser.start(START)
        cookies = dict(browser.http.cookies)
        back = oidc.visit(away.headers["location"]).headers["location"]
        assert "token" in landed(await browser.come_back(back))[2]
        assert await self._reason(await browser.come_back(back)) == "state_invalid"
        for name, value in cookies.items():
            browser.http.cookies.set(name, value, domain="test.local", path="/api/auth/oauth")
        assert await self._reason(await browser.come_back(back)) == "state_invalid"

    async def test_is_good_in_the_browser_that_has_it_only(self, browser, client, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        back = await self._there(browser, oidc)
        assert await self._reason(await Browser(client).come_back(back)) == "state_invalid"
        # Nor does a stranger's own state help: the code that comes with it is for another login.
        stranger = Browser(client)
        other = await self._there(stranger, oidc)
        mixed = await stranger.come_back(
            back, state=dict(p.split("=") for p in other.split("?")[1].split("&"))["state"]
        )
        assert await self._reason(mixed) == "exchange_failed"

    async def test_ends_after_ten_minutes(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        back = await self._there(browser, oidc)
        with frozen(now() + timedelta(minutes=10, seconds=1)):
            assert await self._reason(await browser.come_back(back)) == "state_invalid"

    async def test_may_not_be_changed(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        for state in ("", "x", "~login.", "é" * 20, "x" * 20_000):
            back = await self._there(browser, oidc)
            assert await self._reason(await browser.come_back(back, state=state)) == "state_invalid"
            # The cookies are gone: what was tampered with is over.
            assert await self._reason(await browser.come_back(back)) == "state_invalid"
        back = await self._there(browser, oidc)
        assert await self._reason(await browser.come_back(back, code=None)) == "code_missing"

    async def test_of_one_provider_is_not_good_for_another(self, browser, oidc, set_up):
        await set_up()
        await set_up("other")
        oidc.control(person=ADA)
        back = (await self._there(browser, oidc)).replace("/oidc/uni/", "/oidc/other/")
        assert await self._reason(await browser.come_back(back)) == "state_invalid"

    async def test_must_come_from_the_provider_that_it_names(self, browser, oidc, set_up):
        await set_up()
        for faults in (["other_iss"], ["no_iss"]):
            oidc.control(person=ADA, faults=faults)
            assert await self._reason(await browser.sign_in(oidc, START)) == "issuer_invalid"
        oidc.control(faults=[])

    async def test_pkce_and_nonce_are_asked_for(self, browser, oidc, set_up):
        await set_up()
        location = (await browser.start(START)).headers["location"]
        query = dict(part.split("=", 1) for part in location.split("?")[1].split("&"))
        assert query["code_challenge_method"] == "S256"
        assert len(query["code_challenge"]) == 43
        assert len(query["nonce"]) >= 32
        again = dict(p.split("=", 1) for p in (await browser.start(START)).headers["location"].split("?")[1].split("&"))
        assert {name for name in query if query[name] == again[name]} == {
            "response_type", "client_id", "redirect_uri", "scope", "code_challenge_method",
        }  # fmt: skip

    async def test_cookies_are_for_this_path_and_no_script(self, browser, set_up):
        await set_up()
        cookies = (await browser.start(START)).headers.get_list("set-cookie")
        assert {cookie.split("=")[0] for cookie in cookies} == {
            "em_oauth_state", "em_oauth_state_redirect", "em_oauth_flow",
        }  # fmt: skip
        for cookie in cookies:
            assert {"HttpOnly", "SameSite=lax", "Path=/api/auth/oauth", "Max-Age=600"} <= set(cookie.split("; "))


class TestRefusal:
    async def test_by_the_person_at_the_provider(self, browser, oidc, set_up):
        await set_up()
        oidc.control(person=ADA, faults=["deny"])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "access_denied"

    async def test_of_a_provider_that_is_not_there(self, browser, client):
        for path in ("oidc/nobody/start", "oidc/nobody/callback", "github/start", "github/callback"):
            answer = await browser.start(f"/api/auth/oauth/{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "oauth.not_configured")

    async def test_when_the_provider_is_switched_off(self, browser, client, set_up):
        await set_up(is_enabled=False)
        assert (await browser.start(START)).status_code == 404
        assert (await client.get("/api/auth/oauth/config")).json()["providers"] == []

    async def test_too_many_from_one_address(self, browser, core, oidc, set_up):
        await set_up()
        oidc.control(person=ADA)
        core.settings.auth_attempts_per_minute = 3
        assert "token" in landed(await browser.sign_in(oidc, START))[2]
        answers = [await browser.start(START) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 429]
        there = oidc.visit(answers[0].headers["location"]).headers["location"]
        assert landed(await browser.come_back(there))[1]["reason"] == "rate_limited"
