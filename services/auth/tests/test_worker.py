from __future__ import annotations

import asyncio
from datetime import timedelta

import jwt
import sqlalchemy as sa

from argus_auth.accounts import links
from argus_auth.audit import chain
from argus_auth.cleanup import Cleanup
from argus_contracts import bus as wire
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.testing import add_session, add_token, add_user, eventually
from argus_schema.auth import api_token, audit_log, one_time_token, session


def _entry(**changes):
    return wire.AuditEntry(**({"action": "share_add", "user_id": 1, "at": now(), "metadata": {"n": 1}} | changes))


async def _rows(database):
    async with database.read() as connection:
        return (await connection.execute(sa.select(audit_log).order_by(audit_log.c.id))).mappings().all()


class TestAuditChain:
    async def test_holds_under_many_writers_at_once(self, database):
        async def write(n: int) -> None:
            async with database.write() as connection:
                await chain.append(connection, [_entry(target_id=f"{n}-{m}") for m in range(3)])

        await asyncio.gather(*(write(n) for n in range(8)))
        rows = await _rows(database)
        assert len(rows) == 24
        assert rows[0]["previous_hash"] is None
        async with database.read() as connection:
            assert await chain.first_broken(connection) is None

    async def test_a_changed_row_is_found(self, database, intruder):
        async with database.write() as connection:
            await chain.append(connection, [_entry(ip="10.0.0.1") for _ in range(5)])
        third = (await _rows(database))[2]
        for change in ({"user_id": 2}, {"metadata": {"n": 2}}, {"hash": "0" * 64}, {"action": "share_remove"}):
            for values, broken in ((change, third["id"]), ({key: third[key] for key in change}, None)):
                async with intruder.write() as connection:
                    await connection.execute(sa.update(audit_log).where(audit_log.c.id == third["id"]).values(values))
                async with database.read() as connection:
                    assert await chain.first_broken(connection) == broken

    async def test_a_removed_row_is_found(self, database, intruder):
        async with database.write() as connection:
            await chain.append(connection, [_entry() for _ in range(5)])
        rows = await _rows(database)
        async with intruder.write() as connection:
            await connection.execute(sa.delete(audit_log).where(audit_log.c.id == rows[1]["id"]))
        async with database.read() as connection:
            assert await chain.first_broken(connection) == rows[2]["id"]

    async def test_numbers_that_databases_spell_in_their_own_way_break_nothing(self, database):
        odd = [-0.0, 1e22, -1e300, 5e-324, 0.1, 1.0, 123456789012345678.0, 2**62, float("nan"), float("inf")]
        async with database.write() as connection:
            await chain.append(connection, [_entry(metadata={"overrides": {"lr": value}}) for value in odd])
        async with database.read() as connection:
            assert await chain.first_broken(connection) is None

    async def test_what_requests_write_is_chained(self, client, sign_up, database):
        ada = await sign_up()
        await client.post("/api/auth/logout", headers=ada.headers)
        assert [row["action"] for row in await _rows(database)] == ["register", "login_success", "logout"]
        async with database.read() as connection:
            assert await chain.first_broken(connection) is None


class TestAuditConsumer:
    async def test_writes_what_other_services_send_once(self, worker, database):
        entry = _entry(target_type="batch", target_id="run\x001", metadata={"a": ["x\x00y"], "f": 1.5}, ip="10.0.0.1")
        for n in range(2):
            # Two message ids: JetStream must not be the one who drops the second.
            message = Outgoing(wire.audit_subject("catalog"), wire.encode(entry), f"{entry.entry_id}-{n}")
            await worker.bus.publish(message)
        await worker.bus.publish(Outgoing(wire.audit_subject("catalog"), b"garbage", f"{entry.entry_id}-bad"))
        last = _entry(action="share_remove")
        await worker.bus.publish(Outgoing(wire.audit_subject("catalog"), wire.encode(last), last.entry_id))

        async def ids():
            found = [row["entry_id"] for row in await _rows(database)]
            return found if last.entry_id in found else None

        assert (await eventually(ids, 10)).count(entry.entry_id) == 1
        row = next(row for row in await _rows(database) if row["entry_id"] == entry.entry_id)
        assert (row["target_id"], row["metadata"]) == ("run\ufffd1", {"a": ["x\ufffdy"], "f": 1.5})
        async with database.read() as connection:
            assert await chain.first_broken(connection) is None


