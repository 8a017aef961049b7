"""The audit log as administrators read it, take it away, and prove it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import socket
import tracemalloc
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from argus_auth.audit import chain, export, watch
from argus_auth.audit.filters import Filters
from argus_auth.audit.forward import Forwarder
from argus_auth.core import AuthCore
from argus_auth.settings import AuthSettings
from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.pagination import encode_cursor
from argus_kit.ports import free_port
from argus_kit.testing import eventually
from argus_schema.auth import audit_log

PATH = "/api/admin/audit-log"
# RFC 5424, 6: header, structured data, message.
RFC5424 = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<host>[!-~]{1,255}) argus - "
    rb"(?P<id>[!-~]{1,32}) \[argus@32473(?P<data>(?: [a-z_]+=\"(?:[^\"\\\]]|\\[\"\\\]])*\")+)\] (?P<message>.*)"
)


@pytest.fixture
async def admin(sign_up):
    return await sign_up("root")


async def _write(database, *entries):
    made = [wire.AuditEntry(**({"action": "share_add", "at": now()} | entry)) for entry in entries]
    async with database.write() as connection:
        await chain.append(connection, made)


async def _read(client, admin, **query):
    answer = await client.get(PATH, params=query, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestList:
    async def test_filters(self, client, admin, sign_up, database):
        bob = await sign_up("bob")
        await _write(
            database,
            {"user_id": bob.id, "target_type": "batch", "target_id": "b-1", "ip": "10.0.0.9", "metadata": {"n": 100}},
            {"action": "share_remove", "at": now() - timedelta(days=3), "target_type": "batch", "target_id": "b-2"},
        )

        async def found(**query):
            return [row["action"] for row in await _read(client, admin, **query)]

        assert await found(action="share_add") == ["share_add"]
        assert await found(action="share_*") == ["share_remove", "share_add"]
        assert await found(action="share_add,register") == ["share_add", "register", "register"]
        assert await found(target_type="batch", target_id="b-2") == ["share_remove"]
        assert await found(ip="10.0.0.9") == ["share_add"]
        assert await found(user_id=bob.id) == ["share_add", "login_success", "register"]
        assert await found(username="BOB", action="login_*") == ["login_success"]
        assert await found(q="B-2") == ["share_remove"]
        assert await found(q="%") == []
        assert await found(until=(now() - timedelta(days=2)).isoformat()) == ["share_remove"]
        assert "share_remove" not in await found(since=(now() - timedelta(days=2)).isoformat())
        assert (await client.get(f"{PATH}?action=a;b", headers=admin.headers)).status_code == 422

    async def test_says_who_acted_by_name(self, client, admin):
        assert {row["username"] for row in await _read(client, admin)} == {"root"}

    async def test_is_paged_by_a_cursor_that_new_lines_do_not_shift(self, client, admin, database):
        await _write(database, *({"target_id": str(n)} for n in range(5)))
        first = await client.get(f"{PATH}?limit=3&action=share_add", headers=admin.headers)
        await _write(database, {"target_id": "late"})
        query = {"limit": 3, "action": "share_add", "cursor": first.headers["X-Next-Cursor"]}
        second = await client.get(PATH, params=query, headers=admin.headers)
        assert [row["target_id"] for row in first.json() + second.json()] == ["4", "3", "2", "1", "0"]
        assert "X-Next-Cursor" not in second.headers
        for cursor in ("nonsense", encode_cursor("a text"), encode_cursor(2**70), encode_cursor(1, 2)):
            answer = await client.get(PATH, params={"cursor": cursor}, headers=admin.headers)
            assert answer.status_code == 422

    async def test_names_the_actions_that_there_are(self, client, admin, database):
        await _write(database, {}, {})
        rows = (await client.get(f"{PATH}/actions", headers=admin.headers)).json()
        assert rows == [
            {"action": "login_success", "count": 1},
            {"action": "register", "count": 1},
            {"action": "share_add", "count": 2},
        ]


class TestExport:
    async def _file(self, client, admin, form, **query):
        answer = await client.get(f"{PATH}/export", params={"format": form, **query}, headers=admin.headers)
        assert answer.status_code == 200
        assert re.fullmatch(
            r'attachment; filename="argus-audit-[\d-]+\.(csv|jsonl|log)"', answer.headers["Content-Disposition"]
        )
        return answer.text

    async def test_as_csv_runs_no_formula(self, client, admin, database):
        evil = ['=cmd|"/c calc"!A1', "+1", "-1", "@SUM(1)", "\t=1", " =1", "plain, with comma"]
        await _write(database, *({"target_id": text} for text in evil))
        rows = list(csv.DictReader(io.StringIO(await self._file(client, admin, "csv", action="share_add"))))
        assert [row["target_id"] for row in rows] == [*(f"'{text}" for text in evil[:-1]), evil[-1]]
        assert not any(
            value.lstrip(" ").startswith(("=", "+", "-", "@", "\t")) for row in rows for value in row.values()
        )

    async def test_as_json_lines_is_enough_to_check_the_chain_elsewhere(self, client, admin, database):
        await _write(database, *({"metadata": {"n": n}} for n in range(3)))
        rows = [json.loads(line) for line in (await self._file(client, admin, "jsonl")).splitlines()]
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        assert all(later["previous_hash"] == row["hash"] for row, later in pairwise(rows))

    async def test_as_syslog_holds_to_the_rfc(self, client, admin, database):
        await _write(
            database,
            {"target_id": 'a "quoted" ]\\ thing\nand a line', "metadata": {"text": "line\nbreak"}},
            {"action": "login_failed", "metadata": {"long": "x" * 20_000}},
        )
        text = await self._file(client, admin, "syslog")
        lines = text.encode().splitlines()
        matches = [RFC5424.fullmatch(line) for line in lines]
        assert all(matches), lines
        assert {match["id"]: match["pri"] for match in matches}[b"login_failed"] == b"108"
        assert {match["id"]: match["pri"] for match in matches}[b"share_add"] == b"109"
        assert b'target_id="a \\"quoted\\" \\]\\\\ thing and a line"' in text.encode()
        assert max(map(len, lines)) <= 8192

    async def test_is_audited_itself(self, client, admin):
        await self._file(client, admin, "csv")
        (line,) = await _read(client, admin, action="audit_export")
        assert (line["user_id"], line["metadata"]) == (admin.id, {"format": "csv"})

    async def test_takes_the_same_memory_for_a_long_log(self, database):
        row = {"action": "share_add", "timestamp": now(), "metadata": {"text": "x" * 200}}
        peaks = []
        for size in (2_000, 20_000):
            async with database.write() as connection:
                rows = [{**row, "entry_id": f"{size}-{n}"} for n in range(size)]
                await connection.execute(sa.insert(audit_log), rows)
            del rows
            tracemalloc.start()
            count = 0
            async for piece in export.lines(database, Filters(), "jsonl"):
                count += piece.count(b"\n")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert count == 22_000
        assert peaks[1] < 2 * peaks[0], peaks


class TestVerify:
    async def _verify(self, client, admin, **query):
        return (await client.get(f"{PATH}/verify", params=query, headers=admin.headers)).json()

    async def test_a_whole_log_is_whole_in_one_go_or_in_portions(self, client, admin, database):
        await _write(database, *({} for _ in range(2_500)))
        found = await self._verify(client, admin)
        assert (found["whole"], found["first_broken"], found["next_after"]) == (True, None, None)
        assert found["checked"] == 2_502
        checked, after = 0, 0
        while after is not None:
            part = await self._verify(client, admin, after=after, limit=1000)
            checked, after = checked + part["checked"], part["next_after"]
        assert checked == 2_502

    async def test_a_changed_line_is_named(self, client, admin, database, intruder):
        await _write(database, {"target_id": "x"}, {}, {})
        (line,) = await _read(client, admin, q="x", action="share_add")
        async with intruder.write() as connection:
            change = sa.update(audit_log).where(audit_log.c.id == line["id"]).values(ip_address="6.6.6.6")
            await connection.execute(change)
        found = await self._verify(client, admin)
        assert (found["whole"], found["first_broken"]) == (False, line["id"])

    async def test_a_walk_from_the_middle_does_not_clear_a_log_of_a_fault(self, client, admin, database, intruder):
        await _write(database, {"target_id": "x"}, {}, {})
        (line,) = await _read(client, admin, q="x", action="share_add")
        async with intruder.write() as connection:
            change = sa.update(audit_log).where(audit_log.c.id == line["id"]).values(ip_address="6.6.6.6")
            await connection.execute(change)
        await self._verify(client, admin)
        assert (await self._verify(client, admin, after=line["id"]))["whole"] is True
        async with database.read() as connection:
            seen = await watch.internal.note(connection, watch.SEEN)
        assert (seen["whole"], seen["first_broken"]) == (False, line["id"])

    async def test_an_end_that_was_cut_off_is_missed(self, client, admin, database, intruder):
        await _write(database, {}, {}, {})
        last = (await self._verify(client, admin))["last_id"]
        async with intruder.write() as connection:
            await connection.execute(sa.delete(audit_log).where(audit_log.c.id == last))
        for _ in range(2):
            found = await self._verify(client, admin)
            assert (found["whole"], found["first_broken"]) == (False, last)

    async def test_the_worker_looks_by_itself(self, core, admin, database):
        watcher = watch.ChainWatch(core)
        await watcher.look()
        await watcher.stop()
        async with database.read() as connection:
            assert await chain.first_broken(connection) is None
            seen = await watch.internal.note(connection, watch.SEEN)
        assert (seen["whole"], seen["id"]) == (True, 2)


class TestForwarding:
    @pytest.fixture
    async def forwarder_to(self, platform, client):
        made = []

        def forwarder_to(address):
            core = AuthCore(platform, AuthSettings(audit_syslog=address))
            made.append(Forwarder(core, every_s=0.05))
            return made[-1]

        yield forwarder_to
        for forwarder in made:
            await forwarder.stop()

    async def test_by_udp_to_a_server_of_this_machine(self, admin, database, forwarder_to):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.setblocking(False)
            forwarder = forwarder_to(f"udp://127.0.0.1:{server.getsockname()[1]}")
            await forwarder.round()
            await _write(database, {"target_id": "b-1"})
            await forwarder.round()
            messages = [await asyncio.get_running_loop().sock_recv(server, 65_536) for _ in range(3)]
        assert [RFC5424.fullmatch(message)["id"] for message in messages] == [
            b"register",
            b"login_success",
            b"share_add",
        ]

    async def test_to_the_machines_own_socket(self, admin, tmp_path, forwarder_to):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(str(tmp_path / "log"))
            server.setblocking(False)
            await forwarder_to(f"unix:{tmp_path / 'log'}").round()
            assert RFC5424.fullmatch(await asyncio.get_running_loop().sock_recv(server, 65_536))

    async def test_by_tcp_at_least_once_over_a_server_that_goes_away(self, admin, database, forwarder_to):
        port, got, writers = free_port(), [], []

        async def serve(reader, writer):
            writers.append(writer)
            while head := await reader.readuntil(b" "):
                got.append(await reader.readexactly(int(head)))

        async def serve_quietly(reader, writer):
            try:
                await serve(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        forwarder = forwarder_to(f"tcp://127.0.0.1:{port}")
        with pytest.raises(OSError, match=r"refused|failed"):
            await forwarder.round()
        server = await asyncio.start_server(serve_quietly, "127.0.0.1", port)
        await forwarder.start()

        async def has(target):
            return any(f'target_id="{target}"'.encode() in message for message in got)

        for n in range(4):
            await _write(database, {"target_id": f"b-{n}"})
            await eventually(lambda n=n: has(f"b-{n}"), 10)
            if n == 1:
                server.close()
                for writer in writers:
                    writer.close()
                await server.wait_closed()
                await _write(database, {"target_id": "meanwhile"})
                server = await asyncio.start_server(serve_quietly, "127.0.0.1", port)
        await eventually(lambda: has("meanwhile"), 10)
        assert all(RFC5424.fullmatch(message) for message in got)
        await forwarder.stop()
        server.close()
        again = forwarder_to(f"tcp://127.0.0.1:{port}")
        before = len(got)
        server = await asyncio.start_server(serve_quietly, "127.0.0.1", port)
        await _write(database, {"target_id": "later"})
        await again.round()
        await eventually(lambda: has("later"), 10)
        assert len(got) - before <= 2, "what is safely away is not sent again"
        await again.stop()
        server.close()

    @pytest.mark.parametrize("address", ["http://x", "udp://", "unix:", "tcp://a b", "localhost:514"])
    def test_an_address_that_is_none_is_refused_at_the_start(self, address):
        with pytest.raises(ValueError, match="ARGUS_AUDIT_SYSLOG"):
            AuthSettings(audit_syslog=address)
