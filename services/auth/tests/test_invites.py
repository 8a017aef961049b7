from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from argus_kit.clock import frozen, now


@pytest.fixture
async def ada(client, sign_up):
    """The administrator of a server that lets people in by invite."""
    ada = await sign_up("ada")
    await _flag(client, ada, "registration_by_invite", value=True)
    return ada


async def _flag(client, admin, key, *, value):
    answer = await client.put(f"/api/admin/feature-flags/{key}", json={"value": value}, headers=admin.headers)
    assert answer.status_code == 200


async def _invite(client, admin, **body):
    answer = await client.post("/api/admin/users/invites", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _register(client, name, code=None):
    body = {"username": name, "email": f"{name}@example.org", "password": "correct horse 1", "invite_code": code}
    answer = await client.post("/api/auth/register", json=body)
    return answer.status_code, answer.json().get("error", {}).get("code")


async def _mode(client):
    return (await client.get("/api/auth/registration")).json()


async def test_who_may_register_is_known_to_everyone(client, sign_up):
    assert await _mode(client) == {"mode": "open", "is_first": True}
    ada = await sign_up("ada")
    assert await _mode(client) == {"mode": "open", "is_first": False}
    await _flag(client, ada, "registration_by_invite", value=True)
    assert (await _mode(client))["mode"] == "invite"
    await _flag(client, ada, "registration_open", value=False)
    assert (await _mode(client))["mode"] == "closed"
    code = (await _invite(client, ada))["code"]
    assert await _register(client, "bob", code) == (403, "auth.registration_closed")


async def test_an_invite_lets_as_many_in_as_it_says(client, ada):
    assert await _register(client, "bob") == (403, "auth.invite_required")
    assert await _register(client, "bob", "ag_inv_guessed") == (403, "auth.invite_invalid")
    invite = await _invite(client, ada, max_uses=2, note="the new group")
    assert invite["url"].endswith(f"/register?invite={invite['code']}")
    assert await _register(client, "bob", invite["code"]) == (201, None)
    assert await _register(client, "eve", f" {invite['code']} ") == (201, None)
    assert await _register(client, "max", invite["code"]) == (403, "auth.invite_invalid")
    (listed,) = (await client.get("/api/admin/users/invites", headers=ada.headers)).json()
    assert (listed["uses"], listed["note"], listed["display_hint"]) == (2, "the new group", invite["code"][-4:])
    assert "code" not in listed


async def test_the_last_use_is_given_once(client, ada):
    code = (await _invite(client, ada))["code"]
    answers = await asyncio.gather(*(_register(client, f"user-{n}", code) for n in range(6)))
    assert sorted(status for status, _ in answers) == [201] + [403] * 5


async def test_a_registration_that_fails_uses_nothing_up(client, ada):
    code = (await _invite(client, ada))["code"]
    assert (await _register(client, "ada", code))[0] == 409
    assert await _register(client, "bob", code) == (201, None)


async def test_an_invite_ends_by_time_or_by_an_administrator(client, ada):
    old, gone = await _invite(client, ada, expires_in_days=2), await _invite(client, ada)
    path = f"/api/admin/users/invites/{gone['id']}"
    assert (await client.delete(path, headers=ada.headers)).json()["detail"] == "revoked"
    assert (await client.delete(path, headers=ada.headers)).json()["detail"] == "already-revoked"
    assert await _register(client, "bob", gone["code"]) == (403, "auth.invite_invalid")
    with frozen(now() + timedelta(days=3)):
        assert await _register(client, "bob", old["code"]) == (403, "auth.invite_invalid")
    assert (await client.delete("/api/admin/users/invites/999", headers=ada.headers)).status_code == 404


async def test_only_administrators_invite(client, sign_up):
    await sign_up("ada")
    bob = await sign_up("bob")
    assert (await client.post("/api/admin/users/invites", json={}, headers=bob.headers)).status_code == 403
    assert (await client.get("/api/admin/users/invites", headers=bob.headers)).status_code == 403
    assert (await client.get("/api/admin/users/invites")).status_code == 401


async def test_a_code_given_where_none_is_needed_is_ignored(client, sign_up):
    await sign_up("ada")
    assert await _register(client, "bob", "whatever") == (201, None)
