"""What the state of security counts, and what it says to act on."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from argus_auth.audit import watch
from argus_kit.clock import now
from argus_kit.testing import add_token
from argus_schema.auth import api_token, user

PATH = "/api/admin/security/status"


async def test_counts_what_there_is_and_says_what_to_do(client, sign_up, database, core, monkeypatch):
    admin, bob = await sign_up("root"), await sign_up("bob")
    await add_token(database, bob.id)
    await add_token(database, bob.id, prefix="ag_live_", agent_id="a")
    async with database.write() as connection:
        await connection.execute(sa.update(user).where(user.c.id == bob.id).values(locked_until=now() + timedelta(1)))
        await connection.execute(sa.update(api_token).values(created_at=now() - timedelta(days=91)))
    found = (await client.get(PATH, headers=admin.headers)).json()
    counts = ("people", "administrators", "banned", "locked", "sessions", "tokens", "tokens_endless", "tokens_unused")
    assert [found[name] for name in counts] == [2, 1, 0, 1, 2, 1, 1, 1]
    assert (found["registration"], found["https"], found["config_key_given"]) == ("open", False, True)
    assert found["key"]["verifying"] == 1
    assert found["audit"]["verified_at"] is None
    codes = {finding["code"]: (finding["level"], finding["count"]) for finding in found["findings"]}
    assert codes["locked"] == ("warn", 1)
    assert codes["tokens_unused"] == ("note", 1)
    assert {"plain_http", "mail_missing", "one_administrator", "registration_open", "audit_unverified"} <= set(codes)
    assert [finding["level"] for finding in found["findings"]] == sorted(
        (finding["level"] for finding in found["findings"]), key=["bad", "warn", "note"].index
    )
    monkeypatch.setenv("ARGUS_SMTP_HOST", "mail.example.org")
    await watch.verify(core)
    found = (await client.get(PATH, headers=admin.headers)).json()
    assert found["audit"]["whole"] is True
    assert not {"mail_missing", "audit_unverified"} & {finding["code"] for finding in found["findings"]}


async def test_a_broken_chain_is_the_first_thing_to_read(client, sign_up, core, intruder):
    admin = await sign_up("root")
    async with intruder.write() as connection:
        await connection.exec_driver_sql("update audit_log set ip_address = '6.6.6.6' where id = 1")
    await watch.verify(core)
    found = (await client.get(PATH, headers=admin.headers)).json()
    assert found["findings"][0] == {"code": "audit_broken", "level": "bad", "count": 1}
