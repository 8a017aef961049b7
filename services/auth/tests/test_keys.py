from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import httpx
import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from argus_auth import admin as admin_commands
from argus_auth.core import AuthCore
from argus_auth.keys.ring import KeyRing
from argus_auth.keys.service import forget_retired_secrets, rotate_if_due
from argus_auth.keys.upkeep import KeyUpkeep, renew_secrets
from argus_kit.clock import frozen, iso, now
from argus_kit.errors import ArgusError
from argus_kit.secretbox import SecretBox
from argus_kit.testing import bearer_headers
from argus_schema.auth import audit_log, signing_key, signing_secret, system_config

ROTATE = "/api/admin/security/jwt/rotate"


async def _count(database, table) -> int:
    async with database.read() as connection:
        found: int = (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
        return found


async def _login(client: httpx.AsyncClient, person) -> str:
    body = {"username_or_email": person.username, "password": person.password}
    credential: str = (await client.post("/api/auth/login", json=body)).json()["access_token"]
    return credential


async def test_of_many_processes_that_start_at_once_one_makes_the_key(database):
    rings = [KeyRing(database, lambda: SecretBox("a key for tests only")) for _ in range(5)]
    await asyncio.gather(*(ring.refresh() for ring in rings))
    assert all(ring.is_ready for ring in rings)
    assert await _count(database, signing_key) == 1
    kids = {jwt.get_unverified_header(ring.sign({"a": 1}))["kid"] for ring in rings}
    assert len(kids) == 1


async def test_without_the_right_config_key_there_is_no_signing(database):
    await KeyRing(database, lambda: SecretBox("a key for tests only")).refresh()
    other = KeyRing(database, lambda: SecretBox("another key for tests"))
    await other.refresh()
    assert not other.is_ready
    with pytest.raises(ArgusError) as refused:
        other.sign({"a": 1})
    assert refused.value.status == 503
    assert await _count(database, signing_key) == 1, "a wrong key must not make it forget the right one"


async def test_the_published_keys_verify_a_session_and_hold_no_private_half(client, sign_up):
    ada = await sign_up()
    answer = await client.get("/api/auth/.well-known/jwks.json")
    keys = answer.json()["keys"]
    assert "d" not in keys[0]
    key = jwt.PyJWKSet.from_dict(answer.json())[jwt.get_unverified_header(ada.jwt)["kid"]]
    assert jwt.decode(ada.jwt, key, algorithms=["EdDSA"], issuer="argus")["user_id"] == ada.id


async def test_the_private_half_is_nowhere_in_the_database_file(sqlite_database):
    ring = KeyRing(sqlite_database, lambda: SecretBox("a key for tests only"))
    await ring.refresh()
    raw = ring._signer.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    async with sqlite_database.write() as connection:
        public = (await connection.execute(sa.select(signing_key.c.public_jwk))).scalar_one()["x"]
    folder = sqlite_database.sqlite_path.parent
    stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("argus.db"))
    assert public.encode() in stored, "this looks where the keys are"
    encoded = [base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode(), raw.hex().upper().encode()]
    for form in (raw, *(text.rstrip(b"=") for text in encoded), b"PRIVATE KEY"):
        assert form not in stored


