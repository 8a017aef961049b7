from __future__ import annotations

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from argus_auth.core import AuthCore
from argus_auth.passwords import Passwords
from argus_auth.settings import AuthSettings
from argus_kit.clock import frozen, now
from argus_schema.auth import user

GOOD_PASSWORD = "correct horse 1"


async def _login(client, name="ada", password=GOOD_PASSWORD):
    return await client.post("/api/auth/login", json={"username_or_email": name, "password": password})


async def test_by_exact_name_or_by_address_in_any_case(client, sign_up):
    ada = await sign_up()
    for name in ("ada", ada.email, ada.email.upper()):
        answer = await _login(client, name)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["user"]["id"]) == ("bearer", 86_400, ada.id)
    assert (await _login(client, "ADA")).status_code == 401


async def test_unknown_wrong_and_deactivated_look_the_same(client, sign_up):
    admin, _ = await sign_up("root"), await sign_up("ada")
    gone = await sign_up("gone")
    assert (await client.post(f"/api/admin/users/{gone.id}/ban", headers=admin.headers)).is_success
    answers = [await _login(client, "nobody"), await _login(client, "ada", "wrong 12345"), await _login(client, "gone")]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    bodies = [{**a.json()["error"], "trace_id": None, "detail": a.json()["detail"]} for a in answers]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_every_kind_of_refusal_costs_one_argon2(client, sign_up, monkeypatch):
    await sign_up("ada")
    checked: list[str] = []
    original = Passwords._matches
    monkeypatch.setattr(Passwords, "_matches", lambda self, h, p: checked.append(h) or original(self, h, p))
    await _login(client, "nobody")
    await _login(client, "ada", "wrong 12345")
    assert len(checked) == 2
    assert [h.rsplit("$", 2)[0] for h in checked] == ["$argon2id$v=19$m=64,t=1,p=1"] * 2


class TestLockout:
    async def test_the_fifth_failure_locks_and_the_sixth_says_so(self, client, sign_up):
        ada = await sign_up()
        tries = [await _login(client, ada.email if n % 2 else "ada", "wrong 12345") for n in range(6)]
        assert [answer.status_code for answer in tries] == [401] * 5 + [423]
        assert 590 <= int(tries[5].headers["retry-after"]) <= 600
        assert (await _login(client)).status_code == 423
        with frozen(now() + timedelta(minutes=10, seconds=1)):
            assert (await _login(client)).status_code == 200

    async def test_a_success_in_between_starts_the_count_anew(self, client, sign_up):
        await sign_up()
        for _ in range(2):
            for _ in range(4):
                assert (await _login(client, password="wrong 12345")).status_code == 401
            assert (await _login(client)).status_code == 200

    async def test_a_name_that_nobody_has_locks_just_the_same(self, client):
        tries = [await _login(client, "nobody") for _ in range(6)]
        assert [answer.status_code for answer in tries] == [401] * 5 + [423]
        assert 590 <= int(tries[5].headers["retry-after"]) <= 600

    async def test_guesses_at_the_same_time_get_no_extra_chance(self, client, sign_up):
        await sign_up()
        guesses = [_login(client, password=f"wrong 1234{n}") for n in range(9)]
        answers = await asyncio.gather(*guesses, _login(client, password="wrong again 1"))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [423] * 5

    async def test_an_unban_lifts_the_lock(self, client, sign_up):
        admin, ada = await sign_up("root"), await sign_up("ada")
        for _ in range(5):
            await _login(client, password="wrong 12345")
        assert (await _login(client)).status_code == 423
        row = (await client.post(f"/api/admin/users/{ada.id}/unban", headers=admin.headers)).json()
        assert (row["locked_until"], row["failed_login_count"]) == (None, 0)
        assert (await _login(client)).status_code == 200


async def test_one_address_cannot_try_for_ever(client, core: AuthCore):
    core.settings.auth_attempts_per_minute = 3
    statuses = [(await _login(client, f"nobody-{n}")).status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]


async def test_a_hash_of_other_parameters_is_renewed_at_login(client, sign_up, core: AuthCore, database):
    ada = await sign_up()
    core.passwords = Passwords(AuthSettings(auth_argon2_time_cost=2, auth_argon2_memory_kib=128))
    assert (await _login(client)).status_code == 200
    async with database.read() as connection:
        stored = (await connection.execute(sa.select(user.c.password_hash).where(user.c.id == ada.id))).scalar_one()
    assert stored.startswith("$argon2id$v=19$m=128,t=2,p=1$")
    assert (await _login(client)).status_code == 200


async def test_a_name_or_password_that_cannot_be_one_is_refused(sqlite_app):
    headers = {"content-type": "application/json"}
    for text in ("", "x" * 1025, "ada\\u0000", "ada\\ud800"):
        for field in ("username_or_email", "password"):
            other = "password" if field == "username_or_email" else "username_or_email"
            body = f'{{"{field}": "{text}", "{other}": "x"}}'.encode()
            answer = await sqlite_app.post("/api/auth/login", content=body, headers=headers)
            assert (text, answer.status_code) == (text, 422)
            assert [item["loc"] for item in answer.json()["detail"]] == [["body", field]]
