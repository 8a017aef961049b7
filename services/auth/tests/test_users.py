"""What administrators do with people, and what nobody can."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_auth.app import SERVICE
from argus_auth.dependencies import Origin
from argus_auth.users import service
from argus_kit.app import http_app
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.testing import add_token, bearer_headers, eventually
from argus_schema.auth import session, user

ROW = {
    "id", "username", "email", "is_active", "is_admin", "email_verified", "created_at", "last_login",
    "failed_login_count", "locked_until", "deleted_at",
}  # fmt: skip


@pytest.fixture
async def admin(sign_up):
    return await sign_up("root")


@pytest.fixture
async def bob(admin, sign_up):
    return await sign_up("bob")


@pytest.fixture
def act(client, admin):
    """Does something with a person as the administrator."""

    async def act(person_id, what, *, by=None, reason=None):
        body = {"reason": reason} if reason else None
        headers = (by or admin).headers
        answer = await client.post(f"/api/admin/users/{person_id}/{what}", json=body, headers=headers)
        error = answer.json().get("error", {}).get("code")
        return answer.status_code, error or answer.json()

    return act


async def _change(database, person_id, **values):
    async with database.write() as connection:
        await connection.execute(sa.update(user).where(user.c.id == person_id).values(values))


async def _lines(client, admin, action):
    rows = await client.get(f"/api/admin/audit-log?action={action}", headers=admin.headers)
    return [(row["target_id"], row["metadata"]) for row in rows.json()]


class TestList:
    async def test_is_a_bare_array_newest_first(self, client, admin, bob):
        answer = await client.get("/api/admin/users", headers=admin.headers)
        assert [row["id"] for row in answer.json()] == [bob.id, admin.id]
        assert set(answer.json()[0]) == ROW
        assert answer.headers["X-Total-Count"] == "2"
        page = await client.get("/api/admin/users?limit=1&offset=1", headers=admin.headers)
        assert ([row["id"] for row in page.json()], page.headers["X-Total-Count"]) == ([admin.id], "2")
        for query in ("limit=0", "limit=1001", "offset=-1", "status=odd", "sort=password_hash"):
            assert (await client.get(f"/api/admin/users?{query}", headers=admin.headers)).status_code == 422

    async def test_finds_by_a_part_of_name_or_address(self, client, admin, bob, sign_up):
        await sign_up("under_score")

        async def found(text):
            answer = await client.get("/api/admin/users", params={"q": text}, headers=admin.headers)
            return [row["username"] for row in answer.json()]

        assert await found("BO") == ["bob"]
        assert await found(bob.email[2:9].upper()) == ["bob"]
        assert await found("r_s") == ["under_score"], "an underscore is no wildcard"
        assert await found("%") == []
        assert await found("nobody") == []

    async def test_filters_by_status_and_sorts(self, client, admin, bob, sign_up, database):
        banned, locked, gone = await sign_up("banned"), await sign_up("locked"), await sign_up("gone")
        await _change(database, banned.id, is_active=False)
        await _change(database, locked.id, locked_until=now() + timedelta(minutes=5), email_verified=True)
        await _change(database, gone.id, is_active=False, deleted_at=now())

        async def names(query):
            answer = await client.get(f"/api/admin/users?{query}", headers=admin.headers)
            return [row["username"] for row in answer.json()]

        assert await names("sort=username") == ["banned", "bob", "locked", "root"]
        assert await names("status=active&sort=-username") == ["root", "locked", "bob"]
        assert await names("status=banned") == ["banned"]
        assert await names("status=locked") == ["locked"]
        assert await names("status=admin") == ["root"]
        assert await names("status=deleted") == ["gone"]
        assert "locked" not in await names("status=unverified")
        await _change(database, bob.id, last_login=None)
        assert (await names("sort=-last_login"))[-1] == "bob"
        assert (await names("sort=last_login"))[-1] == "bob"

    async def test_tells_what_hangs_on_an_account_and_no_credential(self, client, admin, bob, database):
        await add_token(database, bob.id)
        await add_token(database, bob.id, prefix="ag_live_", agent_id="a")
        answer = await client.get(f"/api/admin/users/{bob.id}", headers=admin.headers)
        shown = answer.json()
        assert (shown["sessions"], shown["tokens"], shown["agents"], shown["identities"]) == (1, 1, 1, [])
        assert shown["has_password"] is True
        assert "argon2" not in answer.text
        assert (await client.get("/api/admin/users/999", headers=admin.headers)).status_code == 404


class TestBan:
    async def test_ends_everything_within_a_second(self, client, admin, bob, act, database, elsewhere):
        agent = await add_token(database, bob.id, prefix="ag_live_", agent_id="agent-1")
        credentials = [bob.jwt, await add_token(database, bob.id), agent]
        for credential in credentials:
            await elsewhere.identity.resolve(credential)
        for _ in range(2):
            status, row = await act(bob.id, "ban", reason="mining coins")
            assert (status, row["id"], row["is_active"]) == (200, bob.id, False)

        async def all_refused():
            for credential in credentials:
                try:
                    await elsewhere.identity.resolve(credential)
                except ArgusError:
                    continue
                return False
            return True

        await eventually(all_refused, 1.0)
        assert (await client.get("/api/auth/me", headers=bob.headers)).status_code == 401
        lines = await _lines(client, admin, "user_ban")
        assert lines == [(str(bob.id), {"reason": "mining coins", "sessions_ended": 1})]

    async def test_an_unban_gives_tokens_back_and_asks_for_a_login(self, client, admin, bob, act, database):
        token = bearer_headers(await add_token(database, bob.id))
        await act(bob.id, "ban")
        assert (await client.get("/api/auth/me", headers=token)).status_code == 401
        status, row = await act(bob.id, "unban")
        assert (status, row["is_active"]) == (200, True)
        assert (await client.get("/api/auth/me", headers=token)).status_code == 200
        assert (await client.get("/api/auth/me", headers=bob.headers)).status_code == 401, "the session has ended"

    async def test_nobody_bans_oneself_or_a_ghost(self, admin, act):
        assert await act(admin.id, "ban") == (400, "user.is_self")
        for what in ("ban", "unban", "promote", "demote", "reset-password", "unlock", "verify-email", "end-sessions"):
            assert await act(999, what) == (404, "user.not_found")


class TestAdministrators:
    async def test_a_promotion_and_a_demotion_reach_every_service_within_a_second(
        self, client, admin, bob, act, elsewhere
    ):
        assert (await elsewhere.identity.resolve(bob.jwt)).is_admin is False
        status, row = await act(bob.id, "promote")
        assert (status, row["is_admin"]) == (200, True)

        async def is_known(as_admin):
            return (await elsewhere.identity.resolve(bob.jwt)).is_admin is as_admin

        await eventually(lambda: is_known(as_admin=True), 1.0)
        assert (await client.get("/api/admin/users", headers=bob.headers)).status_code == 200
        await act(bob.id, "demote")
        await eventually(lambda: is_known(as_admin=False), 1.0)
        assert (await client.get("/api/admin/users", headers=bob.headers)).status_code == 403
        assert len(await _lines(client, admin, "user_promote")) == 1
        assert len(await _lines(client, admin, "user_demote")) == 1

    async def test_nobody_demotes_oneself(self, admin, bob, act):
        await act(bob.id, "promote")
        assert await act(admin.id, "demote") == (400, "user.is_self")

    async def test_two_who_demote_or_ban_each_other_do_not_both_succeed(self, admin, bob, act, database):
        for what in ("demote", "ban"):
            await _change(database, admin.id, is_admin=True, is_active=True)
            await _change(database, bob.id, is_admin=True, is_active=True)
            both = await asyncio.gather(act(bob.id, what), act(admin.id, what, by=bob))
            assert sum(status == 200 for status, _ in both) <= 1, both
            async with database.read() as connection:
                able = sa.select(sa.func.count()).where(user.c.is_admin.is_(True), user.c.is_active.is_(True))
                assert (await connection.execute(able)).scalar_one() >= 1

    @pytest.mark.parametrize("what", [service.demote, service.ban])
    async def test_the_last_one_stays(self, admin, bob, core, what):
        # By somebody whose right was remembered a moment too long, or by the command line.
        for by in (bob.id, None):
            with pytest.raises(ArgusError, match="last administrator"):
                async with core.write() as work:
                    await what(work, service.By(by, Origin(None, None)), admin.id)

    async def test_a_token_makes_nobody_an_administrator_and_opens_no_account(self, client, admin, bob, database):
        token = bearer_headers(await add_token(database, admin.id))
        for what in ("promote", "demote", "reset-password"):
            answer = await client.post(f"/api/admin/users/{bob.id}/{what}", headers=token)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.interactive_required")

    async def test_whoever_is_banned_or_deleted_is_not_promoted(self, bob, act, database):
        await act(bob.id, "ban")
        assert await act(bob.id, "promote") == (400, "user.inactive")
        await _change(database, bob.id, deleted_at=now())
        for what in ("promote", "demote", "ban", "unban", "reset-password", "unlock", "verify-email", "end-sessions"):
            assert await act(bob.id, what) == (409, "user.deleted")


class TestCare:
    async def test_without_mail_a_reset_gives_a_link_once_and_ends_password_and_sessions(self, client, admin, bob, act):
        status, answer = await act(bob.id, "reset-password", reason="lost the laptop")
        assert (status, answer["detail"], answer["sessions_ended"]) == (200, "link", 1)
        login = {"username_or_email": "bob", "password": bob.password}
        assert (await client.post("/api/auth/login", json=login)).status_code == 401
        assert (await client.get("/api/auth/me", headers=bob.headers)).status_code == 401
        token = re.fullmatch(r"http.*/reset-password\?token=([\w-]+)", answer["link"]).group(1)
        choice = {"token": token, "new_password": "correct giraffe 22"}
        assert (await client.post("/api/auth/reset-password", json=choice)).status_code == 200
        assert (await client.post("/api/auth/reset-password", json=choice)).status_code == 400
        login["password"] = "correct giraffe 22"
        opened = await client.post("/api/auth/login", json=login)
        assert opened.status_code == 200
        assert opened.json()["user"]["email_verified"] is False, "a link that was handed over proves no mail box"
        log = (await client.get("/api/admin/audit-log?limit=1000", headers=admin.headers)).text
        assert token not in log
        assert "lost the laptop" in log

    async def test_with_mail_the_link_is_mailed_and_the_answer_has_none(
        self, client, admin, bob, act, mail_to, monkeypatch
    ):
        monkeypatch.setenv("ARGUS_SMTP_HOST", "mail.example.org")
        status, answer = await act(bob.id, "reset-password")
        assert (status, answer["detail"], answer["link"]) == (200, "mailed", None)
        mail = await mail_to(bob.email, "password_voided")
        assert "/reset-password?token=" in mail.body_text

    async def test_nobody_resets_oneself_here(self, admin, act):
        assert await act(admin.id, "reset-password") == (400, "user.is_self")

    async def test_a_lock_is_lifted(self, client, admin, bob, act):
        wrong = {"username_or_email": "bob", "password": "not the right one 1"}
        for _ in range(6):
            answer = await client.post("/api/auth/login", json=wrong)
        assert answer.status_code == 423
        status, row = await act(bob.id, "unlock")
        assert (status, row["locked_until"]) == (200, None)
        login = {"username_or_email": "bob", "password": bob.password}
        assert (await client.post("/api/auth/login", json=login)).status_code == 200

    async def test_an_address_is_vouched_for(self, client, admin, bob, act):
        assert (await act(bob.id, "verify-email"))[1]["email_verified"] is True
        await act(bob.id, "verify-email")
        lines = await _lines(client, admin, "user_verify_email")
        assert len(lines) == 1
        # The audit log is kept when the account is gone, and then nobody may be named in it.
        assert bob.email not in str(lines)

    async def test_sessions_are_ended_and_tokens_stay(self, client, bob, act, database):
        token = bearer_headers(await add_token(database, bob.id))
        assert (await act(bob.id, "end-sessions"))[1]["sessions_ended"] == 1
        assert (await client.get("/api/auth/me", headers=bob.headers)).status_code == 401
        assert (await client.get("/api/auth/me", headers=token)).status_code == 200


class TestNobodyBecomesSomebodyElse:
    def test_no_route_of_an_administrator_answers_with_a_credential(self, platform):
        document = http_app(SERVICE, platform).openapi()
        schemas = document["components"]["schemas"]
        carriers = {name for name, schema in schemas.items() if {"access_token", "jwt"} & set(_names(schema))}
        assert carriers == {"TokenResponse"}
        givers = {
            path
            for path, operations in document["paths"].items()
            for operation in operations.values()
            if any(carrier in str(operation["responses"]) for carrier in carriers)
        }
        assert "/api/auth/login" in givers
        assert not [path for path in givers if path.startswith("/api/admin") or "{" in path]

    async def test_whatever_an_administrator_does_with_a_person_opens_no_session(
        self, client, admin, bob, platform, database
    ):
        document = http_app(SERVICE, platform).openapi()
        routes = [
            (method, path.replace("{id}", str(bob.id)))
            for path, operations in document["paths"].items()
            for method in operations
            if path.startswith("/api/admin/users/{id}")
        ]
        assert len(routes) >= 9
        for method, path in sorted(routes, reverse=True):
            params = {"runs": "keep"} if method == "delete" else {}
            answer = await client.request(method, path, params=params, headers=admin.headers)
            assert answer.status_code in {200, 204, 409}, (method, path, answer.text)
            assert "set-cookie" not in answer.headers
            assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", answer.text), (method, path)
            assert not re.search(r"(em_live|em_view|ag_live)_\w", answer.text), (method, path)
        async with database.read() as connection:
            opened = sa.select(sa.func.count()).where(session.c.user_id == bob.id, session.c.revoked_at.is_(None))
            assert (await connection.execute(opened)).scalar_one() == 0


def _names(schema):
    for key, value in schema.items():
        if key == "properties":
            yield from value
        if isinstance(value, dict):
            yield from _names(value)