class TestAnotherConfigKey:
    OLD, NEW = "the key of last year", "the key of this year"

    async def _secrets(self, database) -> dict[str, bytes]:
        async with database.read() as connection:
            row = (await connection.execute(sa.select(signing_secret.c.private_key_encrypted))).scalar_one()
            values = (await connection.execute(sa.select(system_config.c.key, system_config.c.value))).all()
        return {"signing": row, **{key: value.encode() for key, value in values}}

    async def test_the_old_one_goes_on_reading_until_all_is_renewed(self, database):
        old = SecretBox(self.OLD)
        await KeyRing(database, lambda: old).refresh()
        async with database.write() as connection:
            rows = [
                {"group": "smtp", "key": "password", "value": old.encrypt(b'"x"').decode(), "encrypted": True},
                {"group": "smtp", "key": "host", "value": "mail.example.org", "encrypted": False},
            ]
            await connection.execute(sa.insert(system_config), rows)
        both = SecretBox(self.NEW, self.OLD)
        ring = KeyRing(database, lambda: both)
        await ring.refresh()
        assert ring.is_ready
        async with database.write() as connection:
            assert await renew_secrets(connection, both) == 2
        async with database.write() as connection:
            assert await renew_secrets(connection, both) == 0
        new, found = SecretBox(self.NEW), await self._secrets(database)
        assert len(new.decrypt(found["signing"])) == 32
        assert (new.decrypt(found["password"]), found["host"]) == (b'"x"', b"mail.example.org")

    async def test_a_lost_one_leaves_what_it_cannot_read_alone(self, database):
        await KeyRing(database, lambda: SecretBox(self.OLD)).refresh()
        before = await self._secrets(database)
        async with database.write() as connection:
            assert await renew_secrets(connection, SecretBox(self.NEW, "some other key, no")) == 0
        assert await self._secrets(database) == before

    async def test_a_lost_one_is_survived_by_a_new_signing_key(self, database):
        await KeyRing(database, lambda: SecretBox(self.OLD)).refresh()
        box = SecretBox(self.NEW)
        ring = KeyRing(database, lambda: box)
        await ring.refresh()
        assert not ring.is_ready
        kid = await admin_commands.rotate_signing_key(database, box)
        with frozen(now() + timedelta(seconds=5)):
            await ring.refresh()
        assert jwt.get_unverified_header(ring.sign({"a": 1}))["kid"] == kid
        async with database.read() as connection:
            line = (await connection.execute(sa.select(audit_log).where(audit_log.c.action == "jwt_rotate"))).one()
        assert line.metadata == {"by": "command line"}


class TestSchedule:
    async def test_an_old_key_is_rotated_once_and_nobody_is_logged_out(self, client, sign_up, core: AuthCore, database):
        admin = await sign_up()
        assert await rotate_if_due(core) is None
        async with database.write() as connection:
            await connection.execute(sa.update(signing_key).values(created_at=now() - timedelta(days=91)))
        made = await asyncio.gather(*(rotate_if_due(core) for _ in range(3)))
        assert sum(kid is not None for kid in made) == 1
        assert (await client.get("/api/auth/me", headers=admin.headers)).status_code == 200
        async with database.read() as connection:
            line = (await connection.execute(sa.select(audit_log).where(audit_log.c.action == "jwt_rotate"))).one()
        assert (line.user_id, line.metadata) == (None, {"reason": "schedule", "days": 90})
        status = (await client.get("/api/admin/jwt/status", headers=admin.headers)).json()
        assert (status["has_previous"], status["rotated_at"] is not None) == (True, True)

    async def test_it_can_be_turned_off(self, client, core: AuthCore, database, sign_up):
        admin = await sign_up()
        core.settings.jwt_rotate_days = 0
        async with database.write() as connection:
            await connection.execute(sa.update(signing_key).values(created_at=now() - timedelta(days=5000)))
        assert await rotate_if_due(core) is None
        status = (await client.get("/api/admin/jwt/status", headers=admin.headers)).json()
        assert status["next_rotation_at"] is None

    async def test_the_worker_does_it(self, core: AuthCore, database):
        async with database.write() as connection:
            await connection.execute(sa.update(signing_key).values(created_at=now() - timedelta(days=91)))
        upkeep = KeyUpkeep(core)
        await upkeep.look()
        await upkeep.stop()
        assert await _count(database, signing_key) == 2


