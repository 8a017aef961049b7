"""Events become notifications, once, live, and in words."""

from datetime import timedelta

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import Outgoing, Tail
from argus_kit.clock import frozen, now
from argus_kit.testing import eventually
from argus_notifier.alerts.reader import Alerts
from argus_notifier.grouping.closing import SurgeLoop
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import EventConsumer, give
from argus_schema import auth, catalog, ingest
from argus_schema import notifier as tables


def alerts(house, **settings):
    return Alerts(house.platform, NotifierSettings(**settings))


async def tell(house, wires, batch, *events, **settings):
    packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
    reader = alerts(house, **settings)
    await give([reader], [packed])
    return reader, packed


class TestInbox:
    async def test_a_failed_job_tells_the_owner_what_and_why(self, house, wires):
        ada = await house.person("ada")
        batches = [await house.batch(ada.id, jobs=(("j1", "resnet", "cifar10"), ("j2", None, None))) for _ in range(3)]
        why = [("j1", {"reason": "CUDA out of memory"}), ("j2", {"error": "exit code 1"}), ("j3", {})]
        for batch, (job_id, data) in zip(batches, why, strict=True):
            await tell(house, wires, batch, ("job_start", job_id, {}), ("job_failed", job_id, data))
        rows = await house.rows(tables.notification)
        assert [(row.title, row.body) for row in rows] == [
            (f"Job j1 failed in {batches[0].id}", "resnet on cifar10\nCUDA out of memory"),
            (f"Job j2 failed in {batches[1].id}", "exit code 1"),
            (f"Job j3 failed in {batches[2].id}", "No reason was given."),
        ]
        assert {(row.user_id, row.rule_id, row.severity, row.count) for row in rows} == {
            (ada.id, "job_failed", "error", 1)
        }

    async def test_of_what_is_brought_in_from_long_ago_nobody_is_told(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        for hours in (30, 20):
            with frozen(now() - timedelta(hours=hours)):
                events = wires.bundle(batch, ("job_failed", f"j{hours}", {}), ("batch_failed", None, {}))
            await give([alerts(house)], [wires.message(wire.event_subject(batch.key), events)])
        assert {row.title for row in await house.rows(tables.notification)} == {
            f"Job j20 failed in {batch.id}",
            f"Batch {batch.id} failed",
        }

    async def test_a_bundle_that_comes_again_changes_nothing(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        reader, packed = await tell(house, wires, batch, ("batch_failed", None, {"error": "x"}))
        await give([reader], [packed])
        assert len(await house.rows(tables.notification)) == 1

    async def test_a_shared_batch_is_done_when_the_last_process_has_left(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id, jobs=(("j1", None, None),))
        left = ("batch_done", None, {"joined": True})
        async with house.database.write() as connection:
            await connection.execute(sa.update(ingest.job).values(status="running"))
        await tell(house, wires, batch, left, ("job_failed", "j2", {}))
        assert [row.rule_id for row in await house.rows(tables.notification)] == ["job_failed"]
        async with house.database.write() as connection:
            await connection.execute(sa.update(ingest.job).values(status="done"))
        await tell(house, wires, batch, left)
        assert [row.rule_id for row in await house.rows(tables.notification)] == ["job_failed", "batch_done"]

    async def test_each_kind_has_words(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        await tell(
            house,
            wires,
            batch,
            ("batch_done", None, {"n_done": 8, "n_failed": 1}),
            ("batch_failed", None, {"reason": {"code": 3}}),
            ("batch_stalled", None, {"silent_s": 930}),
            ("batch_diverged", None, {"job_id": "j9", "epoch": 4, "value": "NaN"}),
        )
        found = {row.rule_id: row for row in await house.rows(tables.notification)}
        assert found["batch_done"].body == "Jobs: 8 done, 1 failed."
        assert found["batch_done"].severity == "info"
        assert "code" in found["batch_failed"].body
        assert "16 minutes" in found["batch_stalled"].body
        assert found["batch_diverged"].job_id == "j9"
        assert "NaN" in found["batch_diverged"].body

    async def test_an_alert_of_a_script_in_its_own_words_and_with_its_level(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id, jobs=(("j1", "resnet", "cifar10"),))
        spike = {"title": "Loss spike", "text": "12.5 at step 4800", "level": "error", "count": 9, "reason": "no"}
        await tell(house, wires, batch, ("alert", "j1", spike), ("alert", None, {"title": "Half way"}))
        rows = sorted(await house.rows(tables.notification), key=lambda row: row.severity)
        assert [(row.rule_id, row.severity, row.title, row.body, row.job_id) for row in rows] == [
            ("alert", "error", "Loss spike", "12.5 at step 4800", "j1"),
            ("alert", "info", "Half way", "", None),
        ]

    async def test_the_same_alert_of_several_processes_is_one(self, house, wires, monkeypatch):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        at = now()
        for number, seconds in enumerate((0, 120, 299)):
            monkeypatch.setattr("argus_notifier.grouping.admission.now", lambda s=seconds: at + timedelta(seconds=s))
            await tell(house, wires, batch, ("alert", f"j{number}", {"title": "Disk is slow", "level": "warn"}))
        (row,) = await house.rows(tables.notification)
        assert (row.title, row.severity) == ("Disk is slow", "warn")

    async def test_what_a_loop_says_again_is_one_row_that_counts(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        begin = now()
        # How soon the row tells of more depends on how long it has gone on, and a slow machine takes its time.
        with frozen(begin):
            for step in range(3):
                alert = {"title": f"Loss is nan at step {4800 + step}", "text": f"lr {step}e-3", "level": "warn"}
                await tell(house, wires, batch, ("alert", "j1", alert))
            worse = {"title": "Loss is 1e9 at step 4900", "level": "error"}
            await tell(house, wires, batch, ("alert", "j1", worse), ("alert", None, {"title": "Half way"}))
        with frozen(begin + timedelta(seconds=2)):
            await SurgeLoop(house.platform, NotifierSettings()).work()
        rows = await house.rows(tables.notification)
        assert [(row.severity, row.count) for row in rows] == [("warn", 3), ("error", 1), ("info", 1)]
        assert rows[0].title == f"Loss is nan at step 4800 · {batch.id} (× 3)"
        lines = [f"1 × Loss is nan at step {step}" for step in (4800, 4801, 4802)]
        assert rows[0].body.splitlines() == ["lr 0e-3", *lines, "j1"]

    async def test_in_the_owners_language(self, house, wires):
        ada = await house.person("ada")
        async with house.database.write() as connection:
            await connection.execute(sa.update(auth.user).values(preferred_locale="zh-CN"))
        batch = await house.batch(ada.id, jobs=(("j1", "resnet", "cifar10"),))
        await tell(house, wires, batch, ("job_failed", "j1", {}))
        (row,) = await house.rows(tables.notification)
        assert row.title == f"批次 {batch.id} 的任务 j1 失败"

    async def test_preferences_are_kept_to(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        prefs = {
            "notify_batch_done": False,
            "notify_batch_failed": True,
            "notify_job_failed": False,
            "notify_diverged": False,
            "notify_job_idle": True,
        }
        await house.send("PUT", ada, "/api/me/notification_prefs", prefs)
        kinds = ("batch_done", "job_failed", "batch_failed", "batch_diverged", "batch_stalled", "job_idle_flagged")
        await tell(house, wires, batch, *((kind, "j", {}) for kind in kinds))
        told = {row.rule_id for row in await house.rows(tables.notification)}
        assert told == {"batch_failed", "batch_stalled", "job_idle_flagged"}

    async def test_nobody_to_tell(self, house, wires):
        ada = await house.person("ada")
        async with house.database.write() as connection:
            await connection.execute(sa.update(auth.user).values(is_active=False))
        await tell(house, wires, await house.batch(None), ("batch_failed", None, {}))
        await tell(house, wires, await house.batch(ada.id), ("batch_failed", None, {}))
        assert await house.rows(tables.notification) == []


async def test_from_the_bus_to_the_inbox_subject(house_with, wires):
    """The whole way: a durable consumer reads, the outbox publishes."""
    heard = []

    async def on_message(message):
        heard.append((message.subject, wire.decode(wire.InboxMessage, message.data)))

    async def on_reset():
        heard.clear()

    async with house_with(lambda p: (EventConsumer(p.bus, [Alerts(p, NotifierSettings())]),)) as house:
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        bus = house.platform.bus
        tail = Tail(on_message, on_reset)
        await bus.tail(wire.LIVE_STREAM, [wire.ALL_INBOXES], tail)

        async def following():
            return tail.is_following

        await eventually(following)
        bundle = wires.bundle(batch, ("job_failed", "j1", {"error": "boom"}))
        await bus.publish(Outgoing(wire.event_subject(batch.key), wire.encode(bundle), bundle.flush_id))

        async def arrived():
            return [message for _, message in heard if message.notification["batch_id"] == batch.id]

        (inbox,) = await eventually(arrived, 15)
        assert inbox.user_id == ada.id
        listed = (await house.get(ada, "/api/notifications")).json()
        assert inbox.notification == next(item for item in listed if item["batch_id"] == batch.id)


class TestMail:
    async def test_no_mail_is_written_without_a_server(self, house, wires):
        ada = await house.person("ada")
        await tell(house, wires, await house.batch(ada.id), ("batch_failed", None, {}))
        assert await house.rows(tables.delivery) == []

    async def test_the_nearest_choice_decides(self, house, wires):
        ada, bob, eve = [await house.person(name) for name in ("ada", "bob", "eve")]
        batch = await house.batch(ada.id, "vision")
        async with house.database.write() as connection:
            share = {"owner_id": ada.id, "project": "vision", "permission": "viewer", "created_at": now()}
            for person in (bob, eve):
                await connection.execute(sa.insert(catalog.project_share).values(**share, grantee_id=person.id))
        # ada: the default says yes, her choice for the batch says no.
        path = f"/api/batches/{batch.id}/email-subscription"
        await house.send("PUT", ada, path, {"event_kinds": ["batch_done"]})
        # bob: no to all, yes to this project.
        choices = [
            {"event_type": "batch_failed", "enabled": False},
            {"project": "vision", "event_type": "batch_failed", "enabled": True},
        ]
        await house.send("PATCH", bob, "/api/me/subscriptions", {"subscriptions": choices})
        # eve: no to all.
        await house.send("PATCH", eve, "/api/me/subscriptions", {"subscriptions": choices[:1]})
        await tell(house, wires, batch, ("batch_failed", None, {"error": "disk full"}), smtp_host="mail.example.org")
        (mail,) = await house.rows(tables.delivery)
        assert (mail.target, mail.status) == (bob.email, "waiting")
        assert batch.id in mail.subject
        assert "disk full" in mail.body_text
        assert f"/batches/{batch.id}" in mail.body_text

    async def test_one_of_a_kind_to_an_address_in_five_minutes(self, house, wires):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        for _ in range(2):
            failures = [("job_failed", f"j{n}", {}) for n in range(3)]
            await tell(house, wires, batch, *failures, smtp_host="mail.example.org")
        await tell(house, wires, batch, ("batch_failed", None, {}), smtp_host="mail.example.org")
        kinds = [row.event_type for row in await house.rows(tables.delivery)]
        assert sorted(kinds) == ["batch_failed", "job_failed"]

    async def test_recipients_hear_only_of_what_their_adder_may_see(self, house, wires):
        ada, eve = await house.person("ada"), await house.person("eve")
        hers, his = await house.batch(ada.id, "vision"), await house.batch(eve.id, "vision")
        path = "/api/projects/vision/recipients"
        body = {"email": "lab@example.org", "event_kinds": ["batch_failed"]}
        assert (await house.send("POST", eve, path, body)).status_code == 201
        await tell(house, wires, hers, ("batch_failed", None, {}), smtp_host="mail.example.org")
        assert {row.target for row in await house.rows(tables.delivery)} == {ada.email}
        await tell(house, wires, his, ("batch_failed", None, {}), smtp_host="mail.example.org")
        assert {row.target for row in await house.rows(tables.delivery)} == {
            ada.email,
            eve.email,
            "lab@example.org",
        }


class TestUnsubscribe:
    async def _link(self, house, wires, to):
        ada = await house.person("ada")
        batch = await house.batch(ada.id, "vision")
        body = {"email": "lab@example.org", "event_kinds": ["batch_failed"]}
        await house.send("POST", ada, "/api/projects/vision/recipients", body)
        await tell(house, wires, batch, ("batch_failed", None, {}), smtp_host="mail.example.org")
        mails = {row.target: row.body_text for row in await house.rows(tables.delivery)}
        text = mails[ada.email if to == "user" else "lab@example.org"]
        return ada, "/api/unsubscribe" + text.rpartition("/api/unsubscribe")[2].strip()

    async def test_looking_changes_nothing_and_the_link_works_once(self, house, wires):
        ada, link = await self._link(house, wires, "user")
        page = await house.client.get(link)
        assert page.headers["content-type"].startswith("text/html")
        assert (await house.get(ada, "/api/me/subscriptions")).json() == []
        assert (await house.client.post(link)).json()["ok"] is True
        assert (await house.get(ada, "/api/me/subscriptions")).json() == [
            {"project": None, "event_type": "batch_failed", "enabled": False}
        ]
        for again in (await house.client.post(link), await house.client.get(link)):
            assert (again.status_code, again.json()["error"]["code"]) == (410, "unsubscribe.link_used")

    async def test_an_outside_address_is_switched_off(self, house, wires):
        ada, link = await self._link(house, wires, "recipient")
        assert "lab@example.org" in (await house.client.get(link)).text
        for _ in range(2):
            assert (await house.client.post(link)).json()["ok"] is True
        (recipient,) = (await house.get(ada, "/api/projects/vision/recipients")).json()
        assert recipient["enabled"] is False

    async def test_unknown_and_malformed_links(self, house):
        assert (await house.client.get("/api/unsubscribe?token=12345678")).status_code == 404
        assert (await house.client.post("/api/unsubscribe?token=12345678")).status_code == 404
        assert (await house.client.post("/api/unsubscribe/recipient/12345678")).status_code == 404
        assert (await house.client.get("/api/unsubscribe?token=short")).status_code == 422
        assert (await house.client.get("/api/unsubscribe")).status_code == 422
