"""Access that ends closes what it opened, within a second."""

import asyncio
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.testing import add_session, add_token, eventually
from argus_realtime.limits import Limits
from argus_schema import auth, catalog, ingest


async def share(live, batch, grantee_id):
    values = {"batch_id": batch.id, "grantee_id": grantee_id, "permission": "viewer", "created_at": now()}
    async with live.database.write() as connection:
        await connection.execute(sa.insert(catalog.batch_share).values(values))


async def unshare(live, batch):
    async with live.database.write() as connection:
        await connection.execute(sa.delete(catalog.batch_share).where(catalog.batch_share.c.batch_id == batch.id))


async def say(live, **changed):
    await live.platform.bus.send(wire.ACCESS_CHANGED, wire.encode(wire.AccessChanged(**changed)))


async def closed_within_a_second(reader, begin):
    frame = await reader.next("closed", 2)
    assert time.monotonic() - begin < 1.0
    return frame.data


async def ends(reader):
    with pytest.raises(EOFError):
        await reader.frame()


class TestWaysIn:
    async def test_share_project_share_and_membership_let_in(self, live):
        ada, _ = await live.user("ada")
        bob, session = await live.user("bob")
        by_share, by_project, by_member = [await live.batch(ada, project) for project in ("a", "b", "c")]
        await share(live, by_share, bob)
        at = now()
        async with live.database.write() as connection:
            row = {"owner_id": ada, "project": "b", "grantee_id": bob, "permission": "viewer", "created_at": at}
            await connection.execute(sa.insert(catalog.project_share).values(row))
            rows = [{"project": "c", "user_id": who, "role": "viewer", "created_at": at} for who in (ada, bob)]
            await connection.execute(sa.insert(catalog.project_member), rows)
        channels = f"visible,batch:{by_share.id},batch:{by_project.id},batch:{by_member.id}"
        async with live.open("/api/sse", session, channels=channels) as reader:
            await reader.frame()
            for batch in (by_share, by_project, by_member):
                await batch.emit(("batch_start", None, {}))
                heard = {(await reader.frame()).data["channel"] for _ in range(2)}
                assert heard == {"visible", f"batch:{batch.id}"}

    async def test_someone_elses_project_share_opens_only_their_batches(self, live):
        ada, _ = await live.user("ada")
        eve, _ = await live.user("eve")
        bob, session = await live.user("bob")
        async with live.database.write() as connection:
            row = {"owner_id": eve, "project": "p", "grantee_id": bob, "permission": "viewer", "created_at": now()}
            await connection.execute(sa.insert(catalog.project_share).values(row))
        batch = await live.batch(ada, "p")
        assert (await live.refusal("/api/sse", session, channels=f"batch:{batch.id}")).status_code == 403

    @pytest.mark.parametrize("column", ["deleted_at", "is_placeholder"])
    async def test_what_is_deleted_or_not_begun_is_as_good_as_missing(self, live, column):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        value = now() if column == "deleted_at" else True
        async with live.database.write() as connection:
            await connection.execute(sa.update(ingest.batch).values({column: value}))
        assert (await live.refusal("/api/sse", session, channels=f"batch:{batch.id}")).status_code == 403


