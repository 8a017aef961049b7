from __future__ import annotations

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.secretbox import SecretBox
from argus_kit.testing import add_token, bearer_headers, eventually
from argus_schema.auth import system_config

BAD_FLAGS = [
    ("stalled_threshold_sec", "many", 422),
    ("stalled_threshold_sec", True, 422),
    ("stalled_threshold_sec", -1, 422),
    ("registration_open", "yes", 422),
    ("registration_open", None, 422),
    ("Bad-Key", True, 400),
    ("x" * 65, True, 400),
    ("own", "x" * 20_000, 422),
    ("own", "a\x00b", 422),
]
CONFIG_WRITES = [
    ("nowhere/host", {"value": "x"}, 404),
    ("smtp/port", {"value": "587"}, 422),
    ("smtp/port", {"value": 0}, 422),
    ("smtp/host", {"value": "a\r\nb"}, 422),
    ("smtp/host", {"value": "https://mail.example.org"}, 422),
    ("smtp/host", {"value": ""}, 200),
    ("smtp/from", {"value": "not an address"}, 422),
    ("oauth/github_callback", {"value": "javascript:alert(1)"}, 422),
    ("retention/sweep_minutes", {"value": 10}, 200),
    ("smtp/host", {}, 422),
    ("smtp/host", {"value": "x", "more": 1}, 422),
    ("smtp/Bad-Key", {"value": "x"}, 404),
    ("smtp/own_key", {"value": {"any": "thing"}}, 200),
    ("feature_flags/registration_open", {"value": 1}, 422),
    ("feature_flags/registration_open", {"value": False}, 200),
]


async def test_every_admin_route_refuses_strangers_and_ordinary_people(client, sign_up):
    _, bob = await sign_up("root"), await sign_up("bob")
    app = client._transport.app
    routes = [
        (method, path.format(id=1, key="host", group="smtp", slug="sso"))
        for path, methods in app.openapi()["paths"].items()
        if path.startswith("/api/admin/")
        for method in methods
    ]
    assert len(routes) >= 11
    for method, path in routes:
        body = {"value": 1} if method == "put" else None
        assert (path, (await client.request(method, path, json=body)).status_code) == (path, 401)
        answer = await client.request(method, path, json=body, headers=bob.headers)
        assert (path, answer.status_code, answer.json()["error"]["code"]) == (path, 403, "auth.admin_required")


class TestFeatureFlags:
    async def test_have_defaults_and_keep_what_is_set(self, client, sign_up):
        admin = await sign_up()
        rows = (await client.get("/api/admin/feature-flags", headers=admin.headers)).json()
        assert [(row["key"], row["value"]) for row in rows] == [
            ("email_verification_required", False),
            ("registration_by_invite", False),
            ("registration_open", True),
            ("stalled_threshold_sec", 300),
        ]
        path = "/api/admin/feature-flags/stalled_threshold_sec"
        row = (await client.put(path, json={"value": 600}, headers=admin.headers)).json()
        assert (row["value"], row["updated_by"]) == (600, admin.id)
        own = await client.put("/api/admin/feature-flags/our_own_1", json={"value": [1]}, headers=admin.headers)
        assert own.json()["value"] == [1]
        assert len((await client.get("/api/admin/feature-flags", headers=admin.headers)).json()) == 5

    async def test_refuse_what_does_not_fit(self, client, sign_up):
        admin = await sign_up()
        for key, value, status in BAD_FLAGS:
            answer = await client.put(f"/api/admin/feature-flags/{key}", json={"value": value}, headers=admin.headers)
            assert (key, answer.status_code) == (key, status)
            if status == 422:
                assert answer.json()["error"]["code"] == "flag.value_invalid"
                assert answer.json()["detail"][0]["loc"] == ["body", "value"]
        assert len((await client.get("/api/admin/feature-flags", headers=admin.headers)).json()) == 4

    async def test_a_change_is_announced(self, client, sign_up, elsewhere):
        admin = await sign_up()
        heard: list[wire.ConfigChanged] = []

        async def hear(_: str, data: bytes) -> None:
            heard.append(wire.decode(wire.ConfigChanged, data))

        await elsewhere.bus.listen(wire.CONFIG_CHANGED, hear)
        path = "/api/admin/feature-flags/registration_open"

        async def is_heard():
            await client.put(path, json={"value": True}, headers=admin.headers)
            return heard

        await eventually(is_heard, 5.0)
        assert heard[0] == wire.ConfigChanged(group="feature_flags", key="registration_open")


