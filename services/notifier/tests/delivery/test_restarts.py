"""A worker that is killed at each step, and another after it: everything arrives, nothing twice that it heard taken."""

import asyncio
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from argus_kit.clock import now
from argus_notifier.delivery import repository
from argus_schema import notifier as tables

COUNT = 6


class Receiver:
    """Counts keys that came, and those that it acknowledged."""

    def __init__(self):
        self.came = Counter()
        self.acknowledged = Counter()

    async def talk(self, reader, writer):
        key = (await reader.readline()).decode().strip()
        if key:
            self.came[key] += 1
            writer.write(b"taken\n")
            try:
                await writer.drain()
                self.acknowledged[key] += 1
                await reader.read()
            except ConnectionError:
                pass
        writer.close()


@pytest.fixture
async def receiver():
    found = Receiver()
    server = await asyncio.start_server(found.talk, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    await server.wait_closed()


async def worker(database_url, home, receiver, how):
    script = Path(__file__).with_name("worker_process.py")
    command = [sys.executable, str(script), database_url, str(home), str(receiver.port), how]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode, [line for line in said.decode().split() if len(line) == 32]


@pytest.mark.parametrize(
    "how", ["before", "claimed", "connected", "asked", "acknowledged", "uncommitted", "written", "never"]
)
async def test_killed_at_each_step(database, database_url, tmp_path, receiver, how):
    row = {"kind": "x", "receiver": "r", "target": "t", "event_type": "e", "subject": "s", "body_text": "b"}
    async with database.write() as connection:
        await repository.add(connection, [{**row, "dedupe_key": f"key {number}"} for number in range(COUNT)])
    ended, heard = await worker(database_url, tmp_path, receiver, how)
    assert ended == (0 if how == "never" else -signal.SIGKILL)
    # The leases of the dead end.
    d = tables.delivery.c
    async with database.write() as connection:
        held = sa.update(tables.delivery).where(d.status == "sending")
        await connection.execute(held.values(claimed_until=now() - timedelta(seconds=1)))
    ended, _ = await worker(database_url, tmp_path, receiver, "never")
    assert ended == 0

    async with database.read() as connection:
        statuses = list((await connection.execute(sa.select(d.status))).scalars())
    assert statuses == ["sent"] * COUNT
    assert len(receiver.came) == COUNT
    # What the worker heard a yes to is not sent again, though it died before it could tell the database.
    assert [key for key in heard if receiver.came[key] != 1] == []
    assert bool(heard) == (how in {"acknowledged", "uncommitted", "written", "never"})
    # Of what was asked when it died nobody can know; the receiver can, by the key. There are two places.
    assert sum(receiver.came.values()) <= COUNT + 2
    if how in {"before", "claimed", "connected", "never"}:
        assert set(receiver.came.values()) == {1}
    assert list((tmp_path / "deliveries").glob("*.acks")) == []
