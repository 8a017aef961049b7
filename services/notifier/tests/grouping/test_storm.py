"""A storm of failures: one row for each batch, one mail for each address within its pause, and all are counted."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import Unhandled
from argus_kit.clock import frozen, now
from argus_notifier.alerts import reader
from argus_notifier.alerts.reader import Alerts
from argus_notifier.grouping.closing import SurgeLoop
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import catalog
from argus_schema import notifier as tables

SETTINGS = {"smtp_host": "127.0.0.1", "smtp_use_tls": False}
WEBHOOK = {"kind": "webhook", "name": "lab", "url": "https://hooks.invalid/x"}


async def fail(house, wires, batch, first, count, reason="CUDA out of memory", alerts=None):
    events = [("job_failed", f"j{n}", {"reason": reason}) for n in range(first, first + count)]
    packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
    await give([alerts or Alerts(house.platform, NotifierSettings(**SETTINGS))], [packed])
    return packed


async def sizes(house):
    names = ("notification", "delivery", "surge", "unsubscribe_token")
    return {name: len(await house.rows(getattr(tables, name))) for name in names}


async def inbox_of(house):
    """What is about one batch, and what tells of several."""
    rows = await house.rows(tables.notification)
    return [row for row in rows if not row.batch_ids], [row for row in rows if row.batch_ids]


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
        assert await sizes(house) == {"notification": 1, "delivery": 1, "surge": 2, "unsubscribe_token": 1}
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

    async def test_bundles_that_come_together_are_counted_as_one_by_one(self, house, wires):
        """Whatever they come with: after a crash the same ones may come in other company."""
        ada = await house.person("ada")
        alerts = Alerts(house.platform, NotifierSettings(**SETTINGS))
        batches = [await house.batch(ada.id) for _ in range(3)]
        packed = [
            wires.message(
                wire.event_subject(batch.key),
                wires.bundle(batch, ("job_failed", f"j{number}", {}), ("job_failed", f"k{number}", {})),
            )
            for number in range(4)
            for batch in batches
        ]
        broken = dataclasses.replace(packed[0], data=b"{")
        assert await give([alerts], [*packed[:7], broken]) == [broken]
        await give([alerts], packed[2:5])
        await give([alerts], packed)
        with frozen(now() + timedelta(seconds=2)):
            await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        rows = await house.rows(tables.notification)
        assert sorted((row.batch_id, row.count) for row in rows) == sorted((batch.id, 8) for batch in batches)

    async def test_one_that_cannot_be_told_holds_up_nobody(self, house, wires, monkeypatch):
        ada = await house.person("ada")
        alerts = Alerts(house.platform, NotifierSettings(**SETTINGS))
        good, bad, other = [await house.batch(ada.id) for _ in range(3)]
        tell_all = reader.tell_all

        async def fails(transaction, platform, settings, parts):
            await tell_all(transaction, platform, settings, parts)
            if any(one.batch_id == bad.id for part in parts for one in part):
                raise RuntimeError

        monkeypatch.setattr(reader, "tell_all", fails)
        packed = [
            wires.message(wire.event_subject(batch.key), wires.bundle(batch, ("job_failed", "j", {})))
            for batch in (good, bad, other)
        ]
        for _ in range(2):
            with pytest.raises(Unhandled) as left:
                await give([alerts], packed)
            assert list(left.value.messages) == [packed[1]]
        assert {row.batch_id for row in await house.rows(tables.notification)} == {good.id, other.id}

    async def test_bundles_that_come_again_change_nothing(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        alerts = Alerts(house.platform, NotifierSettings(**SETTINGS))
        packed = [await fail(house, wires, batch, n, 3, alerts=alerts) for n in range(0, 30, 3)]
        for message in packed:
            await give([alerts], [message])
        with frozen(now() + timedelta(seconds=61)):
            await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        (row,) = await house.rows(tables.notification)
        assert row.count == 30


class TestManyBatches:
    async def test_many_batches_are_one_row_that_links_them_and_one_mail_that_waits(self, house, wires):
        ada = await house.person("ada")
        batches = [await house.batch(ada.id) for _ in range(37)]
        begin = now()
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        for turn in range(4):
            with frozen(begin + timedelta(seconds=12 * turn)):
                for batch in batches:
                    await fail(
                        house, wires, batch, 4 * turn, 4, reason="CUDA out of memory" if turn else "ValueError: x"
                    )
                await loop.work()
        alone, (wave,) = await inbox_of(house)
        assert {row.batch_id for row in alone} == {batch.id for batch in batches[:5]}
        assert all(row.read_at for row in alone)
        with frozen(begin + timedelta(seconds=61)):
            await loop.work()
        alone, (wave,) = await inbox_of(house)
        assert len(alone) == 5
        assert wave.title == "592 jobs failed in 37 batches of proj"
        assert wave.body == "444 × out of memory\n148 × ValueError"
        assert (wave.count, wave.batch_id, wave.job_id, wave.read_at) == (592, None, None, None)
        assert len(wave.batch_ids) == 20
        assert set(wave.batch_ids) <= {batch.id for batch in batches}
        shown = (await house.get(ada, "/api/notifications")).json()
        assert shown[0]["batch_ids"] == wave.batch_ids
        assert (await house.get(ada, "/api/notifications/count")).json() == {"unread": 1}
        _, held = await house.rows(tables.delivery)
        assert held.facts["held"]["count"] == 4 + 1
        assert "592 jobs failed in 37 batches of proj" in held.body_text
        assert {"surge": 38, "unsubscribe_token": 1}.items() <= (await sizes(house)).items()

    async def test_a_wave_ends_with_the_windows_of_its_batches_and_tells_each_failure_once(self, house, wires):
        ada = await house.person("ada")
        await house.send("POST", ada, "/api/me/channels", WEBHOOK)
        batches = [await house.batch(ada.id) for _ in range(12)]
        begin = now()
        loop = SurgeLoop(house.platform, NotifierSettings(**SETTINGS))
        for second in range(0, 100, 5):
            with frozen(begin + timedelta(seconds=second)):
                for batch in batches[: 1 + second // 5]:
                    await fail(house, wires, batch, second, 2)
                await loop.work()
        for second in (100, 125, 180, 190, 260):
            with frozen(begin + timedelta(seconds=second)):
                await loop.work()
        _, waves = await inbox_of(house)
        told = sum(min(12, 1 + second // 5) * 2 for second in range(0, 100, 5))
        assert sum(row.count for row in waves) == told
        rows = [row for row in await house.rows(tables.delivery) if row.kind == "webhook"]
        assert [row.batch_id for row in rows[:5]] == [batch.id for batch in batches[:5]]
        assert all(row.batch_id is None and row.facts["batches"] > 1 for row in rows[5:])
        assert sum(row.facts["count"] for row in rows[5:]) == told
        assert all(row.wave is None and row.due_at is None for row in await house.rows(tables.surge))
        with frozen(begin + timedelta(seconds=300)):
            await fail(house, wires, batches[0], 900, 1)
            await loop.work()
        alone, _ = await inbox_of(house)
        assert alone[-1].title == f"Job j900 failed in {batches[0].id}"

    async def test_who_was_given_some_of_the_batches_hears_of_these_alone(self, house, wires):
        ada, bob = await house.person("ada"), await house.person("bob")
        await house.send("POST", bob, "/api/me/channels", WEBHOOK)
        batches = [await house.batch(ada.id) for _ in range(9)]
        async with house.database.write() as connection:
            for batch in batches[5:7]:
                share = {"batch_id": batch.id, "grantee_id": bob.id, "permission": "viewer", "created_at": now()}
                await connection.execute(sa.insert(catalog.batch_share).values(share))
        begin = now()
        for batch in batches:
            await fail(house, wires, batch, 0, 3)
        for second in (0, 61, 122):
            with frozen(begin + timedelta(seconds=second)):
                await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        (row,) = [row for row in await house.rows(tables.delivery) if row.kind == "webhook"]
        assert row.subject == "6 jobs failed in 2 batches of proj"
        assert set(row.facts["batch_ids"]) == {batch.id for batch in batches[5:7]}
        assert batches[0].id not in row.body_text
        (mail,) = [row for row in await house.rows(tables.delivery) if row.target == bob.email]
        assert f"/batches/{batches[5].id}" in mail.body_text
        assert all(row.user_id == ada.id for row in await house.rows(tables.notification))

    async def test_owners_and_projects_do_not_mix(self, house, wires):
        ada, bob = await house.person("ada"), await house.person("bob")
        for owner, project in ((ada, "a"), (ada, "b"), (bob, "a")):
            for _ in range(4):
                await fail(house, wires, await house.batch(owner.id, project), 0, 1)
        await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        alone, waves = await inbox_of(house)
        assert (len(alone), waves) == (12, [])

    async def test_bundles_of_a_wave_that_come_again_change_nothing(self, house, wires):
        ada = await house.person("ada")
        alerts = Alerts(house.platform, NotifierSettings(**SETTINGS))
        batches = [await house.batch(ada.id) for _ in range(8)]
        packed = [await fail(house, wires, batch, 0, 3, alerts=alerts) for batch in batches]
        for message in packed:
            await give([alerts], [message])
        with frozen(now() + timedelta(seconds=61)):
            await SurgeLoop(house.platform, NotifierSettings(**SETTINGS)).work()
        _, (wave,) = await inbox_of(house)
        assert (wave.count, wave.title) == (24, "24 jobs failed in 8 batches of proj")

    async def test_what_waited_leaves_when_the_pause_is_over_and_begins_another(self, house, wires, queue, mailbox):
        ada = await house.person("ada")
        settings = NotifierSettings(**SETTINGS, smtp_port=mailbox.port)
        batches = [await house.batch(ada.id) for _ in range(3)]
        begin = now()
        alerts = Alerts(house.platform, settings)
        async with queue(settings) as delivery:
            for batch in batches:
                await fail(house, wires, batch, 0, 1, alerts=alerts)
            await delivery.all_due()
            assert len(mailbox.messages) == 1
            with frozen(begin + timedelta(seconds=301)):
                await delivery.all_due()
                assert len(mailbox.messages) == 2
                await fail(house, wires, await house.batch(ada.id), 0, 1, alerts=alerts)
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
