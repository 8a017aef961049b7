from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_auth.core import AuthCore
from argus_contracts.tokens import TOKEN_REGEX, new_token
from argus_kit.clock import frozen, iso, now
from argus_kit.errors import ArgusError
from argus_kit.testing import add_token, bearer_headers, eventually
from argus_schema import metadata
from argus_schema.auth import api_token, signing_secret


async def _make(client, person, **changes):
    body = {"name": "laptop", "scope": "reporter"} | changes
    return await client.post("/api/tokens", json=body, headers=person.headers)


async def _is_refused(platform, credential):
    try:
        await platform.identity.resolve(credential)
    except ArgusError as error:
        return error.status == 401
    return False


class TestCreate:
    @pytest.mark.parametrize(("scope", "prefix"), [("reporter", "em_live_"), ("viewer", "em_view_")])
    async def test_the_text_is_shown_once_and_works_everywhere(self, client, sign_up, elsewhere, scope, prefix):
        ada = await sign_up()
        answer = await _make(client, ada, scope=scope)
        assert answer.status_code == 201
        made = answer.json()
        assert TOKEN_REGEX.fullmatch(made["token"])
        assert made["token"].startswith(prefix)
        assert (made["prefix"], made["scope"], made["revoked"]) == (prefix, scope, False)
        assert made["display_hint"] == made["token"][-4:]
        actor = await elsewhere.identity.resolve(made["token"])
        assert (actor.user_id, actor.scope) == (ada.id, scope)
        listed = (await client.get("/api/tokens", headers=ada.headers)).json()
        assert listed == [{key: value for key, value in made.items() if key != "token"}]

    async def test_it_ends_when_it_expires(self, client, sign_up):
        ada = await sign_up()
        made = (await _make(client, ada, expires_at=iso(now() + timedelta(hours=1)))).json()
        headers = bearer_headers(made["token"])
        assert (await client.get("/api/auth/me", headers=headers)).status_code == 200
        with frozen(now() + timedelta(hours=2)):
            assert (await client.get("/api/auth/me", headers=headers)).status_code == 401

    async def test_an_expiry_must_lie_in_the_future(self, client, sign_up):
        ada = await sign_up()
        for expiry in ("2020-01-01T00:00:00Z", "tomorrow", "9999-99-99", "10000-01-01"):
            answer = await _make(client, ada, expires_at=expiry)
            assert (expiry, answer.status_code) == (expiry, 422)
            assert answer.json()["error"]["code"] == "token.expiry_invalid"
            assert answer.json()["detail"][0]["loc"] == ["body", "expires_at"]

    async def test_what_does_not_fit_is_refused(self, client, sign_up):
        ada = await sign_up()
        for change in ({"name": ""}, {"name": "x" * 65}, {"name": "a\x00b"}, {"scope": "agent"}):
            assert ((await _make(client, ada, **change)).status_code, change) == (422, change)

    async def test_the_limit_holds_against_requests_at_the_same_time(self, client, sign_up, core: AuthCore):
        ada = await sign_up()
        core.settings.auth_max_tokens = 3
        answers = await asyncio.gather(*(_make(client, ada) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 3
        kept = (await client.get("/api/tokens", headers=ada.headers)).json()
        await client.delete(f"/api/tokens/{kept[0]['id']}", headers=ada.headers)
        assert (await _make(client, ada)).status_code == 201


class TestList:
    async def test_filters_by_scope_and_shows_revoked_ones_on_request(self, client, sign_up):
        ada = await sign_up()
        first, second = (await _make(client, ada)).json(), (await _make(client, ada, scope="viewer")).json()
        await client.delete(f"/api/tokens/{first['id']}", headers=ada.headers)

        async def ids(query: str = "") -> list[int]:
            return [row["id"] for row in (await client.get(f"/api/tokens{query}", headers=ada.headers)).json()]

        assert await ids() == [second["id"]]
        assert await ids("?include_revoked=true") == [second["id"], first["id"]]
        assert await ids("?scope=reporter&include_revoked=true") == [first["id"]]
        bad = await client.get("/api/tokens?scope=agent", headers=ada.headers)
        assert (bad.status_code, bad.json()["error"]["code"]) == (400, "token.scope_invalid")

    async def test_shows_nobody_elses_and_no_agents(self, client, sign_up, database):
        ada, bob = await sign_up("ada"), await sign_up("bob")
        await _make(client, ada)
        await add_token(database, bob.id, prefix="ag_live_", agent_id="agent-1")
        assert (await client.get("/api/tokens", headers=bob.headers)).json() == []


class TestRevoke:
    async def test_reaches_every_process_within_a_second(self, client, sign_up, elsewhere):
        ada = await sign_up()
        made = (await _make(client, ada)).json()
        await elsewhere.identity.resolve(made["token"])
        answer = await client.delete(f"/api/tokens/{made['id']}", headers=ada.headers)
        assert answer.json() == {"ok": True, "detail": "revoked", "id": made["id"]}
        assert (await client.get("/api/auth/me", headers=bearer_headers(made["token"]))).status_code == 401
        await eventually(lambda: _is_refused(elsewhere, made["token"]), 1.0)
        again = await client.delete(f"/api/tokens/{made['id']}", headers=ada.headers)
        assert again.json()["detail"] == "already-revoked"

    async def test_someone_elses_does_not_exist(self, client, sign_up):
        ada, bob = await sign_up("ada"), await sign_up("bob")
        made = (await _make(client, ada)).json()
        for unknown in (made["id"], 2**63 - 1):
            answer = await client.delete(f"/api/tokens/{unknown}", headers=bob.headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "token.not_found")
        assert (await client.delete(f"/api/tokens/{2**63}", headers=bob.headers)).status_code == 422


async def test_tokens_cannot_manage_tokens(client, sign_up, database):
    ada = await sign_up()
    for prefix in ("em_live_", "em_view_"):
        headers = bearer_headers(await add_token(database, ada.id, prefix=prefix))
        answers = [
            await client.get("/api/tokens", headers=headers),
            await client.post("/api/tokens", json={"name": "x", "scope": "reporter"}, headers=headers),
            await client.delete("/api/tokens/1", headers=headers),
        ]
        assert [a.json()["error"]["code"] for a in answers] == ["auth.interactive_required"] * 3
        assert [a.status_code for a in answers] == [403] * 3


async def test_a_viewer_token_changes_nothing_even_an_administrators(client, sign_up, database):
    admin = await sign_up()
    headers = bearer_headers(await add_token(database, admin.id, prefix="em_view_"))
    assert (await client.get("/api/admin/users", headers=headers)).status_code == 200
    requests = [
        ("PATCH", "/api/users/me/preferences", {"hide_demo": True}),
        ("POST", "/api/auth/sessions/x/revoke", None),
        ("POST", "/api/admin/users/1/ban", None),
        ("POST", "/api/admin/users/1/unban", None),
        ("PUT", "/api/admin/feature-flags/registration_open", {"value": False}),
        ("PUT", "/api/admin/system-config/smtp/host", {"value": "x"}),
        ("DELETE", "/api/admin/system-config/smtp/host", None),
        ("POST", "/api/admin/security/jwt/rotate", None),
        ("POST", "/api/admin/jwt/rotate", None),
    ]
    for method, path, body in requests:
        answer = await client.request(method, path, json=body, headers=headers)
        assert (path, answer.status_code) == (path, 403)
        assert answer.json()["error"]["code"] == "auth.scope_insufficient"


async def test_secrets_are_neither_in_the_tables_nor_in_the_logs(client, sign_up, database, caplog, capsys):
    caplog.set_level("DEBUG")
    ada = await sign_up(password="a very secret horse 77")
    token = (await _make(client, ada)).json()["token"]
    await client.get("/api/auth/me", headers=bearer_headers(token))
    await client.get("/api/auth/me", headers=bearer_headers(token[:-1] + "x"))
    wrong = "a wrong secret donkey 88"
    await client.post("/api/auth/login", json={"username_or_email": "ada", "password": wrong})
    weak = "weaksecretwithoutdigits"
    await client.post("/api/auth/register", json={"username": "bob", "email": "b@example.org", "password": weak})
    put = await client.put(
        "/api/admin/system-config/smtp/password", json={"value": "mail secret 99"}, headers=ada.headers
    )
    assert put.json()["value"] == "***"
    stored = []
    async with database.read() as connection:
        for table in metadata.sorted_tables:
            stored += [repr(tuple(row)) for row in await connection.execute(sa.select(table))]
        sealed = (await connection.execute(sa.select(signing_secret.c.private_key_encrypted))).scalars().all()
    output = capsys.readouterr()
    seen = "\n".join([*stored, caplog.text, output.out, output.err])
    secret = token.split("_", 2)[2][12:42]
    for text in (ada.password, secret, ada.jwt, wrong, weak, "mail secret 99"):
        assert text not in seen
    assert len(sealed) == 1
    assert sealed[0].startswith(b"gAAAA"), "a Fernet text, not a key"


async def test_the_secret_is_stored_as_argon2id(client, sign_up, database):
    await _make(client, await sign_up())
    async with database.read() as connection:
        stored = (await connection.execute(sa.select(api_token.c.secret_hash))).scalar_one()
    assert stored.startswith("$argon2id$")


class TestRestrictions:
    async def test_without_them_a_token_is_as_before(self, client, sign_up):
        made = (await _make(client, await sign_up())).json()
        assert (made["project"], made["networks"]) == (None, None)

    async def test_they_are_shown_to_the_owner_and_written_into_the_audit_log(self, client, sign_up):
        ada = await sign_up()
        made = (await _make(client, ada, project="vision/éval", networks=["10.2.3.4/16", "192.0.2.7"])).json()
        assert (made["project"], made["networks"]) == ("vision/éval", ["10.2.0.0/16", "192.0.2.7"])
        (listed,) = (await client.get("/api/tokens", headers=ada.headers)).json()
        assert (listed["project"], listed["networks"]) == (made["project"], made["networks"])
        (line,) = (await client.get("/api/admin/audit-log?action=token_create", headers=ada.headers)).json()
        assert line["metadata"]["project"] == "vision/éval"
        assert line["metadata"]["networks"] == ["10.2.0.0/16", "192.0.2.7/32"]

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            (["10.0.0.1"], ["10.0.0.1"]),
            ([" 10.0.0.1 ", "10.0.0.1/32"], ["10.0.0.1"]),
            (["10.9.8.7/8"], ["10.0.0.0/8"]),
            (["10.0.0.0/255.255.0.0"], ["10.0.0.0/16"]),
            (["2001:DB8:0:0::1"], ["2001:db8::1"]),
            (["2001:db8::5/64"], ["2001:db8::/64"]),
            (["::ffff:10.0.0.1"], ["10.0.0.1"]),
            (["::ffff:10.0.0.0/112"], ["10.0.0.0/16"]),
            ([], None),
        ],
    )
    async def test_networks_are_brought_into_one_form(self, client, sign_up, written, kept):
        assert (await _make(client, await sign_up(), networks=written)).json()["networks"] == kept

    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            ("10.0.0.0/33", "not a number from 0 to 32"),
            ("10.0.0.0/", "not a number from 0 to 32"),
            ("2001:db8::/129", "not a number from 0 to 128"),
            ("office", "neither an address nor a network"),
            ("010.0.0.1", "neither an address nor a network"),
            ("", "neither an address nor a network"),
            ("fe80::1%eth0", "network card"),
        ],
    )
    async def test_what_is_no_network_is_refused_with_the_reason(self, client, sign_up, written, reason):
        answer = await _make(client, await sign_up(), networks=["10.0.0.1", written])
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "token.network_invalid")
        (fault,) = answer.json()["detail"]
        assert fault["loc"] == ["body", "networks"]
        assert reason in fault["msg"]
        assert repr(written) in fault["msg"]

    @pytest.mark.parametrize(
        "change", [{"networks": ["10.0.0.1"] * 21}, {"project": ""}, {"project": "x" * 257}, {"networks": "10.0.0.1"}]
    )
    async def test_bounds_of_the_request(self, client, sign_up, change):
        assert (await _make(client, await sign_up(), **change)).status_code == 422

    async def test_from_another_network_it_is_refused_and_told_once(self, client, sign_up, worker, database):
        ada = await sign_up()
        made = (await _make(client, ada, networks=["192.0.2.0/24"])).json()
        headers = bearer_headers(made["token"])
        for _ in range(20):
            answer = await client.get("/api/auth/me", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.network_refused")

        async def lines():
            return (await client.get("/api/admin/audit-log?action=token_refused", headers=ada.headers)).json()

        (line,) = await eventually(lines, 10)
        assert (line["target_id"], line["user_id"], line["ip_address"]) == (str(made["id"]), ada.id, "127.0.0.1")
        assert line["metadata"]["reason"] == "network"
        assert made["token"] not in str(line)
        assert len(await lines()) == 1
        assert (await client.get("/api/tokens", headers=ada.headers)).json()[0]["last_used"] is None

    async def test_from_its_network_it_works(self, client, sign_up):
        ada = await sign_up()
        for networks in (["127.0.0.1"], ["10.0.0.0/8", "127.0.0.0/8"], ["::ffff:127.0.0.1"]):
            made = (await _make(client, ada, networks=networks)).json()
            assert (await client.get("/api/auth/me", headers=bearer_headers(made["token"]))).status_code == 200

    async def test_one_that_is_tied_to_a_project_opens_no_account_and_no_administration(self, client, sign_up):
        admin = await sign_up()
        made = (await _make(client, admin, project="vision")).json()
        headers = bearer_headers(made["token"])
        me = await client.get("/api/auth/me", headers=headers)
        assert (me.status_code, me.json()["id"]) == (200, admin.id)
        for method, path, code in (
            ("GET", "/api/admin/users", "auth.admin_required"),
            ("GET", "/api/admin/audit-log", "auth.admin_required"),
            ("PUT", "/api/admin/feature-flags/registration_open", "auth.admin_required"),
            ("GET", "/api/auth/sessions", "auth.project_token"),
            ("POST", "/api/auth/sessions/x/revoke", "auth.project_token"),
            ("GET", "/api/users/me/preferences", "auth.project_token"),
            ("PATCH", "/api/users/me/preferences", "auth.project_token"),
            ("GET", "/api/tokens", "auth.interactive_required"),
        ):
            body = {"value": False} if method == "PUT" else {} if method == "PATCH" else None
            answer = await client.request(method, path, headers=headers, json=body)
            assert (path, answer.status_code, answer.json()["error"]["code"]) == (path, 403, code)


class TestLeaked:
    async def _report(self, client, text):
        answer = await client.post("/api/tokens/leaked", json={"token": text})
        assert answer.status_code == 200
        return answer.json()

    async def test_whoever_can_show_it_ends_it_everywhere_and_its_owner_is_told(
        self, client, sign_up, elsewhere, mail_to
    ):
        ada = await sign_up()
        made = (await _make(client, ada, name="ci runner")).json()
        await elsewhere.identity.resolve(made["token"])
        await self._report(client, f" {made['token']}\n")
        assert (await client.get("/api/auth/me", headers=bearer_headers(made["token"]))).status_code == 401
        await eventually(lambda: _is_refused(elsewhere, made["token"]), 1.0)
        mail = await mail_to(ada.email, "token_leaked")
        assert "ci runner" in mail.body_text
        assert made["token"] not in mail.body_text
        (line,) = (await client.get("/api/admin/audit-log?action=token_leaked", headers=ada.headers)).json()
        assert (line["target_id"], line["user_id"], line["ip_address"]) == (str(made["id"]), ada.id, "127.0.0.1")

    async def test_the_answer_says_nothing(self, client, sign_up, database):
        ada = await sign_up()
        good, other = [(await _make(client, ada)).json() for _ in range(2)]
        agent = await add_token(database, ada.id, prefix="ag_live_", agent_id="agent-1")
        forged = good["token"][:20] + other["token"][20:]
        answers = [
            await self._report(client, text) for text in ("", "nothing", new_token("em_live").token, forged, agent)
        ]
        assert all(answer == answers[0] for answer in answers)
        assert await self._report(client, good["token"]) == answers[0]
        assert await self._report(client, good["token"]) == answers[0], "the second time too"
        for token, status in ((other["token"], 200), (good["token"], 401), (agent, 401)):
            assert (await client.get("/api/auth/me", headers=bearer_headers(token))).status_code == status
        lines = (await client.get("/api/admin/audit-log?action=token_leaked", headers=ada.headers)).json()
        assert len(lines) == 2

    async def test_nobody_guesses_by_it(self, client, sign_up):
        await sign_up()
        answers = [await client.post("/api/tokens/leaked", json={"token": "x"}) for _ in range(70)]
        assert [answer.status_code for answer in answers[:60]] == [200] * 60
        assert answers[-1].status_code == 429
