"""Logins from places that were not seen before, and logins that wait for a proven address."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from argus_kit.clock import frozen, now
from argus_schema.auth import login_origin, user


async def _login(client, person, agent="Firefox"):
    body = {"username_or_email": person.username, "password": person.password}
    return await client.post("/api/auth/login", json=body, headers={"user-agent": agent})


async def _places(database):
    async with database.read() as connection:
        return (await connection.execute(sa.select(login_origin))).all()


class TestNewPlaces:
    async def test_the_first_place_is_none_and_the_second_is_told_by_mail(self, client, sign_up, mail_to, database):
        ada = await sign_up()
        for agent in ("Firefox", "Firefox"):
            assert (await _login(client, ada, agent)).status_code == 200
        mail = await mail_to(ada.email, "anomalous_login")
        assert "Firefox" in mail.body_text
        assert "127.0.0.1" in mail.body_text
        assert ada.password not in mail.body_text
        assert len(await _places(database)) == 2

    async def test_a_place_is_new_again_after_a_month_and_fifty_are_kept(self, client, sign_up, database, core):
        core.settings.auth_guesses_per_minute = 1000
        ada = await sign_up()
        for n in range(60):
            assert (await _login(client, ada, f"agent-{n}")).status_code == 200
        assert len(await _places(database)) == 50
        with frozen(now() + timedelta(days=31)):
            assert (await _login(client, ada, "agent-59")).status_code == 200
            assert len(await _places(database)) == 1

    async def test_it_can_be_turned_off(self, client, sign_up, mail_to, core):
        ada = await sign_up()
        core.settings.alerts_anomalous_login_enabled = False
        await _login(client, ada, "Firefox")
        core.settings.alerts_anomalous_login_enabled = True
        await _login(client, ada, "Chrome")
        assert "Chrome" in (await mail_to(ada.email, "anomalous_login")).body_text

    async def test_a_wrong_password_leaves_no_place(self, client, sign_up, database):
        ada = await sign_up()
        before = await _places(database)
        await _login(client, ada._replace(password="wrong horse 12"), "Firefox")
        assert await _places(database) == before


class TestUnprovenAddress:
    async def _require(self, client, admin):
        path = "/api/admin/feature-flags/email_verification_required"
        assert (await client.put(path, json={"value": True}, headers=admin.headers)).status_code == 200

    async def test_the_password_opens_nothing_before_the_address_is_proven(self, client, sign_up, mail_to, database):
        root, ada = await sign_up("root"), await sign_up("ada")
        await self._require(client, root)
        refused = await _login(client, ada)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "auth.email_unverified")
        # The link of the registration is a moment old, and still good.
        assert refused.json()["error"]["details"] == {"link_sent": False}
        token = re.search(r"token=(\S+)", (await mail_to(ada.email, "verify_email")).body_text)[1]
        assert (await client.post("/api/auth/verify-email", json={"token": token})).status_code == 200
        assert (await _login(client, ada)).status_code == 200
        async with database.read() as connection:
            failures = sa.select(user.c.failed_login_count).where(user.c.id == ada.id)
            assert (await connection.execute(failures)).scalar_one() == 0

    async def test_a_login_later_sends_a_link_and_a_second_one_none(self, client, sign_up, core):
        root, ada = await sign_up("root"), await sign_up("ada")
        await self._require(client, root)
        core.limits = type(core.limits)(core.cache)
        sent = [(await _login(client, ada)).json()["error"]["details"]["link_sent"] for _ in range(2)]
        assert sent == [True, False]

    async def test_a_wrong_password_does_not_tell_that_the_address_is_unproven(self, client, sign_up):
        root, ada = await sign_up("root"), await sign_up("ada")
        await self._require(client, root)
        assert (await _login(client, ada._replace(password="wrong horse 12"))).status_code == 401

    async def test_administrators_are_let_in_and_who_is_in_already_stays(self, client, sign_up):
        root, ada = await sign_up("root"), await sign_up("ada")
        await self._require(client, root)
        assert (await _login(client, root)).status_code == 200
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 200
