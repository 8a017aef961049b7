"""The mail server in one piece: the contract's shape over the same stored settings as the runtime configuration."""

import pytest
import sqlalchemy as sa

from argus_kit.testing import add_token, bearer_headers
from argus_schema.auth import system_config

PATH = "/api/admin/email/smtp"
SERVER = {
    "enabled": True,
    "smtp_host": "mail.example.org",
    "smtp_port": 465,
    "smtp_username": "argus",
    "smtp_password": "mail secret 99",
    "smtp_from_address": "argus@example.org",
    "smtp_from_name": "The Lab",
    "use_tls": False,
    "use_ssl": True,
}


@pytest.fixture
async def admin(sign_up):
    return await sign_up()


@pytest.fixture
def stored(client, admin):
    async def of(key):
        rows = (await client.get("/api/admin/system-config/smtp", headers=admin.headers)).json()
        return next((row["source"], row["value"]) for row in rows if row["key"] == key)

    return of


async def test_nothing_is_set_at_first(client, admin):
    assert (await client.get(PATH, headers=admin.headers)).json() == {
        "enabled": True,
        "smtp_host": None,
        "smtp_port": 587,
        "smtp_username": None,
        "smtp_password": "***",
        "has_password": False,
        "smtp_from_address": "noreply@argus.local",
        "smtp_from_name": "Argus",
        "use_tls": True,
        "use_ssl": False,
        "updated_at": None,
        "updated_by_user_id": None,
    }


async def test_what_is_put_is_the_configuration_and_the_password_is_sealed(client, admin, stored, database, platform):
    saved = (await client.put(PATH, json=SERVER, headers=admin.headers)).json()
    assert saved == (await client.get(PATH, headers=admin.headers)).json()
    assert saved["smtp_password"] == "***"
    assert {key: saved[key] for key in SERVER if key != "smtp_password"} == {
        key: value for key, value in SERVER.items() if key != "smtp_password"
    }
    assert (saved["has_password"], saved["updated_by_user_id"]) == (True, admin.id)
    assert saved["updated_at"]
    assert await stored("host") == ("db", "mail.example.org")
    assert await stored("use_ssl") == ("db", True)
    async with database.read() as connection:
        sealed = sa.select(system_config.c.value).where(system_config.c.key == "password")
        value = (await connection.execute(sealed)).scalar_one()
    assert platform.secret_box.decrypt(value.encode()) == b'"mail secret 99"'
    log = (await client.get("/api/admin/audit-log?action=system_config_set", headers=admin.headers)).text
    assert "mail secret" not in log


async def test_the_other_way_round_too(client, admin):
    await client.put("/api/admin/system-config/smtp/host", json={"value": "other.example.org"}, headers=admin.headers)
    assert (await client.get(PATH, headers=admin.headers)).json()["smtp_host"] == "other.example.org"


async def test_the_mask_keeps_the_password_unless_the_server_is_another(client, admin, stored):
    await client.put(PATH, json=SERVER, headers=admin.headers)
    kept = (
        await client.put(PATH, json=SERVER | {"smtp_password": "***", "smtp_port": 587}, headers=admin.headers)
    ).json()
    assert (kept["has_password"], kept["smtp_port"]) == (True, 587)
    moved = SERVER | {"smtp_password": "***", "smtp_host": "elsewhere.example.org"}
    assert (await client.put(PATH, json=moved, headers=admin.headers)).json()["has_password"] is False
    gone = await client.put(PATH, json=SERVER | {"smtp_password": None}, headers=admin.headers)
    assert gone.json()["has_password"] is False


async def test_what_does_not_change_is_not_stored(client, admin, stored, monkeypatch):
    monkeypatch.setenv("ARGUS_SMTP_HOST", "env.example.org")
    monkeypatch.setenv("ARGUS_SMTP_PASS", "of the environment")
    same = {
        key: value for key, value in (await client.get(PATH, headers=admin.headers)).json().items() if key in SERVER
    }
    assert same["smtp_host"] == "env.example.org"
    answer = await client.put(PATH, json=same, headers=admin.headers)
    assert (answer.status_code, answer.json()["updated_at"], answer.json()["has_password"]) == (200, None, True)
    assert await stored("host") == ("env", "env.example.org")


async def test_switched_off_no_link_can_be_mailed(client, admin, stored):
    await client.put(PATH, json=SERVER | {"enabled": False}, headers=admin.headers)
    assert await stored("enabled") == ("db", False)
    status = (await client.get("/api/admin/security/status", headers=admin.headers)).json()
    assert status["sends_mail"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"smtp_host": "http://x"}, "smtp_host"),
        ({"smtp_port": 0}, "smtp_port"),
        ({"smtp_from_address": "nobody"}, "smtp_from_address"),
        ({"smtp_from_name": "a\nb"}, "smtp_from_name"),
        ({"smtp_username": "a\0b"}, "smtp_username"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_is_no_server_is_refused_with_the_field_and_stores_nothing(client, admin, stored, change, field):
    answer = await client.put(PATH, json=SERVER | change, headers=admin.headers)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] == field
    assert await stored("port") == ("default", 587)


async def test_only_an_administrator_in_a_session(client, admin, sign_up, database):
    bob = await sign_up("bob")
    for method in ("GET", "PUT"):
        body = SERVER if method == "PUT" else None
        assert (await client.request(method, PATH, json=body, headers=bob.headers)).status_code == 403
        assert (await client.request(method, PATH, json=body)).status_code == 401
    token = bearer_headers(await add_token(database, admin.id))
    refused = await client.put(PATH, json=SERVER, headers=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "auth.interactive_required")
