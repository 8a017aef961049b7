"""A storm of failures: one row for each batch, one mail for each address within its pause, and all are counted."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import frozen, now
from argus_notifier.alerts.handler import AlertConsumer
from argus_notifier.grouping.closing import SurgeLoop
from argus_notifier.settings import NotifierSettings
from argus_schema import notifier as tables

SETTINGS = {"smtp_host": "127.0.0.1", "smtp_use_tls": False}


async def fail(house, wires, batch, first, count, reason="CUDA out of memory", consumer=None):
    events = [("job_failed", f"j{n}", {"reason": reason}) for n in range(first, first + count)]
    packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
    await (consumer or AlertConsumer(house.platform, NotifierSettings(**SETTINGS))).handle(packed)
    return packed


async def sizes(house):
    names = ("notification", "delivery", "surge", "unsubscribe_token")
    return {name: len(await house.rows(getattr(tables, name))) for name in names}


class TestOneBatch:
    async def test_a_thousand_failures_are_one_row_and_two_mails(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        begin = now()
        for number in range(100):
            with frozen(begin + timedelta(seconds=number / 2)):
                await fail(house, wires, batch, 10 * number, 10)
                if number % 10 == 0:
                    await loop.work()
        assert await sizes(house) == {"notification": 1, "delivery": 1, "surge": 1, "unsubscribe_token": 1}
        with frozen(begin + timedelta(seconds=61)):
            await loop.work()
        (row,) = await house.rows(tables.notification)
        assert (row.title, row.count, row.read_at) == (f"1000 jobs of {batch.id} failed", 1000, None)
        assert "1000 × out of memory" in row.body
        first, held = await house.rows(tables.delivery)
        assert first.subject == f"[Argus] 10 jobs of {batch.id} failed"
        assert held.subject == f"[Argus] 1000 jobs of {batch.id} failed"
        assert held.next_attempt_at >= begin + timedelta(seconds=300)
        assert first.created_at == begin

    async def test_a_single_failure_is_told_at_once_and_by_its_name(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        await fail(house, wires, batch, 0, 1)
        (row,) = await house.rows(tables.notification)
        assert (row.title, row.job_id, row.count) == (f"Job j0 failed in {batch.id}", "j0", 1)
        with frozen(now() + timedelta(seconds=61)):
            await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        assert (await sizes(house))["delivery"] == 1

    async def test_the_inbox_tells_of_more_a_second_later_and_live(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        await fail(house, wires, batch, 0, 1)
        (row,) = await house.rows(tables.notification)
        await house.send("POST", ada, f"/api/notifications/{row.id}/ack")
        await fail(house, wires, batch, 1, 2)
        with frozen(now() + timedelta(seconds=2)):
            await loop.work()
        (again,) = await house.rows(tables.notification)
        assert (again.id, again.count, again.job_id, again.read_at) == (row.id, 3, None, None)

    async def test_bundles_that_come_again_change_nothing(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        consumer = AlertConsumer(house.platform, NotifierSettings(**SETTINGS))
        packed = [await fail(house, wires, batch, n, 3, consumer=consumer) for n in range(0, 30, 3)]
        for message in packed:
            await consumer.handle(message)
        with frozen(now() + timedelta(seconds=61)):
            await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        (row,) = await house.rows(tables.notification)
        assert row.count == 30


class TestManyBatches:
    async def test_many_batches_are_a_row_each_and_one_mail_that_waits(self, house, wires):
        ada = await house.person("ada")
        batches = [await house.batch(ada.id) for _ in range(30)]
        begin = now()
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        for turn in range(5):
            with frozen(begin + timedelta(seconds=10 * turn)):
                for batch in batches:
                    await fail(house, wires, batch, 4 * turn, 4)
        with frozen(begin + timedelta(seconds=70)):
            await loop.work()
        assert await sizes(house) == {"notification": 30, "delivery": 2, "surge": 30, "unsubscribe_token": 1}
        counts = {row.count for row in await house.rows(tables.notification)}
        assert counts == {20}
        _, held = await house.rows(tables.delivery)
        assert held.facts["held"]["count"] == 29 + 30
        assert len(held.facts["held"]["titles"]) == 20
        assert "and 39 more" in held.body_text

    async def test_what_waited_leaves_when_the_pause_is_over_and_begins_another(self, house, wires, queue, mailbox):
        ada = await house.person("ada")
        settings = NotifierSettings(**SETTINGS, smtp_port=mailbox.port)
        batches = [await house.batch(ada.id) for _ in range(3)]
        begin = now()
        consumer = AlertConsumer(house.platform, settings)
        async with queue(settings) as delivery:
            for batch in batches:
                await fail(house, wires, batch, 0, 1, consumer=consumer)
            await delivery.all_due()
            assert len(mailbox.messages) == 1
            with frozen(begin + timedelta(seconds=301)):
                await delivery.all_due()
                assert len(mailbox.messages) == 2
                await fail(house, wires, await house.batch(ada.id), 0, 1, consumer=consumer)
                await delivery.all_due()
            assert len(mailbox.messages) == 2
            with frozen(begin + timedelta(seconds=602)):
                await delivery.all_due()
        assert len(mailbox.messages) == 3
        assert f"Job j0 failed in {batches[1].id} (+1 more)" in str(mailbox.messages[1]["Subject"])


class TestForgetting:
    async def test_what_is_long_over_is_forgotten(self, house, wires):
        ada = await house.person("ada")
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        await fail(house, wires, await house.batch(ada.id), 0, 1)
        with frozen(now() + timedelta(hours=2)):
            await loop.work()
        assert (await sizes(house))["surge"] == 0
        async with house.database.read() as connection:
            assert (await connection.execute(sa.select(sa.func.count()).select_from(tables.surge))).scalar_one() == 0
