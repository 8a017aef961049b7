"""Rules see jobs change, and say so once, to whom they belong, in the ways that were chosen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from argus_kit.clock import frozen, now
from argus_notifier.stream import give
from argus_schema import auth, catalog
from argus_schema import notifier as tables

NIGHT = {"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"}


def at(text):
    return datetime.fromisoformat(text)


class TestMetrics:
    async def test_it_speaks_once_when_it_comes_true_and_again_after_it_was_false(self, lab):
        ada = await lab.house.person("ada")
        rule = await lab.rule(ada)
        batch = await lab.batch(ada)
        for value, spoken in ((0.5, 0), (0.91, 1), (0.95, 1), (0.8, 1), (0.92, 2)):
            with frozen(now() + timedelta(minutes=2 * spoken)):
                await lab.change(batch, latest={"val_acc": value})
            assert len(await lab.said()) == spoken, value
        first = (await lab.said())[0]
        assert (first.title, first.made_by_rule, first.batch_id) == (f"good · {batch.id} / j1", rule["id"], batch.id)
        assert first.body.splitlines() == ["latest.val_acc > 0.9", "latest.val_acc = 0.91"]

    async def test_the_same_bundle_again_says_nothing(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada)
        batch = await lab.batch(ada)
        await lab.set(batch, latest={"val_acc": 0.95})
        packed = await lab.pass_by(batch, ("job_epoch", "j1", {}))
        await give([lab.reader], [packed])
        assert len(await lab.said()) == 1

    async def test_what_must_last_is_said_by_the_clock(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, condition="latest.loss > 5", for_s=600)
        batch = await lab.batch(ada)
        begin = now()
        await lab.change(batch, latest={"loss": 9})
        for seconds, spoken in ((500, 0), (601, 1), (700, 1)):
            with frozen(begin + timedelta(seconds=seconds)):
                await lab.timer.work()
            assert len(await lab.said()) == spoken, seconds
        assert "(10m)" in (await lab.said())[0].body

    async def test_what_ended_in_between_is_not_said(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, condition="latest.loss > 5", for_s=600)
        batch = await lab.batch(ada)
        begin = now()
        await lab.change(batch, latest={"loss": 9})
        await lab.change(batch, latest={"loss": 1})
        with frozen(begin + timedelta(seconds=601)):
            await lab.timer.work()
        assert await lab.said() == []
        assert await lab.house.rows(tables.rule_watch) == []

    async def test_jobs_that_are_lost_with_their_batch_are_asked_too(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, condition='status = "lost"')
        batch = await lab.batch(ada, status="failed", end_time=now() + timedelta(seconds=5))
        await lab.set(batch)
        await lab.pass_by(batch, ("batch_failed", None, {}))
        assert len(await lab.said()) == 1

    async def test_old_runs_that_are_brought_in_say_nothing(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada)
        batch = await lab.batch(ada)
        month = now() - timedelta(days=30)
        await lab.change(batch, event="job_done", latest={"val_acc": 0.95}, status="done", end_time=month)
        assert await lab.said() == []

    async def test_settings_and_tags_are_asked_of_the_job_itself(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, condition='config.optim.name = "adam" and tags = "baseline" and config.lr < 1e-3')
        batch = await lab.batch(ada)
        for job_id, name in (("j1", "sgd"), ("j2", "adam")):
            extra = {"config": {"lr": 1e-4, "optim": {"name": name}}, "tags": ["baseline"]}
            await lab.change(batch, job_id, event="job_start", extra=extra)
        (row,) = await lab.said()
        assert row.job_id == "j2"
        assert "config.optim.name = adam" in row.body

    async def test_many_jobs_of_a_batch_are_one_word(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada)
        batch = await lab.batch(ada)
        for number in range(12):
            await lab.set(batch, f"j{number}", latest={"val_acc": 0.95})
        await lab.pass_by(batch, *[("job_epoch", f"j{number}", {}) for number in range(12)])
        (row,) = await lab.said()
        assert (row.title, row.count) == (f"good · {batch.id} (12 jobs)", 12)

    async def test_without_grouping_each_is_told(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, grouped=False)
        batch = await lab.batch(ada)
        for number in range(3):
            await lab.set(batch, f"j{number}", latest={"val_acc": 0.95})
        await lab.pass_by(batch, *[("job_epoch", f"j{number}", {}) for number in range(3)])
        assert len(await lab.said()) == 3


class TestSilence:
    async def test_no_progress_is_told_once_and_again_after_a_sign_of_life(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, name="quiet", watches="silence", condition="", for_s=1800)
        batch = await lab.batch(ada)
        begin = now()
        await lab.change(batch, event="job_start")
        for minutes, heard, spoken in ((20, True, 0), (45, False, 0), (51, False, 1), (80, True, 1), (111, False, 2)):
            with frozen(begin + timedelta(minutes=minutes)):
                if heard:
                    await lab.change(batch)
                await lab.timer.work()
            assert len(await lab.said()) == spoken, minutes

    async def test_of_what_ended_nobody_expects_a_word(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, name="quiet", watches="silence", condition="", for_s=1800)
        batch = await lab.batch(ada)
        begin = now()
        await lab.change(batch, event="job_start")
        await lab.set(batch, status="done", end_time=begin)
        with frozen(begin + timedelta(minutes=31)):
            await lab.timer.work()
        assert await lab.said() == []


class TestEvents:
    async def test_a_failure_is_told_in_the_rules_own_ways(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(
            ada, name="broken", watches="events", kinds=["job_failed"], condition='model = "vit"', severity="warn"
        )
        batch = await lab.batch(ada)
        for job_id, model in (("j1", "vit"), ("j2", "resnet")):
            await lab.set(batch, job_id, model=model, status="failed", end_time=now())
        await lab.pass_by(batch, ("job_failed", "j1", {"reason": "boom"}), ("job_failed", "j2", {}))
        (row,) = await lab.said()
        assert (row.title, row.severity) == (f"broken · {batch.id} / j1", "warn")
        assert row.body.splitlines() == ["job_failed", "boom"]

    async def test_what_rules_say_is_no_event_for_rules(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, watches="events", kinds=["job_failed"], condition="")
        batch = await lab.batch(ada)
        await lab.set(batch, status="failed", end_time=now())
        await lab.pass_by(batch, ("job_failed", "j1", {}))
        assert len(await lab.said()) == 1


class TestWhoMaySee:
    async def test_a_rule_sees_what_its_owner_may_see(self, lab):
        ada, bob, eve = [await lab.house.person(name) for name in ("ada", "bob", "eve")]
        for person in (bob, eve):
            await lab.rule(person, scope="all", name=f"rule {person.id}")
        async with lab.house.database.write() as connection:
            share = {"owner_id": ada.id, "project": "proj", "permission": "viewer", "created_at": now()}
            await connection.execute(sa.insert(catalog.project_share).values(**share, grantee_id=bob.id))
        batch = await lab.batch(ada)
        await lab.change(batch, latest={"val_acc": 0.95})
        assert [row.user_id for row in await lab.said()] == [bob.id]

    async def test_my_own_are_meant_without_a_word(self, lab):
        ada, boss = await lab.house.person("ada"), await lab.house.person("boss", is_admin=True)
        await lab.rule(boss)
        batch = await lab.batch(ada)
        await lab.change(batch, latest={"val_acc": 0.95})
        assert await lab.said() == []

    async def test_who_may_no_longer_log_in_is_told_nothing(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada)
        async with lab.house.database.write() as connection:
            await connection.execute(sa.update(auth.user).values(is_active=False))
        lab.rules.forget()
        await lab.change(await lab.batch(ada), latest={"val_acc": 0.95})
        assert await lab.said() == []

    async def test_a_projects_rule_tells_its_people_if_an_editor_made_it(self, lab):
        ada, bob, eve = [await lab.house.person(name) for name in ("ada", "bob", "eve")]
        async with lab.house.database.write() as connection:
            for person, role in ((ada, "owner"), (bob, "viewer")):
                row = {"project": "proj", "user_id": person.id, "role": role, "created_at": now()}
                await connection.execute(sa.insert(catalog.project_member).values(**row))
        await lab.rule(ada, "/api/projects/proj")
        batch = await lab.batch(ada)
        await lab.change(batch, latest={"val_acc": 0.95})
        assert {row.user_id for row in await lab.said()} == {ada.id, bob.id}
        assert eve.id not in {row.user_id for row in await lab.said()}


class TestWays:
    async def test_mail_and_channels_by_choice(self, lab):
        ada = await lab.house.person("ada")
        channel = {"kind": "slack", "name": "lab", "url": "https://hooks.invalid/a", "event_kinds": []}
        made = (await lab.house.send("POST", ada, "/api/me/channels", channel)).json()
        await lab.rule(ada, channels=["mail", made["id"]])
        batch = await lab.batch(ada)
        await lab.change(batch, latest={"val_acc": 0.95})
        assert await lab.said() == []
        rows = await lab.mails()
        assert sorted((row.kind, row.channel_id) for row in rows) == [("mail", None), ("slack", made["id"])]
        assert all("val_acc = 0.95" in row.body_text for row in rows)

    async def test_at_night_mails_wait_and_are_one_in_the_morning_the_inbox_does_not_wait(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, channels=["inbox", "mail"], quiet_hours=NIGHT)
        with frozen(at("2026-11-26T23:00+01:00")):
            for number in range(3):
                batch = await lab.batch(ada)
                await lab.change(batch, latest={"val_acc": 0.9 + number / 100 + 0.01})
        assert len(await lab.said()) == 3
        (mail,) = await lab.mails()
        assert mail.next_attempt_at == at("2026-11-27T07:00+01:00")
        assert mail.subject.endswith("(+2 more)")

    @pytest.mark.parametrize(("lets", "moment"), [(True, "2026-11-26T22:00+00:00"), (False, "2026-11-27T06:00+00:00")])
    async def test_an_error_may_wake_people(self, lab, lets, moment):
        ada = await lab.house.person("ada")
        quiet = {**NIGHT, "let_errors": lets}
        await lab.rule(ada, channels=["mail"], severity="error", quiet_hours=quiet)
        with frozen(at("2026-11-26T23:00+01:00")):
            await lab.change(await lab.batch(ada), latest={"val_acc": 0.95})
        (mail,) = await lab.mails()
        assert mail.next_attempt_at == at(moment)

    async def test_the_throttle_counts_what_it_keeps_back(self, lab):
        ada = await lab.house.person("ada")
        rule = await lab.rule(ada, throttle_s=3600)
        begin = now()
        for minutes, spoken in ((0, 1), (10, 1), (20, 1), (61, 2)):
            with frozen(begin + timedelta(minutes=minutes)):
                await lab.change(await lab.batch(ada), latest={"val_acc": 0.95})
            assert len(await lab.said()) == spoken
        assert (await lab.said())[1].body.splitlines()[-1] == "(+2)"
        shown = (await lab.house.get(ada, f"/api/me/rules/{rule['id']}")).json()
        assert shown["unsaid"] == 0

    async def test_who_ended_such_mails_gets_none(self, lab):
        ada = await lab.house.person("ada")
        await lab.rule(ada, channels=["mail"])
        await lab.change(await lab.batch(ada), latest={"val_acc": 0.95})
        (mail,) = await lab.mails()
        token = mail.facts["unsubscribe_url"].split("token=")[1]
        assert (await lab.house.client.post("/api/unsubscribe", params={"token": token})).status_code == 200
        await lab.change(await lab.batch(ada), latest={"val_acc": 0.95})
        assert len(await lab.mails()) == 1
