"""The queue under receivers that are slow, broken or many; two workers; a database that goes away."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from argus_kit.clock import frozen, now
from argus_notifier.delivery import repository
from argus_notifier.delivery.machine import OPENS_AFTER, Backoff, Failed, Refused, Sent
from argus_notifier.settings import NotifierSettings
from argus_schema import notifier as tables


class Receivers:
    """A transport whose receivers do as they are told; it counts who has how many under way."""

    backoff = Backoff(first_s=10, longest_s=300, attempts=3, give_up_after_s=1e6)

    def __init__(self, limit=2):
        self.limit = limit
        self.outcome = {}
        self.gates = {}
        self.sent = Counter()
        self.attempts = Counter()
        self.under_way = Counter()
        self.most = Counter()

    async def places(self, connection):
        return self.limit

    async def send(self, row):
        receiver = row.receiver
        self.attempts[receiver] += 1
        self.under_way[receiver] += 1
        self.most[receiver] = max(self.most[receiver], self.under_way[receiver])
        try:
            if receiver in self.gates:
                await self.gates[receiver].wait()
            await asyncio.sleep(0)
        finally:
            self.under_way[receiver] -= 1
        outcome = self.outcome.get(receiver, Sent())
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == Sent():
            self.sent[row.dedupe_key] += 1
        return outcome


@pytest.fixture
def receivers():
    return Receivers()


@pytest.fixture
def put(database):
    async def add(receiver, count=1):
        row = {"kind": "x", "receiver": receiver, "target": "t", "event_type": "e", "subject": "s", "body_text": "b"}
        async with database.write() as connection:
            rows = [{**row, "dedupe_key": f"{receiver}-{number}"} for number in range(count)]
            return await repository.add(connection, rows)

    return add


@pytest.fixture
def rows(database):
    async def found(table=tables.delivery):
        async with database.read() as connection:
            return list((await connection.execute(sa.select(table).order_by(*table.primary_key.columns))).all())

    return found


SETTINGS = NotifierSettings(delivery_timeout_s=20)


async def test_each_is_sent_once_and_no_receiver_is_crowded(put, rows, queue, receivers):
    for receiver in "abc":
        await put(receiver, 20)
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        await delivery.all_due()
    assert set(receivers.sent.values()) == {1}
    assert len(receivers.sent) == 60
    assert set(receivers.most.values()) == {2}
    assert {row.status for row in await rows()} == {"sent"}


async def test_what_is_put_in_while_nothing_is_due_is_sent_at_once(platform, queue, receivers):
    row = {"kind": "x", "receiver": "a", "target": "t", "event_type": "e", "subject": "s", "body_text": "b"}
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        assert [await delivery.round() for _ in range(3)] == [0, 0, 0]
        async with platform.database.write() as connection:
            await repository.add(connection, [{**row, "dedupe_key": "a-1"}])
        assert await delivery.round() == 1


async def test_two_workers_share_the_work_and_the_places(put, rows, queue, receivers):
    await put("a", 30)
    await put("b", 5)
    async with queue(SETTINGS, {"x": receivers}) as one, queue(SETTINGS, {"x": receivers}) as other:
        await asyncio.gather(one.all_due(), other.all_due())
        await one.all_due()
    assert set(receivers.sent.values()) == {1}
    assert len(receivers.sent) == 35
    assert receivers.most["a"] == 2


async def test_a_receiver_that_hangs_holds_up_nobody(put, rows, queue, receivers):
    receivers.gates["slow"] = asyncio.Event()
    await put("slow", 100)
    await put("quick", 10)
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        while sum(receivers.sent.values()) < 10:
            await delivery.round()
            await asyncio.sleep(0.01)
        assert receivers.under_way["slow"] == 2
        assert receivers.attempts["slow"] == 2
        receivers.gates["slow"].set()
        await delivery.settle()
        await delivery.all_due()
    assert len(receivers.sent) == 110


async def test_a_receiver_that_fails_is_left_alone_and_tried_with_one(put, rows, queue, receivers):
    receivers.outcome["bad"] = Failed("500")
    await put("bad", 50)
    await put("good", 5)
    begin = now()
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        with frozen(begin):
            await delivery.all_due()
        tried = receivers.attempts["bad"]
        assert OPENS_AFTER <= tried <= OPENS_AFTER + 1
        assert receivers.attempts["good"] == 5
        with frozen(begin + timedelta(seconds=20)):
            await delivery.all_due()
            assert receivers.attempts["bad"] == tried + 1
            (known,) = await rows(tables.circuit)
            assert known.open_until > now()
        receivers.outcome.clear()
        with frozen(begin + timedelta(minutes=30)):
            await delivery.all_due()
    assert await rows(tables.circuit) == []
    assert {row.status for row in await rows()} == {"sent"}


async def test_while_a_circuit_is_open_no_attempt_is_used_up(put, rows, queue, receivers):
    receivers.outcome["bad"] = Failed("500")
    await put("bad", 50)
    begin = now()
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        for minute in range(30):
            with frozen(begin + timedelta(minutes=minute)):
                await delivery.all_due()
    untried = [row for row in await rows() if row.attempts == 0]
    assert len(untried) > 30
    assert {row.status for row in untried} == {"waiting"}


async def test_a_refusal_is_a_dead_letter_and_says_nothing_against_the_receiver(put, rows, queue, receivers):
    receivers.outcome["a"] = Refused("404 gone")
    await put("a", OPENS_AFTER + 3)
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        await delivery.all_due()
    assert {(row.status, row.last_error) for row in await rows()} == {("failed", "404 gone")}
    assert await rows(tables.circuit) == []


async def test_a_fault_of_ours_and_a_receiver_that_never_answers_are_failures(put, rows, queue, receivers):
    receivers.outcome["a"] = KeyError("bug")
    receivers.gates["b"] = asyncio.Event()
    await put("a")
    await put("b")
    async with queue(NotifierSettings(delivery_timeout_s=0.05), {"x": receivers}) as delivery:
        await delivery.all_due()
    found = {row.receiver: row for row in await rows()}
    assert {row.status for row in found.values()} == {"waiting"}
    assert found["a"].last_error == "KeyError: 'bug'"
    assert found["b"].last_error.startswith("No answer within")


async def test_the_same_key_is_one_delivery(put):
    assert len(await put("a", 3)) == 3
    assert await put("a", 3) == []


async def test_what_a_dead_worker_held_is_taken_up_when_its_lease_ends(database, put, rows, queue, receivers):
    await put("a")
    async with database.write() as connection:
        taken = await repository.claim(connection, token="dead", lease_s=60, free=9, limits={"x": 2})
    assert [row.attempts for row in taken] == [1]
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        await delivery.all_due()
        assert receivers.attempts["a"] == 0
        with frozen(now() + timedelta(seconds=61)):
            await delivery.all_due()
    (row,) = await rows()
    assert (row.status, row.attempts) == ("sent", 2)


async def test_one_that_ends_its_worker_each_time_is_given_up(database, put, rows, queue, receivers):
    await put("a")
    begin = now()
    for turn in range(3):
        with frozen(begin + timedelta(minutes=2 * turn)):
            async with database.write() as connection:
                await repository.claim(connection, token=f"t{turn}", lease_s=60, free=9, limits={"x": 2})
    with frozen(begin + timedelta(minutes=10)):
        async with queue(SETTINGS, {"x": receivers}) as delivery:
            await delivery.all_due()
    (row,) = await rows()
    assert (row.status, row.last_error) == ("failed", "The worker ended during each attempt.")
    assert receivers.attempts["a"] == 0


async def test_a_late_failure_does_not_undo_what_another_worker_did(database, put, rows):
    await put("a")
    begin = now()
    claims = []
    for turn in range(2):
        with frozen(begin + timedelta(minutes=2 * turn)):
            async with database.write() as connection:
                claims += await repository.claim(connection, token=f"t{turn}", lease_s=60, free=9, limits={"x": 2})
    async with database.write() as connection:
        await repository.mark_sent(connection, "a-0", now())
        await repository.mark_failed(connection, claims[0], "too late", None)
        await repository.mark_failed(connection, claims[1], "too late", None)
    (row,) = await rows()
    assert row.status == "sent"


async def test_a_database_that_is_away_when_the_receiver_says_yes_is_waited_for(
    database, put, rows, queue, receivers, monkeypatch
):
    await put("a")
    real, refusals = repository.mark_sent, [1, 1, 1]

    async def away(*given):
        if refusals:
            refusals.pop()
            raise OperationalError("update", {}, Exception("the database system is shutting down"))
        await real(*given)

    monkeypatch.setattr(repository, "mark_sent", away)
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        await delivery.all_due()
    (row,) = await rows()
    assert (row.status, refusals) == ("sent", [])
    assert receivers.attempts["a"] == 1


async def test_stopping_lets_what_is_under_way_end_and_takes_up_nothing(put, rows, queue, receivers):
    receivers.gates["a"] = asyncio.Event()
    await put("a", 5)
    async with queue(SETTINGS, {"x": receivers}) as delivery:
        assert await delivery.round() == 2
        await delivery.drain()
        assert await delivery.round() == 0
        asyncio.get_running_loop().call_later(0.05, receivers.gates["a"].set)
    assert sorted(row.status for row in await rows()) == ["sent", "sent", "waiting", "waiting", "waiting"]
    assert set(receivers.sent.values()) == {1}
