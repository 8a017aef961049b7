from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_auth.admin import create_admin
from argus_auth.core import AuthCore
from argus_kit.clock import frozen, now
from argus_kit.errors import ArgusError
from argus_schema.auth import one_time_token, user

GOOD_PASSWORD = "correct horse 1"
UNFIT = [
    ({"username": "ab"}, "string_too_short"),
    ({"username": "x" * 33}, "string_too_long"),
    ({"username": "a b c"}, "string_pattern_mismatch"),
    ({"username": "ada\n"}, "string_pattern_mismatch"),
    ({"email": "nobody"}, "value_error"),
    ({"email": "a b@example.org"}, "value_error"),
    ({"email": "ada@example.org\r\nBcc: x@example.org"}, "value_error"),
    ({"email": "a@b@example.org"}, "value_error"),
    ({"email": "ada\x00@example.org"}, "value_error"),
    ({"password": "short 1"}, "string_too_short"),
    ({"password": "x1" * 129}, "string_too_long"),
    ({"password": "only letters"}, "value_error"),
    ({"password": "1234567890"}, "value_error"),
    ({"is_admin": True}, "extra_forbidden"),
    ({"username": None}, "string_type"),
]


def _body(**changes):
    return {"username": "ada", "email": "ada@example.org", "password": GOOD_PASSWORD} | changes


async def test_the_first_user_is_the_administrator_and_the_second_is_not(client, sign_up):
    ada, bob = await sign_up("ada"), await sign_up("bob")
    assert (await client.get("/api/auth/me", headers=ada.headers)).json()["is_admin"] is True
    assert (await client.get("/api/auth/me", headers=bob.headers)).json()["is_admin"] is False


async def test_of_many_first_registrations_at_once_exactly_one_becomes_administrator(client, database):
    names = [f"user-{n}" for n in range(8)]
    answers = await asyncio.gather(
        *(client.post("/api/auth/register", json=_body(username=n, email=f"{n}@example.org")) for n in names)
    )
    assert [answer.status_code for answer in answers] == [201] * 8
    async with database.read() as connection:
        count = sa.select(sa.func.count()).select_from(user).where(user.c.is_admin)
        assert (await connection.execute(count)).scalar_one() == 1


async def test_of_many_registrations_of_one_name_at_once_exactly_one_wins(client):
    answers = await asyncio.gather(
        *(client.post("/api/auth/register", json=_body(email=f"ada{n}@example.org")) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_taken_name_or_address_is_told_apart_by_the_text(client):
    assert (await client.post("/api/auth/register", json=_body())).json() == {"user_id": 1, "require_verify": True}
    name = await client.post("/api/auth/register", json=_body(username="ADA", email="other@example.org"))
    address = await client.post("/api/auth/register", json=_body(username="bob", email="ADA@example.org"))
    assert (name.status_code, address.status_code) == (409, 409)
    assert re.search("user", name.json()["detail"], re.IGNORECASE)
    assert not re.search("email", name.json()["detail"], re.IGNORECASE)
    assert re.search("email", address.json()["detail"], re.IGNORECASE)
    assert name.json()["error"]["code"] == "auth.username_taken"


async def test_what_does_not_fit_is_refused_with_its_field(sqlite_app):
    for change, kind in UNFIT:
        answer = await sqlite_app.post("/api/auth/register", json=_body(**change))
        assert answer.status_code == 422
        found = [(item["type"], item["loc"]) for item in answer.json()["detail"]]
        assert found == [(kind, ["body", next(iter(change))])]


async def test_an_invite_code_and_a_lab_address_without_a_dot_are_fine(sqlite_app):
    answer = await sqlite_app.post("/api/auth/register", json=_body(email="ada@lab", invite_code="x"))
    assert answer.status_code == 201


async def test_closed_registration_is_refused_and_audited(client, sign_up):
    admin = await sign_up("root")
    closed = await client.put(
        "/api/admin/feature-flags/registration_open", json={"value": False}, headers=admin.headers
    )
    assert closed.status_code == 200
    answer = await client.post("/api/auth/register", json=_body())
    assert answer.status_code == 403
    log = await client.get("/api/admin/audit-log", params={"action": "register_failed"}, headers=admin.headers)
    assert log.json()[0]["metadata"] == {"reason": "auth.registration_closed"}


async def test_too_many_registrations_from_one_address_are_slowed_down(client, core: AuthCore):
    core.settings.auth_accounts_per_hour = 2
    for n in range(2):
        assert (await client.post("/api/auth/register", json=_body(username=f"u{n}x", email=f"u{n}@x.org"))).is_success
    slowed = await client.post("/api/auth/register", json=_body())
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1


class TestVerifyEmail:
    async def test_the_mailed_link_works_once(self, client, sign_up, mail_to):
        ada = await sign_up()
        mail = await mail_to(ada.email, "verify_email")
        token = re.search(r"/verify-email\?token=(\S+)", mail.body_text)[1]
        assert len(token) == 43
        first = await client.post("/api/auth/verify-email", json={"token": token})
        assert first.json() == {"ok": True, "detail": "verified"}
        assert (await client.get("/api/auth/me", headers=ada.headers)).json()["email_verified"] is True
        again = await client.post("/api/auth/verify-email", json={"token": token})
        assert (again.status_code, again.json()["error"]["code"]) == (400, "auth.link_invalid")

    async def test_an_expired_or_unknown_link_is_refused(self, client, sign_up, mail_to):
        ada = await sign_up()
        token = re.search(r"token=(\S+)", (await mail_to(ada.email, "verify_email")).body_text)[1]
        with frozen(now() + timedelta(hours=25)):
            assert (await client.post("/api/auth/verify-email", json={"token": token})).status_code == 400
        assert (await client.post("/api/auth/verify-email", json={"token": "x" * 43})).status_code == 400
        assert (await client.post("/api/auth/verify-email", json={"token": "short"})).status_code == 422

    async def test_only_the_hash_of_the_link_is_stored(self, client, sign_up, mail_to, database):
        ada = await sign_up()
        token = re.search(r"token=(\S+)", (await mail_to(ada.email, "verify_email")).body_text)[1]
        async with database.read() as connection:
            rows = (await connection.execute(sa.select(one_time_token))).all()
        assert len(rows) == 1
        assert token not in repr(rows)


class TestCreateAdmin:
    async def test_an_administrator_is_made_and_can_log_in(self, client, database):
        user_id = await create_admin(database, "root", "Root@example.org", GOOD_PASSWORD)
        answer = await client.post(
            "/api/auth/login", json={"username_or_email": "root@example.org", "password": GOOD_PASSWORD}
        )
        person = answer.json()["user"]
        assert (person["id"], person["is_admin"], person["email_verified"]) == (user_id, True, True)

    async def test_what_does_not_fit_is_said_without_the_password(self, database):
        with pytest.raises(ArgusError) as refused:
            await create_admin(database, "root", "root@example.org", "onlyletters")
        assert refused.value.message.startswith("password:")
        assert "onlyletters" not in str(refused.value)
        await create_admin(database, "root", "root@example.org", GOOD_PASSWORD)
        with pytest.raises(ArgusError, match="name is taken"):
            await create_admin(database, "Root", "other@example.org", GOOD_PASSWORD)
