"""Setting up OpenID Connect providers."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from argus_auth.oauth.settings import OAuthSettings
from argus_kit.testing import add_token, bearer_headers, make_settings
from argus_schema.auth import audit_log, oidc_provider

PATH = "/api/admin/security/oidc-providers"
BODY = {"name": "University", "issuer": "https://sso.uni.example", "client_id": "argus", "client_secret": "hush"}


@pytest.fixture
def settings(database_url, nats_url, tmp_path):
    return make_settings(tmp_path, database_url, nats_url, outbound_allow="127.0.0.0/8")


@pytest.fixture
async def root(sign_up):
    return await sign_up("root")


async def test_a_token_sets_none_up_since_a_provider_makes_administrators(client, root, database):
    token = bearer_headers(await add_token(database, root.id))
    for answer in (
        await client.put(f"{PATH}/uni", json=BODY, headers=token),
        await client.delete(f"{PATH}/uni", headers=token),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.interactive_required")
    assert (await client.get(PATH, headers=token)).json() == []


async def test_is_set_up_shown_masked_and_deleted(client, root, database):
    made = await client.put(f"{PATH}/uni", json=BODY, headers=root.headers)
    assert made.status_code == 200, made.text
    assert made.json() == {
        "slug": "uni",
        "name": "University",
        "issuer": "https://sso.uni.example",
        "client_id": "argus",
        "client_secret": "***",
        "scopes": "openid email profile",
        "allowed_domains": [],
        "groups_claim": None,
        "group_roles": {},
        "required_group": None,
        "is_enabled": True,
        "source": "db",
        "callback_url": "http://localhost:8000/api/auth/oauth/oidc/uni/callback",
        "linked_people": 0,
        "created_at": made.json()["created_at"],
        "updated_at": None,
        "updated_by": root.id,
    }
    assert (await client.get(PATH, headers=root.headers)).json() == [made.json()]
    config = (await client.get("/api/auth/oauth/config")).json()
    assert config == {"github": False, "providers": [{"slug": "uni", "name": "University"}]}
    async with database.read() as connection:
        stored = (await connection.execute(sa.select(oidc_provider.c.client_secret_encrypted))).scalar_one()
        lines = (await connection.execute(sa.select(audit_log.c.action, audit_log.c.metadata))).all()
    assert b"hush" not in stored
    assert "hush" not in json.dumps([line.metadata for line in lines])
    assert (await client.delete(f"{PATH}/uni", headers=root.headers)).status_code == 204
    assert (await client.delete(f"{PATH}/uni", headers=root.headers)).status_code == 404
    assert {"oidc_provider_set"} <= {line.action for line in lines}


async def test_a_masked_secret_stays_and_is_told_to_no_other_issuer(client, root, core, database):
    await client.put(f"{PATH}/uni", json=BODY, headers=root.headers)
    again = BODY | {"client_secret": "***", "name": "Uni"}
    assert (await client.put(f"{PATH}/uni", json=again, headers=root.headers)).json()["name"] == "Uni"
    async with database.read() as connection:
        sealed = (await connection.execute(sa.select(oidc_provider.c.client_secret_encrypted))).scalar_one()
    assert core.platform.secret_box.decrypt(sealed) == b"hush"
    elsewhere = again | {"issuer": "https://evil.example"}
    refused = await client.put(f"{PATH}/uni", json=elsewhere, headers=root.headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "oidc_provider.invalid")
    assert (await client.put(f"{PATH}/new", json=again, headers=root.headers)).status_code == 422
    bare = await client.put(f"{PATH}/uni", json=BODY | {"client_secret": ""}, headers=root.headers)
    assert bare.json()["client_secret"] == ""


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://sso.uni.example"},
        {"issuer": "ftp://sso.uni.example"},
        {"issuer": "https://user:password@sso.uni.example"},
        {"issuer": "https://sso.uni.example?x=1"},
        {"issuer": "sso.uni.example"},
        {"issuer": ""},
        {"name": ""},
        {"name": "a\nb"},
        {"client_id": ""},
        {"scopes": "email"},
        {"scopes": "openid\temail"},
        {"allowed_domains": ["not a domain"]},
        {"allowed_domains": "uni.example"},
        {"group_roles": {"ops": "root"}},
        {"group_roles": {"ops": {"project": "x", "role": "god"}}},
        {"group_roles": {"ops": {"project": "", "role": "owner"}}},
        {"is_admin": True},
    ],
)
async def test_what_cannot_be_is_refused(client, root, change):
    answer = await client.put(f"{PATH}/uni", json=BODY | change, headers=root.headers)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("slug", ["Uni", "-uni", "u" * 33, "u_ni", "%00", "u%2Fni"])
async def test_the_short_name_fits_into_an_address(client, root, slug):
    assert (await client.put(f"{PATH}/{slug}", json=BODY, headers=root.headers)).status_code in {404, 422}


async def test_the_environments_provider_is_shown_and_not_to_be_changed(client, root, core, monkeypatch):
    from argus_auth.oauth.providers import SignIn

    core.platform.get(SignIn).settings = OAuthSettings(
        oidc_issuer="https://sso.uni.example",
        oidc_client_id="argus",
        oidc_client_secret="hush",
        oidc_name="Uni",
        oidc_allowed_domains="uni.example, lab.example",
        oidc_group_roles='{"ops": "admin"}',
    )
    (shown,) = (await client.get(PATH, headers=root.headers)).json()
    assert (shown["slug"], shown["source"], shown["client_secret"], shown["name"]) == ("sso", "env", "***", "Uni")
    assert (shown["allowed_domains"], shown["group_roles"]) == (["uni.example", "lab.example"], {"ops": "admin"})
    for answer in (
        await client.put(f"{PATH}/sso", json=BODY, headers=root.headers),
        await client.delete(f"{PATH}/sso", headers=root.headers),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "oidc_provider.read_only")


class TestEnvironment:
    def test_a_wrong_word_ends_the_start_with_a_sentence(self):
        for given, said in (
            ({"oidc_issuer": "http://sso.uni.example", "oidc_client_id": "x"}, "must begin with https"),
            ({"oidc_issuer": "https://sso.uni.example"}, "ARGUS_OIDC_CLIENT_ID"),
            ({"oidc_group_roles": "{"}, "not JSON"),
            ({"oidc_group_roles": '{"ops": "root"}'}, "ops"),
        ):
            with pytest.raises(ValueError, match=said):
                OAuthSettings(**given)


class TestTest:
    async def _test(self, client, root, oidc, **changes):
        body = BODY | {"issuer": oidc.url, "client_secret": "a secret of the provider"} | changes
        assert (await client.put(f"{PATH}/uni", json=body, headers=root.headers)).is_success
        answer = await client.post(f"{PATH}/uni/test", headers=root.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def test_says_that_all_is_well(self, client, root, oidc):
        outcome = await self._test(client, root, oidc)
        assert outcome["ok"] is True
        assert {check["name"]: check["ok"] for check in outcome["checks"]} == dict.fromkeys(
            ("discovery", "keys", "pkce", "scopes"), True
        )

    @pytest.mark.parametrize(
        ("fault", "check", "said"),
        [
            ("down", "discovery", "answers 502"),
            ("metadata:other_issuer", "discovery", "calls itself 'https://elsewhere.example'"),
            ("huge:/.well-known/openid-configuration", "discovery", "too large"),
            ("jwks:symmetric", "keys", "no key that can verify"),
            ("down:/jwks", "keys", "answers 503"),
            ("metadata:plain_pkce", "pkce", "PKCE"),
        ],
    )
    async def test_says_what_is_wrong(self, client, root, oidc, fault, check, said):
        oidc.control(faults=[fault])
        outcome = await self._test(client, root, oidc)
        assert outcome["ok"] is False
        (wrong,) = [found for found in outcome["checks"] if not found["ok"]]
        assert wrong["name"] == check
        assert said in wrong["message"]

    async def test_of_nobody(self, client, root, oidc):
        assert (await client.post(f"{PATH}/nobody/test", headers=root.headers)).status_code == 404
        outcome = await self._test(client, root, oidc, issuer="http://127.0.0.1:1", scopes="openid")
        assert "nobody answers" in outcome["checks"][0]["message"]
