from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest

from argus_kit.clock import frozen, now


@pytest.fixture
def new() -> str:
    """An address that no other test mails to."""
    return f"new-{secrets.token_hex(4)}@example.org"


async def _change(client, person, email, password=None):
    body = {"new_email": email, "current_password": password or person.password}
    return await client.post("/api/auth/change-email", json=body, headers=person.headers)


async def _token(mail_to, address, kind="verify_new_email"):
    mail = await mail_to(address, kind)
    found: str = re.search(r"\?token=(\S+)", mail.body_text)[1]
    return found


async def _confirm(client, token):
    return await client.post("/api/auth/verify-new-email", json={"token": token})


async def _email(client, person):
    return (await client.get("/api/auth/me", headers=person.headers)).json()["email"]


class TestChangeEmail:
    async def test_the_new_address_counts_once_its_link_was_confirmed(self, client, sign_up, mail_to, new):
        ada = await sign_up()
        answer = await _change(client, ada, new.upper())
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "detail": "email-change-requested"})
        token = await _token(mail_to, new)
        assert await _email(client, ada) == ada.email
        assert new in (await mail_to(ada.email, "email_change_requested")).body_text
        assert (await _confirm(client, token)).json() == {"ok": True, "detail": "email-changed"}
        me = (await client.get("/api/auth/me", headers=ada.headers)).json()
        assert (me["email"], me["email_verified"]) == (new, True)

    async def test_looking_at_a_link_changes_nothing(self, client, sign_up, mail_to, new):
        ada = await sign_up()
        await _change(client, ada, new)
        token = await _token(mail_to, new)
        for _ in range(2):
            answer = await client.get("/api/auth/verify-new-email", params={"token": token, "look": True})
            assert (answer.status_code, answer.json()["new_email"]) == (200, new)
        assert await _email(client, ada) == ada.email
        assert (await _confirm(client, token)).status_code == 200

    async def test_a_link_works_once_and_for_a_week(self, client, sign_up, mail_to, new):
        ada = await sign_up()
        await _change(client, ada, new)
        token = await _token(mail_to, new)
        with frozen(now() + timedelta(hours=169)):
            assert (await _confirm(client, token)).status_code == 410
        assert (await _confirm(client, token)).status_code == 200
        assert (await _confirm(client, token)).status_code == 410
        assert (await _confirm(client, "no such token")).status_code == 400
        assert (await client.get("/api/auth/verify-new-email")).status_code == 422

    async def test_a_link_of_another_purpose_is_refused(self, client, sign_up, mail_to, new):
        ada = await sign_up()
        verify = await _token(mail_to, ada.email, "verify_email")
        assert (await _confirm(client, verify)).status_code == 400

    async def test_the_password_is_asked_for_and_three_tries_an_hour_are_enough(self, client, sign_up, new):
        ada = await sign_up()
        assert (await _change(client, ada, new, password="wrong horse 1")).status_code == 401
        assert (await _change(client, ada, ada.email)).status_code == 400
        assert (await _change(client, ada, new)).status_code == 200
        late = await _change(client, ada, new)
        assert late.status_code == 429
        assert int(late.headers["Retry-After"]) > 1000

    async def test_an_address_in_use_is_refused_also_when_it_is_taken_meanwhile(self, client, sign_up, mail_to, new):
        ada, bob = await sign_up(), await sign_up("bob")
        assert (await _change(client, ada, bob.email)).status_code == 400
        assert (await _change(client, ada, new)).status_code == 200
        token = await _token(mail_to, new)
        body = {"username": "eve", "email": new, "password": ada.password}
        assert (await client.post("/api/auth/register", json=body)).status_code == 201
        assert (await _confirm(client, token)).status_code == 400
        assert await _email(client, ada) == ada.email

    async def test_a_token_cannot_ask(self, client, sign_up, new):
        ada = await sign_up()
        made = await client.post("/api/tokens", json={"name": "ci", "scope": "reporter"}, headers=ada.headers)
        headers = {"Authorization": f"Bearer {made.json()['token']}"}
        body = {"new_email": new, "current_password": ada.password}
        assert (await client.post("/api/auth/change-email", json=body, headers=headers)).status_code == 403


class TestResendVerification:
    async def test_a_new_link_replaces_the_old_and_once_a_minute_is_enough(self, client, sign_up, mail_to):
        ada = await sign_up()
        old = await _token(mail_to, ada.email, "verify_email")
        sent = await client.post("/api/me/resend_verification", headers=ada.headers)
        assert (sent.status_code, sent.json()) == (200, {"ok": True, "detail": None})
        late = await client.post("/api/me/resend_verification", headers=ada.headers)
        assert (late.status_code, 1 <= int(late.headers["Retry-After"]) <= 60) == (429, True)
        assert (await client.post("/api/auth/verify-email", json={"token": old})).status_code == 400

    async def test_a_verified_address_needs_none(self, client, sign_up, mail_to):
        ada = await sign_up()
        token = await _token(mail_to, ada.email, "verify_email")
        assert (await client.post("/api/auth/verify-email", json={"token": token})).status_code == 200
        assert (await client.post("/api/me/resend_verification", headers=ada.headers)).status_code == 409


async def test_all_other_sessions_end_at_once(client, sign_up):
    ada = await sign_up()
    login = {"username_or_email": "ada", "password": ada.password}
    other = (await client.post("/api/auth/login", json=login)).json()["access_token"]
    answer = await client.post("/api/auth/sessions/revoke-others", headers=ada.headers)
    assert (answer.status_code, answer.json()["revoked"]) == (200, 1)
    assert (await client.get("/api/auth/me", headers={"Authorization": f"Bearer {other}"})).status_code == 401
    sessions = (await client.get("/api/auth/sessions", headers=ada.headers)).json()
    assert [session["is_current"] for session in sessions] == [True]
