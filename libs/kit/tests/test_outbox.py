"""A promised message reaches the bus: without NATS, after a crash, with two replicas; nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.bus import LIVE_STREAM
from argus_kit import clock
from argus_kit.bus import Bus, Message, Outgoing
from argus_kit.database import Database
from argus_kit.outbox import Merge, Outbox, transaction
from argus_kit.testing import Child, eventually
from argus_schema import executor as tables

TABLE = tables.outbox


@pytest.fixture
def subject() -> str:
    """A subject of the live stream that no other test uses."""
    return wire.agent_subject(uuid.uuid4().hex)


@contextlib.asynccontextmanager
async def running(database: Database, port: int, merge: Merge | None = None) -> AsyncIterator[tuple[Bus, Outbox]]:
    bus = Bus(f"nats://127.0.0.1:{port}")
    outbox = Outbox(database, bus, TABLE, merge)
    await bus.start()
    await outbox.start()
    try:
        yield bus, outbox
    finally:
        await outbox.stop()
        await bus.stop()


async def promise(database: Database, outbox: Outbox, subject: str, *texts: str) -> None:
    async with transaction(database, outbox) as opened:
        for text in texts:
            opened.publish(subject, text.encode())


async def rows(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(TABLE))).scalar_one()


async def is_empty(database: Database) -> bool:
    return await rows(database) == 0


async def stored(bus: Bus, subject: str) -> list[Message]:
    first, last = await bus.stream_bounds(LIVE_STREAM)
    return (await bus.replay(LIVE_STREAM, [subject], after=first - 1, until=last, limit=10_000)).messages


async def texts(bus: Bus, subject: str) -> list[str]:
    return [message.data.decode() for message in await stored(bus, subject)]


class TestFastPath:
    async def test_a_committed_message_arrives_and_its_row_goes(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        async with running(database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            await promise(database, outbox, subject, "1", "2", "3")
            await eventually(lambda: is_empty(database))
            assert await texts(bus, subject) == ["1", "2", "3"]

    async def test_it_does_not_wait_for_the_sweep(self, database: Database, nats: Child, subject: str) -> None:
        async with running(database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            await promise(database, outbox, subject, "quick")

            async def there() -> bool:
                return await texts(bus, subject) == ["quick"]

            await eventually(there, 1.5)

    async def test_what_cannot_be_merged_is_left_to_the_sweep_and_ends_nothing(
        self, sqlite_database: Database, nats: Child, subject: str
    ) -> None:
        def merge(messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
            if messages[0].payload == b"odd":
                raise ValueError
            return messages

        async with running(sqlite_database, nats.port, merge) as (bus, outbox):
            await bus.wait_until_ready(15)
            await promise(sqlite_database, outbox, subject, "odd")
            await asyncio.sleep(0.1)
            await promise(sqlite_database, outbox, subject, "next")

            async def there(*wanted: str) -> bool:
                return await texts(bus, subject) == list(wanted)

            await eventually(lambda: there("next"), 1.5)
            await eventually(lambda: there("next", "odd"), 10)

    async def test_a_rolled_back_message_never_leaves(self, database: Database, nats: Child, subject: str) -> None:
        async with running(database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            with pytest.raises(RuntimeError):
                async with transaction(database, outbox) as opened:
                    opened.publish(subject, b"never")
                    raise RuntimeError
            await promise(database, outbox, subject, "later")
            await eventually(lambda: is_empty(database))
            assert await texts(bus, subject) == ["later"]

    async def test_published_rows_are_cleared_in_a_transaction_that_is_open_anyway(
        self, sqlite_database: Database, nats: Child, subject: str
    ) -> None:
        bus = Bus(f"nats://127.0.0.1:{nats.port}")
        outbox = Outbox(sqlite_database, bus, TABLE)
        await bus.start()
        await bus.wait_until_ready(15)
        publisher = asyncio.create_task(outbox._publish_offered())
        await promise(sqlite_database, outbox, subject, "1")

        async def published() -> bool:
            return bool(outbox._published)

        await eventually(published)
        async with sqlite_database.write() as connection:
            await outbox.clear(connection)
        assert await is_empty(sqlite_database)
        publisher.cancel()
        await bus.stop()


class TestSweep:
    async def test_what_was_promised_without_nats_leaves_when_it_is_back(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        nats.kill()
        async with running(database, nats.port) as (bus, outbox):
            for number in range(30):
                await promise(database, outbox, subject, str(number))
            assert await rows(database) == 30
            nats.start()
            await bus.wait_until_ready(15)
            await eventually(lambda: is_empty(database), 15)
            assert await texts(bus, subject) == [str(number) for number in range(30)]

    async def test_nothing_is_lost_or_doubled_over_kills_of_nats(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        async with running(database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            number = 0
            for _ in range(2):
                for _ in range(40):
                    await promise(database, outbox, subject, str(number))
                    number += 1
                nats.kill()
                await promise(database, outbox, subject, str(number))
                number += 1
                nats.start()
                await bus.wait_until_ready(15)
            await eventually(lambda: is_empty(database), 20)
            assert sorted(map(int, await texts(bus, subject))) == list(range(number))

    async def test_a_process_that_dies_between_commit_and_publication_loses_nothing(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        program = f"""
            import asyncio, os
            from argus_kit.bus import Bus
            from argus_kit.database import Database
            from argus_kit.outbox import Merge, Outbox, transaction
            from argus_schema.executor import outbox as table

            async def main():
                database = Database({database.url.render_as_string(hide_password=False)!r})
                bus = Bus("nats://127.0.0.1:{nats.port}")
                await bus.start()
                await bus.wait_until_ready(15)
                async with transaction(database, Outbox(database, bus, table)) as opened:
                    opened.publish({subject!r}, b"survivor")
                os.kill(os.getpid(), 9)

            asyncio.run(main())
        """
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, check=False
        )
        assert done.returncode == -9, done.stderr.decode()
        assert await rows(database) == 1
        async with running(database, nats.port) as (bus, _):
            await bus.wait_until_ready(15)
            await eventually(lambda: is_empty(database), 10)
            assert await texts(bus, subject) == ["survivor"]

    async def test_a_row_that_was_published_but_not_cleared_is_stored_once(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        # A process that dies after the publication leaves its row; the second arrival has the same id.
        async with running(database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            async with database.write() as connection:
                with clock.frozen(clock.now() - timedelta(seconds=10)):
                    added = await outbox.add(connection, [_outgoing(subject, "once")])
            await bus.publish(added[0][1][0])
            await eventually(lambda: is_empty(database), 10)
            assert await texts(bus, subject) == ["once"]

    async def test_a_row_that_was_written_while_a_clock_was_ahead_leaves_all_the_same(
        self, database: Database, nats: Child, subject: str
    ) -> None:
        idle = Outbox(database, Bus("nats://127.0.0.1:1"), TABLE)
        with clock.frozen(clock.now() + timedelta(hours=1)):
            await promise(database, idle, subject, "ahead")
        with clock.frozen(clock.now() - timedelta(seconds=10)):
            await promise(database, idle, subject, "late")
        async with running(database, nats.port) as (bus, _):
            await bus.wait_until_ready(15)
            await eventually(lambda: is_empty(database), 10)
            assert sorted(await texts(bus, subject)) == ["ahead", "late"]

    async def test_two_replicas_sweep_side_by_side(
        self, postgres_database: Database, nats: Child, subject: str
    ) -> None:
        other = Database(postgres_database.url.render_as_string(hide_password=False))
        idle = Outbox(postgres_database, Bus("nats://127.0.0.1:1"), TABLE)
        with clock.frozen(clock.now() - timedelta(seconds=10)):
            for begin in range(0, 1200, 100):
                await promise(postgres_database, idle, subject, *(str(n) for n in range(begin, begin + 100)))
        async with running(postgres_database, nats.port) as (bus, _), running(other, nats.port):
            await bus.wait_until_ready(15)
            await eventually(lambda: is_empty(postgres_database), 20)
            assert sorted(map(int, await texts(bus, subject))) == list(range(1200))
        await other.close()

    async def test_writers_on_sqlite_do_not_wait_while_nats_hangs(
        self, sqlite_database: Database, nats: Child, subject: str
    ) -> None:
        async with running(sqlite_database, nats.port) as (bus, outbox):
            await bus.wait_until_ready(15)
            assert nats.process is not None
            nats.process.send_signal(19)
            try:
                with clock.frozen(clock.now() - timedelta(seconds=10)):
                    await promise(sqlite_database, outbox, subject, "1")
                await asyncio.sleep(1.5)
                async with asyncio.timeout(1):
                    await promise(sqlite_database, outbox, subject, "2")
            finally:
                nats.process.send_signal(18)
            await eventually(lambda: is_empty(sqlite_database), 15)


class TestTransaction:
    async def test_ids_are_given_or_made(self, sqlite_database: Database) -> None:
        idle = Outbox(sqlite_database, Bus("nats://127.0.0.1:1"), TABLE)
        async with transaction(sqlite_database, idle) as opened:
            opened.publish("argus.agent.a", b"1", msg_id="mine")
            opened.publish("argus.agent.a", b"2")
            assert [message.payload for message in opened.messages] == [b"1", b"2"]
        async with sqlite_database.read() as connection:
            found = (await connection.execute(sa.select(TABLE.c.msg_id).order_by(TABLE.c.id))).scalars().all()
        assert found[0] == "mine"
        assert len(found[1]) == 32


def _outgoing(subject: str, text: str) -> Outgoing:
    return Outgoing(subject, text.encode(), uuid.uuid4().hex)