class TestAuditLog:
    async def test_is_read_newest_first_with_names_and_filters(self, client, sign_up):
        admin = await sign_up("root")
        await sign_up("bob")
        rows = (await client.get("/api/admin/audit-log", headers=admin.headers)).json()
        assert [row["action"] for row in rows] == ["login_success", "register"] * 2
        assert [row["username"] for row in rows] == ["bob", "bob", "root", "root"]
        assert rows[0]["ip_address"] == "127.0.0.1"
        only = await client.get("/api/admin/audit-log?action=register&limit=1&offset=1", headers=admin.headers)
        assert [row["username"] for row in only.json()] == ["root"]
        later = (now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        assert (await client.get(f"/api/admin/audit-log?since={later}", headers=admin.headers)).json() == []
        assert (await client.get("/api/admin/audit-log?since=soon", headers=admin.headers)).status_code == 422


class TestAgentTokens:
    async def _mint(self, platform, owner_id, agent_id="agent-1"):
        request = wire.MintAgentToken(agent_id=agent_id, owner_id=owner_id, hostname="gpu-1")
        reply = await platform.bus.request(wire.MINT_AGENT_TOKEN, wire.encode(request), timeout_s=10)
        return wire.decode(wire.MintAgentTokenReply, reply)

    async def test_a_token_is_minted_and_the_earlier_one_ends(self, worker, elsewhere, database):
        owner = await add_user(database)
        first = (await self._mint(elsewhere, owner)).token
        actor = await elsewhere.identity.resolve(first)
        assert (actor.kind, actor.agent_id, actor.user_id) == ("agent", "agent-1", owner)
        other = (await self._mint(elsewhere, owner, "agent-2")).token
        second = (await self._mint(elsewhere, owner)).token

        async def is_refused():
            try:
                await elsewhere.identity.resolve(first)
            except ArgusError:
                return True
            return False

        await eventually(is_refused, 1.0)
        assert (await elsewhere.identity.resolve(second)).agent_id == "agent-1"
        assert (await elsewhere.identity.resolve(other)).agent_id == "agent-2"
        assert [row["action"] for row in await _rows(database)] == ["agent_token_mint"] * 3

    async def test_nobody_gets_none(self, worker, elsewhere, database):
        reply = await self._mint(elsewhere, 999)
        assert (reply.token, reply.error_code) == (None, "auth.owner_inactive")
        raw = await elsewhere.bus.request(wire.MINT_AGENT_TOKEN, b"garbage", timeout_s=10)
        assert wire.decode(wire.MintAgentTokenReply, raw).error_code == "request.invalid"


class TestTokenUse:
    async def test_is_stamped_and_never_backwards(self, worker, elsewhere, database):
        await add_token(database, await add_user(database))
        used, earlier = now(), now() - timedelta(hours=1)

        stamps = next(part for part in worker.parts if part.name == "token-use-stamps")

        async def last_used():
            await stamps._write()
            async with database.read() as connection:
                found = (await connection.execute(sa.select(api_token.c.last_used))).scalar_one()
            return found == used

        await elsewhere.bus.send(wire.TOKEN_USED, wire.encode(wire.TokenUsed(tokens={1: used, 999: used})))
        await eventually(last_used, 15)
        await elsewhere.bus.send(wire.TOKEN_USED, wire.encode(wire.TokenUsed(tokens={1: earlier})))
        await asyncio.sleep(0.2)
        assert await last_used()

    async def test_of_sessions_is_stamped_too(self, worker, elsewhere, database):
        credential = await add_session(database, await add_user(database))
        jti, seen = jwt.decode(credential, options={"verify_signature": False})["jti"], now()
        stamps = next(part for part in worker.parts if part.name == "token-use-stamps")

        async def last_seen():
            await stamps._write()
            async with database.read() as connection:
                return (await connection.execute(sa.select(session.c.last_seen_at))).scalar_one() == seen

        used = wire.TokenUsed(tokens={}, sessions={jti: seen, "unknown": seen})
        await elsewhere.bus.send(wire.TOKEN_USED, wire.encode(used))
        await eventually(last_seen, 15)


async def test_cleanup_deletes_what_has_expired_and_nothing_else(core, database):
    user_id = await add_user(database)
    await add_session(database, user_id)
    await add_session(database, user_id, ttl_s=-2 * 86_400)
    async with core.write() as work:
        await links.issue(work.connection, user_id, links.VERIFY_EMAIL, timedelta(days=-2))
        await links.issue(work.connection, user_id, links.RESET_PASSWORD, timedelta(minutes=15))
    cleanup = Cleanup(core)
    await cleanup.clean()
    await cleanup.stop()
    async with database.read() as connection:
        for table in (session, one_time_token):
            count = sa.select(sa.func.count()).select_from(table)
            assert (await connection.execute(count)).scalar_one() == 1
