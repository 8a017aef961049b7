from __future__ import annotations

import re
import secrets
from datetime import timedelta

from argus_kit.clock import frozen, now
from argus_kit.errors import ArgusError
from argus_kit.testing import eventually

NEW = "another horse 2"


async def _request(client, email):
    answer = await client.post("/api/auth/request-password-reset", json={"email": email})
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "detail": "ok"})


async def _token(mail_to, person):
    mail = await mail_to(person.email, "password_reset")
    found: str = re.search(r"/reset-password\?token=(\S+)", mail.body_text)[1]
    return found


async def _reset(client, token, password=NEW):
    return await client.post("/api/auth/reset-password", json={"token": token, "new_password": password})


async def test_the_mailed_link_sets_a_password_once_and_ends_every_session(client, sign_up, mail_to, elsewhere):
    ada = await sign_up()
    await elsewhere.identity.resolve(ada.jwt)
    for _ in range(5):
        await client.post("/api/auth/login", json={"username_or_email": "ada", "password": "wrong 12345"})
    await _request(client, ada.email.upper())
    token = await _token(mail_to, ada)
    assert (await _reset(client, token, "weak")).status_code == 422
    assert (await _reset(client, token)).json() == {"ok": True, "detail": "password-updated"}

    async def is_refused():
        try:
            await elsewhere.identity.resolve(ada.jwt)
        except ArgusError:
            return True
        return False

    await eventually(is_refused, 1.0)
    login = await client.post("/api/auth/login", json={"username_or_email": "ada", "password": NEW})
    assert login.status_code == 200, "the lock must be gone, too"
    assert login.json()["user"]["email_verified"] is True
    assert (await _reset(client, token, "third horse 33")).status_code == 400


async def test_an_expired_link_is_refused(client, sign_up, mail_to):
    ada = await sign_up()
    await _request(client, ada.email)
    token = await _token(mail_to, ada)
    with frozen(now() + timedelta(minutes=16)):
        assert (await _reset(client, token)).status_code == 400


async def test_a_link_for_another_purpose_is_refused(client, sign_up, mail_to):
    ada = await sign_up()
    verify = re.search(r"token=(\S+)", (await mail_to(ada.email, "verify_email")).body_text)[1]
    assert (await _reset(client, verify)).status_code == 400


async def test_an_unknown_address_gets_the_same_answer(client):
    await _request(client, "nobody@example.org")
    bad = await client.post("/api/auth/request-password-reset", json={"email": "nobody"})
    assert bad.status_code == 422


async def test_preferences_are_kept_and_choose_the_language_of_mails(client, sign_up, mail_to):
    ada = await sign_up()
    path = "/api/users/me/preferences"
    assert (await client.get(path, headers=ada.headers)).json() == {"hide_demo": False, "preferred_locale": "en-US"}
    body = {"hide_demo": True, "preferred_locale": "zh-CN"}
    assert (await client.patch(path, json=body, headers=ada.headers)).json() == body
    assert (await client.patch(path, json={"hide_demo": None}, headers=ada.headers)).json() == body
    assert (await client.patch(path, json={"preferred_locale": "zh"}, headers=ada.headers)).status_code == 422
    assert (await client.patch(path, json={"is_admin": True}, headers=ada.headers)).status_code == 422
    await _request(client, ada.email)
    assert "密码" in (await mail_to(ada.email, "password_reset")).subject


class TestLinksOfBefore:
    async def _asked(self, client, sign_up, mail_to):
        """Somebody with the password of ada asks for an address of their own."""
        ada = await sign_up()
        theirs = f"mallory-{secrets.token_hex(4)}@example.org"
        body = {"new_email": theirs, "current_password": ada.password}
        assert (await client.post("/api/auth/change-email", json=body, headers=ada.headers)).is_success
        mail = await mail_to(theirs, "verify_new_email")
        return ada, re.search(r"\?token=(\S+)", mail.body_text)[1]

    async def _is_over(self, client, token):
        return (await client.post("/api/auth/verify-new-email", json={"token": token})).status_code == 400

    async def test_a_reset_ends_the_link_to_a_new_address(self, client, sign_up, mail_to):
        ada, link = await self._asked(client, sign_up, mail_to)
        await _request(client, ada.email)
        assert (await _reset(client, await _token(mail_to, ada))).is_success
        assert await self._is_over(client, link)

    async def test_a_changed_password_ends_it_and_links_of_the_old_one(self, client, sign_up, mail_to):
        ada, link = await self._asked(client, sign_up, mail_to)
        await _request(client, ada.email)
        reset = await _token(mail_to, ada)
        body = {"current_password": ada.password, "new_password": NEW}
        assert (await client.post("/api/auth/change-password", json=body, headers=ada.headers)).is_success
        assert await self._is_over(client, link)
        assert (await _reset(client, reset, "third horse 33")).status_code == 400

    async def test_a_new_address_ends_what_lies_in_the_old_mail_box(self, client, sign_up, mail_to):
        ada, link = await self._asked(client, sign_up, mail_to)
        await _request(client, ada.email)
        reset = await _token(mail_to, ada)
        assert (await client.post("/api/auth/verify-new-email", json={"token": link})).is_success
        assert (await _reset(client, reset)).status_code == 400

    async def test_a_change_that_a_reset_overtook_changes_nothing(self, client, sign_up, mail_to, core, monkeypatch):
        ada, late = await sign_up(), "third horse 33"
        await _request(client, ada.email)
        token, real = await _token(mail_to, ada), core.passwords.hash

        async def overtaken(password):
            hashed = await real(password)
            if password == late:
                assert (await _reset(client, token)).is_success
            return hashed

        monkeypatch.setattr(core.passwords, "hash", overtaken)
        body = {"current_password": ada.password, "new_password": late}
        assert (await client.post("/api/auth/change-password", json=body, headers=ada.headers)).status_code == 401
        logins = [
            (await client.post("/api/auth/login", json={"username_or_email": ada.username, "password": p})).status_code
            for p in (late, NEW)
        ]
        assert logins == [401, 200]