class TestRotation:
    async def test_logs_nobody_out_and_new_sessions_get_the_new_key(self, client, sign_up, core: AuthCore, elsewhere):
        admin = await sign_up()
        before = jwt.get_unverified_header(admin.jwt)["kid"]
        rotated = await client.post(ROTATE, headers=admin.headers)
        assert rotated.status_code == 200
        assert rotated.json()["grace_seconds"] == 86_400
        with frozen(now() + timedelta(seconds=5)):
            await core.keys.refresh()
            fresh = await _login(client, admin)
        assert jwt.get_unverified_header(fresh)["kid"] != before
        assert (await client.get("/api/auth/me", headers=admin.headers)).status_code == 200
        assert (await elsewhere.identity.resolve(fresh)).user_id == admin.id
        assert (await elsewhere.identity.resolve(admin.jwt)).user_id == admin.id
        assert len((await client.get("/api/auth/.well-known/jwks.json")).json()["keys"]) == 2

    async def test_the_new_key_waits_until_verifiers_may_know_it(self, client, sign_up, core: AuthCore):
        admin = await sign_up()
        await client.post(ROTATE, headers=admin.headers)
        await core.keys.refresh()
        soon = await _login(client, admin)
        assert jwt.get_unverified_header(soon)["kid"] == jwt.get_unverified_header(admin.jwt)["kid"]

    async def test_the_status_tells_about_it(self, client, sign_up, database):
        admin = await sign_up()
        async with database.read() as connection:
            made = (await connection.execute(sa.select(signing_key.c.created_at))).scalar_one()
        for path in ("/api/admin/security/jwt/status", "/api/admin/jwt/status"):
            assert (await client.get(path, headers=admin.headers)).json() == {
                "rotated_at": None, "has_previous": False, "previous_expires_at": None, "grace_seconds": 86_400,
                "next_rotation_at": iso(made + timedelta(days=90)),
            }  # fmt: skip
        rotated = (await client.post(ROTATE, headers=admin.headers)).json()
        status = (await client.get("/api/admin/jwt/status", headers=admin.headers)).json()
        assert (status["rotated_at"], status["has_previous"]) == (rotated["rotated_at"], True)
        assert status["previous_expires_at"] > status["rotated_at"]

    async def test_twice_within_a_minute_is_too_soon(self, client, sign_up):
        admin = await sign_up()
        assert (await client.post("/api/admin/jwt/rotate", headers=admin.headers)).status_code == 200
        soon = await client.post(ROTATE, headers=admin.headers)
        assert soon.status_code == 429
        assert 1 <= soon.json()["detail"]["retry_after"] <= 60
        assert soon.headers["retry-after"] == str(soon.json()["detail"]["retry_after"])
        with frozen(now() + timedelta(seconds=61)):
            assert (await client.post(ROTATE, headers=admin.headers)).status_code == 200

    async def test_after_its_grace_the_old_key_verifies_no_more(self, client, sign_up, core, database, elsewhere):
        admin = await sign_up()
        await client.post(ROTATE, headers=admin.headers)
        kid = jwt.get_unverified_header(admin.jwt)["kid"]
        async with database.write() as connection:
            past = sa.update(signing_key).where(signing_key.c.kid == kid).values(verifies_until=now())
            await connection.execute(past)
        with pytest.raises(ArgusError):
            await elsewhere.identity.resolve(admin.jwt)
        assert kid not in str((await client.get("/api/auth/.well-known/jwks.json")).json())

    async def test_the_private_half_of_a_retired_key_is_destroyed(self, client, sign_up, database):
        admin = await sign_up()
        await client.post(ROTATE, headers=admin.headers)
        async with database.write() as connection:
            assert await forget_retired_secrets(connection) == 0
        with frozen(now() + timedelta(hours=2)):
            async with database.write() as connection:
                assert await forget_retired_secrets(connection) == 1
        assert await _count(database, signing_secret) == 1
        assert await _count(database, signing_key) == 2

    async def test_an_administrators_token_may_rotate_and_others_may_not(self, client, sign_up):
        admin, bob = await sign_up("root"), await sign_up("bob")
        assert (await client.post(ROTATE, headers=bob.headers)).status_code == 403
        made = await client.post("/api/tokens", json={"name": "x", "scope": "reporter"}, headers=admin.headers)
        token = bearer_headers(made.json()["token"])
        assert (await client.post(ROTATE, headers=token)).status_code == 200