class TestSystemConfig:
    async def test_says_where_each_value_comes_from(self, client, sign_up, monkeypatch):
        admin = await sign_up()
        monkeypatch.setenv("ARGUS_SMTP_HOST", "mail.example.org")
        monkeypatch.setenv("ARGUS_SMTP_PASS", "from the environment")
        await client.put("/api/admin/system-config/smtp/port", json={"value": 25}, headers=admin.headers)
        groups = (await client.get("/api/admin/system-config", headers=admin.headers)).json()
        assert list(groups) == ["oauth", "smtp", "retention", "watchdogs", "feature_flags", "demo"]
        smtp = {row["key"]: (row["source"], row["value"]) for row in groups["smtp"]}
        assert smtp == {
            "host": ("env", "mail.example.org"),
            "port": ("db", 25),
            "user": ("default", ""),
            "password": ("env", "***"),
            "from": ("default", "noreply@argus.local"),
            "from_name": ("default", "Argus"),
            "use_tls": ("default", True),
            "use_ssl": ("default", False),
            "enabled": ("default", True),
        }
        gone = await client.delete("/api/admin/system-config/smtp/port", headers=admin.headers)
        assert gone.status_code == 204
        rows = (await client.get("/api/admin/system-config/smtp", headers=admin.headers)).json()
        assert next(row for row in rows if row["key"] == "port")["source"] == "default"
        assert (await client.delete("/api/admin/system-config/smtp/port", headers=admin.headers)).status_code == 404

    async def test_a_secret_is_masked_encrypted_and_kept_by_its_mask(self, client, sign_up, database, platform):
        admin = await sign_up()
        path = "/api/admin/system-config/smtp/password"
        nothing = await client.put(path, json={"value": "***"}, headers=admin.headers)
        assert nothing.status_code == 400
        await client.put(path, json={"value": "mail secret 99"}, headers=admin.headers)
        kept = await client.put(path, json={"value": "***", "description": "ours"}, headers=admin.headers)
        assert (kept.json()["value"], kept.json()["encrypted"], kept.json()["description"]) == ("***", True, "ours")
        async with database.read() as connection:
            stored = (await connection.execute(sa.select(system_config.c.value))).scalar_one()
        assert "mail secret" not in stored
        box: SecretBox = platform.secret_box
        assert box.decrypt(stored.encode()) == b'"mail secret 99"'
        log = (await client.get("/api/admin/audit-log?action=system_config_set", headers=admin.headers)).text
        assert "mail secret" not in log
        assert "smtp/password" in log

    async def test_github_is_offered_when_it_is_configured(self, client, sign_up, monkeypatch):
        admin = await sign_up()
        assert (await client.get("/api/auth/oauth/config")).json()["github"] is False
        await client.put("/api/admin/system-config/oauth/github_client_id", json={"value": "id"}, headers=admin.headers)
        assert (await client.get("/api/auth/oauth/config")).json()["github"] is False
        monkeypatch.setenv("ARGUS_GITHUB_CLIENT_SECRET", "secret")
        assert (await client.get("/api/auth/oauth/config")).json()["github"] is True

    async def test_limits_may_be_parts_of_a_number_wherever_they_come_from(self, client, sign_up, monkeypatch):
        admin = await sign_up()
        monkeypatch.setenv("ARGUS_DIVERGENCE_RATIO", "2.5")
        monkeypatch.setenv("ARGUS_STALL_TIMEOUT_MIN", "nan")
        path = "/api/admin/system-config/watchdogs"
        for key, value, status in (("idle_minutes", 0.5, 200), ("idle_minutes", 0, 422), ("gpu_hot_c", "hot", 422)):
            answer = await client.put(f"{path}/{key}", json={"value": value}, headers=admin.headers)
            assert (key, answer.status_code) == (key, status)
        rows = {row["key"]: row for row in (await client.get(path, headers=admin.headers)).json()}
        found = {key: (rows[key]["source"], rows[key]["value"]) for key in ("divergence_ratio", "stall_minutes")}
        assert found == {"divergence_ratio": ("env", 2.5), "stall_minutes": ("default", 15.0)}
        assert (rows["idle_minutes"]["value"], rows["idle_minutes"]["kind"]) == (0.5, "decimal")

    async def test_values_are_checked(self, client, sign_up):
        admin = await sign_up()
        for path, body, status in CONFIG_WRITES:
            answer = await client.put(f"/api/admin/system-config/{path}", json=body, headers=admin.headers)
            assert (path, answer.status_code) == (path, status)
        assert (await client.get("/api/admin/system-config/nowhere", headers=admin.headers)).status_code == 404

    async def test_an_administrators_token_changes_what_gives_no_way_into_accounts(self, client, sign_up, database):
        admin = await sign_up()
        headers = bearer_headers(await add_token(database, admin.id))
        answer = await client.put(
            "/api/admin/system-config/retention/log_line_days", json={"value": 3}, headers=headers
        )
        assert answer.status_code == 200
        for path in ("smtp/host", "oauth/github_client_id"):
            refused = await client.put(f"/api/admin/system-config/{path}", json={"value": "x"}, headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "auth.interactive_required")
            await client.put(f"/api/admin/system-config/{path}", json={"value": "x"}, headers=admin.headers)
            refused = await client.delete(f"/api/admin/system-config/{path}", headers=headers)
            assert refused.status_code == 403

    @pytest.mark.parametrize("change", ["another", "none"])
    async def test_a_stored_mail_password_stays_with_its_server(self, client, sign_up, change):
        admin = await sign_up()
        host, password = (f"/api/admin/system-config/smtp/{key}" for key in ("host", "password"))

        async def source() -> str:
            rows = (await client.get("/api/admin/system-config/smtp", headers=admin.headers)).json()
            return next(row["source"] for row in rows if row["key"] == "password")

        await client.put(host, json={"value": "mail.example.org"}, headers=admin.headers)
        await client.put(password, json={"value": "mail secret 99"}, headers=admin.headers)
        await client.put(host, json={"value": "mail.example.org"}, headers=admin.headers)
        assert await source() == "db"
        if change == "another":
            await client.put(host, json={"value": "mail.elsewhere.org"}, headers=admin.headers)
        else:
            await client.delete(host, headers=admin.headers)
        assert await source() == "default"
        log = (await client.get("/api/admin/audit-log?action=system_config_delete", headers=admin.headers)).json()
        assert "smtp/password" in [line["target_id"] for line in log]