class TestWaysOut:
    @pytest.mark.parametrize("kind", ["session", "token", "user"])
    async def test_a_revoked_credential_ends_its_streams(self, live, kind):
        ada, session = await live.user("ada")
        token = await add_token(live.database, ada)
        other = await add_session(live.database, ada)
        credential = token if kind == "token" else session
        async with (
            live.open("/api/sse", credential, channels="inbox") as reader,
            live.open("/api/sse", other, channels="inbox") as bystander,
        ):
            await reader.frame()
            await bystander.frame()
            actor = await live.platform.identity.resolve(credential)
            key = {"session": actor.jti, "token": actor.key_id, "user": str(ada)}[kind]
            begin = time.monotonic()
            revoked = wire.Revoked(kind=kind, key=key, at=now())
            await live.platform.bus.send(wire.AUTH_REVOKED, wire.encode(revoked))
            assert await closed_within_a_second(reader, begin) == {"reason": "session_ended"}
            await ends(reader)
            if kind != "user":
                with pytest.raises(TimeoutError):
                    await bystander.frame(0.3)

    async def test_a_share_that_ends_closes_the_channel_and_keeps_the_others(self, live):
        ada, _ = await live.user("ada")
        bob, session = await live.user("bob")
        lent, own = await live.batch(ada), await live.batch(bob)
        await share(live, lent, bob)
        channels = f"batch:{lent.id},batch:{own.id},visible"
        async with live.open("/api/sse", session, channels=channels) as reader:
            await reader.frame()
            await unshare(live, lent)
            begin = time.monotonic()
            await say(live, batch_id=lent.id, user_id=bob)
            found = await closed_within_a_second(reader, begin)
            assert found == {"channel": f"batch:{lent.id}", "reason": "access_ended"}
            await lent.emit(("batch_done", None, {}))
            await own.emit(("batch_start", None, {}))
            heard = [await reader.frame() for _ in range(2)]
            assert {frame.data["batch_id"] for frame in heard} == {own.id}

    async def test_the_last_channel_takes_the_stream_with_it(self, live):
        ada, _ = await live.user("ada")
        bob, session = await live.user("bob")
        batch = await live.batch(ada)
        await share(live, batch, bob)
        async with live.open(f"/api/batches/{batch.id}/logs/stream", session) as reader:
            await reader.frame()
            await unshare(live, batch)
            begin = time.monotonic()
            await say(live, batch_id=batch.id)
            await closed_within_a_second(reader, begin)
            await ends(reader)
        assert not live.hub.routes.streams

    async def test_a_new_share_shows_on_visible_at_once(self, live):
        ada, _ = await live.user("ada")
        bob, session = await live.user("bob")
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels="visible") as reader:
            await reader.frame()
            await share(live, batch, bob)
            await say(live, batch_id=batch.id, user_id=bob)
            await asyncio.sleep(0.5)
            await batch.emit(("batch_start", None, {}))
            assert (await reader.frame()).data["batch_id"] == batch.id

    async def test_a_deleted_batch_closes_its_channels(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
            await reader.frame()
            begin = time.monotonic()
            await batch.emit(("batch_deleted", None, {}))
            assert (await closed_within_a_second(reader, begin))["reason"] == "access_ended"
            await ends(reader)

    async def test_an_admin_who_is_one_no_more_loses_the_dashboard(self, live):
        root, session = await live.user("root", is_admin=True)
        async with live.open("/api/sse", session, channels="dashboard,inbox") as reader:
            await reader.frame()
            async with live.database.write() as connection:
                await connection.execute(sa.update(auth.user).values(is_admin=False))
            begin = time.monotonic()
            await say(live, user_id=root)
            assert (await closed_within_a_second(reader, begin))["channel"] == "dashboard"

    async def test_a_session_that_expires_ends_its_stream(self, live):
        ada, _ = await live.user("ada")
        short = await add_session(live.database, ada, ttl_s=2)
        async with live.open("/api/sse", short, channels="inbox") as reader:
            await reader.frame()
            assert (await reader.next("closed", 4)).data == {"reason": "session_ended"}
            await ends(reader)

    async def test_a_stream_outlives_the_access_token_and_not_the_session(self, live):
        ada, _ = await live.user("ada")
        short = await add_session(live.database, ada, access_s=2)
        batch = await live.batch(ada)
        async with live.open("/api/sse", short, channels="visible") as reader:
            await reader.frame()
            actor = await live.platform.identity.resolve(short)

            async def is_over():
                try:
                    await live.platform.identity.resolve(short)
                except ArgusError:
                    return True
                return False

            await eventually(is_over, 10)
            await asyncio.sleep(1.5)
            assert (await live.refusal("/api/sse", short, channels="inbox")).status_code == 401
            await batch.emit(("batch_start", None, {}))
            await reader.next("batch_start")
            begin = time.monotonic()
            revoked = wire.Revoked(kind="session", key=actor.jti, at=now())
            await live.platform.bus.send(wire.AUTH_REVOKED, wire.encode(revoked))
            assert await closed_within_a_second(reader, begin) == {"reason": "session_ended"}


class TestSafetyNet:
    @pytest.fixture
    def limits(self):
        return Limits(recheck_s=0.5)

    async def test_what_nobody_announced_is_found_by_the_sweep(self, live):
        ada, session = await live.user("ada")
        bob, bobs = await live.user("bob")
        batch = await live.batch(ada)
        await share(live, batch, bob)
        async with (
            live.open("/api/sse", session, channels="inbox") as revoked,
            live.open("/api/sse", bobs, channels=f"batch:{batch.id},inbox") as unshared,
        ):
            await revoked.frame()
            await unshared.frame()
            await unshare(live, batch)
            async with live.database.write() as connection:
                session_row = auth.session.c
                await connection.execute(
                    sa.update(auth.session).where(session_row.user_id == ada).values(revoked_at=now())
                )
            assert (await unshared.next("closed", 3)).data["reason"] == "access_ended"
            assert (await revoked.next("closed", 3)).data == {"reason": "session_ended"}

    async def test_a_session_that_was_renewed_meanwhile_keeps_its_stream(self, live):
        ada, _ = await live.user("ada")
        session = await add_session(live.database, ada, ttl_s=3)
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels="visible") as reader:
            await reader.frame()
            async with live.database.write() as connection:
                later = now() + timedelta(hours=1)
                await connection.execute(sa.update(auth.session).values(expires_at=later))
            await asyncio.sleep(4.5)
            await batch.emit(("batch_start", None, {}))
            await reader.next("batch_start")
