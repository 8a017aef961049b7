"""A provider that misbehaves, or somebody between it and us: nothing that it says opens an account."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from browser import Browser, landed

from argus_auth.oauth import discovery, outgoing
from argus_auth.oauth.discovery import Directory
from argus_auth.oauth.external import Unavailable
from argus_auth.oauth.providers import SignIn
from argus_kit.testing import make_settings
from argus_schema.auth import audit_log, oauth_identity, user

START = "/api/auth/oauth/oidc/uni/start"
ADA = {"sub": "ada-1", "email": "ada@uni.example", "email_verified": True, "preferred_username": "ada"}


@pytest.fixture
def database_kind():
    """The database has no part in this."""
    return "sqlite"


@pytest.fixture
def settings(database_url, nats_url, tmp_path, monkeypatch):
    monkeypatch.setattr(outgoing, "_TOTAL_S", 1.0)
    return make_settings(tmp_path, database_url, nats_url, outbound_allow="127.0.0.0/8")


@pytest.fixture
async def browser(client, sign_up, oidc):
    root = await sign_up("root")
    body = {"name": "University", "issuer": oidc.url, "client_id": "argus", "client_secret": "a secret of the provider"}
    path = "/api/admin/security/oidc-providers/uni"
    assert (await client.put(path, json=body, headers=root.headers)).is_success
    oidc.control(person=ADA)
    return Browser(client)


async def _is_nobody_in(database):
    async with database.read() as connection:
        assert (await connection.execute(sa.select(oauth_identity))).all() == []
        assert (await connection.execute(sa.select(sa.func.count()).select_from(user))).scalar_one() == 1


LIES = [
    "wrong_nonce", "no_nonce", "wrong_audience", "two_audiences", "two_audiences_for_another", "wrong_issuer",
    "alg_none", "hs256_public_key", "hs256_client_secret", "expired", "no_expiry", "no_issue_time", "from_the_future",
    "not_yet", "other_key", "unknown_key", "unsigned", "critical_header", "garbage", "no_id_token",
    "another_access_token", "no_subject", "empty_subject", "number_subject",
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_an_id_token_that_does_not_hold_is_refused_and_noted(browser, oidc, database, lie):
    oidc.control(faults=[lie])
    path, query, fragment = landed(await browser.sign_in(oidc, START))
    assert (path, query["reason"], fragment) == ("/login", "token_invalid", {})
    await _is_nobody_in(database)
    async with database.read() as connection:
        refused = sa.select(audit_log.c.metadata).where(audit_log.c.action == "login_failed")
        assert (await connection.execute(refused)).scalars().all() == [
            {"reason": "token_invalid", "method": "oidc:uni"}
        ]


@pytest.mark.parametrize(
    "form", [[], ["two_audiences_for_us"], ["no_key_id"], ["metadata:post_only"], ["metadata:no_iss", "no_iss"]]
)
async def test_other_forms_of_the_truth_are_taken(browser, oidc, form):
    oidc.control(faults=form)
    assert "token" in landed(await browser.sign_in(oidc, START))[2]


class TestUserinfo:
    async def test_gives_what_the_id_token_leaves_out(self, browser, oidc):
        oidc.control(faults=["thin"])
        _, _, fragment = landed(await browser.sign_in(oidc, START))
        assert (fragment["email"], fragment["login"]) == ("ada@uni.example", "ada")

    async def test_of_another_person_is_refused(self, browser, oidc, database):
        oidc.control(faults=["thin", "other_subject"])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "user_fetch_failed"
        await _is_nobody_in(database)

    async def test_is_not_asked_when_nothing_is_missing(self, browser, oidc):
        oidc.control(faults=["other_subject"])
        assert "token" in landed(await browser.sign_in(oidc, START))[2]

    async def test_cannot_vouch_for_an_address_of_the_id_token(self, browser, core, oidc):
        # The ID token names one address without proof, the userinfo endpoint proves another.
        oidc.control(faults=["address_without_proof"], person=ADA)
        _, _, fragment = landed(await browser.sign_in(oidc, START))
        assert fragment["email"] == "ada@uni.example"  # both from userinfo
        oidc.control(faults=["address_without_proof", "metadata:no_userinfo"], person=ADA | {"sub": "2"})
        core.platform.get(SignIn)._by_admins._metadata.clear()
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "no_verified_email"

    @pytest.mark.parametrize("fault", ["down:/userinfo", "slow:/userinfo", "huge:/userinfo", "redirect:/userinfo"])
    async def test_that_does_not_answer_ends_the_login(self, browser, oidc, database, fault):
        oidc.control(faults=["thin", fault])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "user_fetch_failed"
        await _is_nobody_in(database)


class TestKeys:
    async def test_that_turn_over_are_asked_for_again(self, browser, oidc, monkeypatch):
        assert "token" in landed(await browser.sign_in(oidc, START))[2]
        oidc.control(rotate=True)
        # At most once a minute, or a forger could make us hammer the provider.
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "token_invalid"
        monkeypatch.setattr(discovery, "_ASK_AGAIN_S", 0.0)
        assert "token" in landed(await browser.sign_in(oidc, START))[2]

    async def test_are_not_fetched_for_every_forged_token(self, browser, oidc):
        oidc.control(faults=["unknown_key"])
        for _ in range(5):
            await browser.sign_in(oidc, START)
        assert oidc.control()["counts"]["/jwks"] == 1

    @pytest.mark.parametrize("fault", ["jwks:symmetric", "jwks:empty", "down:/jwks", "slow:/jwks", "huge:/jwks"])
    async def test_that_cannot_be_had_let_nobody_in(self, browser, oidc, database, fault):
        oidc.control(faults=[fault])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "provider_unavailable"
        await _is_nobody_in(database)


class TestProvider:
    @pytest.mark.parametrize(
        "fault",
        ["down", "metadata:other_issuer", "metadata:plain_http", "metadata:no_token_endpoint", "metadata:only_hmac"]
        + [f"{what}:/.well-known/openid-configuration" for what in ("slow", "huge", "redirect")],
    )
    async def test_that_is_not_what_it_should_be_is_said_to_the_reader(self, browser, oidc, fault):
        oidc.control(faults=[fault])
        path, query, _ = landed(await browser.start(START))
        assert (path, query) == ("/login", {"error": "oauth_uni_failed", "reason": "provider_unavailable"})

    async def test_that_is_down_keeps_nobody_waiting_in_a_row(self, browser, oidc, core, monkeypatch):
        asked = []

        async def ask(_, url):
            asked.append(url)
            await asyncio.sleep(0.05)
            raise Unavailable("no answer")

        monkeypatch.setattr(outgoing, "get_object", ask)
        for answer in await asyncio.gather(*(browser.start(START) for _ in range(8))):
            assert landed(answer)[1]["reason"] == "provider_unavailable"
        assert len(asked) == 1
        monkeypatch.setattr(discovery, "_FAILED_S", 0.0)
        await browser.start(START)
        assert len(asked) == 2

    @pytest.mark.parametrize("fault", ["down:/token", "slow:/token", "huge:/token", "redirect:/token"])
    async def test_that_does_not_change_the_code_lets_nobody_in(self, browser, oidc, database, fault):
        oidc.control(faults=[fault])
        assert landed(await browser.sign_in(oidc, START))[1]["reason"] == "provider_unavailable"
        await _is_nobody_in(database)

    async def test_on_a_private_address_is_not_called_for_administrators(self, browser, oidc, core):
        sign_in = core.platform.get(SignIn)
        await sign_in._by_admins.close()
        strict = core.platform.settings.model_copy(update={"outbound_allow": ""})
        sign_in._by_admins = Directory(lambda: outgoing.open_client(strict))
        assert landed(await browser.start(START))[1]["reason"] == "provider_unavailable"
        assert "/.well-known/openid-configuration" not in oidc.control()["counts"]

    async def test_checks_our_part_as_well(self, browser, oidc):
        """The provider is a real one: it knows its clients' addresses, asks for PKCE, and takes a nonce once."""
        away = (await browser.start(START)).headers["location"]
        back = oidc.visit(away).headers["location"]
        assert oidc.visit(away).status_code == 400
        for change in (("uni%2Fcallback", "uni%2Felsewhere"), ("S256", "plain"), ("client_id=argus", "client_id=x")):
            again = (await browser.start(START)).headers["location"]
            assert (change, oidc.visit(again.replace(*change)).status_code) == (change, 400)
        # A code of another login, whose verifier is another browser's.
        assert landed(await browser.come_back(back))[1]["reason"] == "state_invalid"
