"""Digests arrive once a day, say what happened, and nobody gets an empty one."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import BusUnavailable
from argus_kit.clock import frozen, iso, now
from argus_notifier.digest import sender
from argus_notifier.digest.clock import next_due
from argus_notifier.digest.sender import Digests
from argus_notifier.settings import NotifierSettings
from argus_schema import auth
from argus_schema import notifier as tables

BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)
FULL = wire.DigestReply(
    n_done=2,
    n_failed=1,
    running=1,
    gpu_hours_used=10,
    gpu_hours_wasted=2.5,
    causes=[wire.DigestCause(kind="cuda_oom", jobs=1, batch_id="b 1", job_id="j/1")],
    results=[
        wire.DigestResult(
            project="p",
            batch_id="b 1",
            job_id="j2",
            model="M",
            dataset="D",
            metric="acc",
            value=0.91234,
            is_record=True,
        )
    ],
    batches=[wire.DigestBatch(id="b 1", project="p", status="running", n_done=2, n_failed=1)],
)


@pytest.fixture
def catalog(monkeypatch):
    """What catalog would say, and what it was asked."""
    told = SimpleNamespace(reply=FULL, asked=[])

    async def ask(bus, user_id, since, until):
        told.asked.append((user_id, since, until))
        if isinstance(told.reply, Exception):
            raise told.reply
        return told.reply

    monkeypatch.setattr(sender, "ask", ask)
    return told


async def choose(house, person, at, **body):
    """As if the person had come then: sessions know no other time than the real one."""
    chosen = (await house.send("PUT", person, "/api/me/digest", body)).json()
    if chosen["next_at"]:
        values = {"next_at": next_due(at, body["hour"], body["zone"])}
        async with house.database.write() as connection:
            mine = sa.update(tables.digest_pref).where(tables.digest_pref.c.user_id == person.id)
            await connection.execute(mine.values(**values))
    return chosen


@pytest.fixture
async def ada(house):
    person = await house.person("ada")
    chosen = await choose(house, person, BEGIN, frequency="daily", hour=8, zone="Europe/Berlin")
    assert chosen["next_at"] == iso(next_due(now(), 8, "Europe/Berlin"))
    return person


@pytest.fixture
def look(house):
    """One look of the worker at a time."""
    digests = Digests(house.platform, NotifierSettings(smtp_host="mail.example.org"))

    async def at(moment):
        with frozen(moment):
            await digests.work()
        return await house.rows(tables.delivery)

    return at


def march(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


async def test_it_comes_at_the_hour_once_with_what_happened(ada, look, catalog):
    assert await look(march(11, 6, 59)) == []
    (mail,) = await look(march(11, 7, 1))
    assert await look(march(11, 7, 2)) == [mail]
    assert await look(march(11, 23)) == [mail]
    assert catalog.asked == [(ada.id, march(10, 7), march(11, 7))]
    assert (mail.target, mail.event_type, mail.subject) == (
        ada.email,
        "digest",
        "[Argus] Your day: 2 jobs done, 1 failed",
    )
    for said in ("The GPU ran out of memory", "acc 0.9123", "2.5", "(25 %)", "Europe/Berlin"):
        assert said in mail.body_text
        assert said in mail.body_html
    assert "/batches/b%201/jobs/j%2F1" in mail.body_html
    assert mail.facts["unsubscribe_url"] in mail.body_html


async def test_in_the_language_of_the_reader(house, ada, look, catalog):
    async with house.database.write() as connection:
        await connection.execute(sa.update(auth.user).values(preferred_locale="zh-CN"))
    (mail,) = await look(march(11, 8))
    assert mail.subject == "[Argus] 今日汇总：完成 2 个任务，失败 1 个"
    assert "GPU 显存不足" in mail.body_text


async def test_after_an_outage_it_still_comes_once_and_tells_all_that_was_not_told(ada, look, catalog):
    await look(march(11, 7))
    assert len(await look(march(12, 3))) == 1
    # Away at seven; back twenty hours later.
    assert len(await look(march(13, 3))) == 2
    assert catalog.asked[-1][1:] == (march(11, 7), march(12, 7))
    # Away for four days.
    assert len(await look(march(17, 8))) == 3
    assert catalog.asked[-1][1:] == (march(12, 7), march(17, 7))
    assert len(await look(march(17, 9))) == 3


async def test_when_nothing_ran_there_is_no_mail_and_the_day_is_over(ada, look, catalog):
    catalog.reply = wire.DigestReply()
    assert await look(march(11, 8)) == []
    catalog.reply = FULL
    assert await look(march(11, 9)) == []
    assert len(await look(march(12, 8))) == 1


async def test_while_catalog_is_away_it_waits(ada, look, catalog):
    catalog.reply = BusUnavailable()
    assert await look(march(11, 8)) == []
    catalog.reply = FULL
    assert len(await look(march(11, 9))) == 1


async def test_another_hour_on_the_same_day_brings_no_second_one(house, ada, look, catalog):
    await look(march(11, 7))
    await choose(house, ada, march(11, 8), frequency="daily", hour=18, zone="Europe/Berlin")
    assert len(await look(march(11, 18))) == 1
    assert len(await look(march(12, 18))) == 2
    assert catalog.asked[-1][1:] == (march(11, 7), march(12, 17))


async def test_two_workers_at_once_write_one(house, ada, look, catalog):
    settings = NotifierSettings(smtp_host="mail.example.org")
    one, other = Digests(house.platform, settings), Digests(house.platform, settings)
    with frozen(march(11, 8)):
        async with house.database.read() as connection:
            (row,) = await sender.repository.due(connection, march(11, 8), 10)
        await one._tell(row)
        await other._tell(row)
    assert len(await house.rows(tables.delivery)) == 1


async def test_switched_off_or_without_an_account_there_is_none(house, ada, look, catalog):
    bob = await house.person("bob")
    await choose(house, bob, BEGIN, frequency="daily", hour=8, zone="UTC")
    await choose(house, ada, BEGIN, frequency="off")
    async with house.database.write() as connection:
        await connection.execute(sa.update(auth.user).where(auth.user.c.id == bob.id).values(is_active=False))
    assert await look(march(12, 8)) == []
    assert catalog.asked == []


async def test_the_link_in_it_switches_it_off(house, ada, look, catalog):
    (mail,) = await look(march(11, 8))
    link = mail.facts["unsubscribe_url"].partition("/api")[2]
    assert (await house.client.post("/api" + link)).json()["ok"] is True
    assert (await house.get(ada, "/api/me/digest")).json()["frequency"] == "off"
    assert len(await look(march(12, 8))) == 1


class TestRoutes:
    async def test_nobody_gets_one_unasked(self, house):
        ada = await house.person("ada")
        found = (await house.get(ada, "/api/me/digest")).json()
        assert found == {"frequency": "off", "hour": 8, "zone": "UTC", "next_at": None, "last_at": None}

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"frequency": "hourly"},
            {"frequency": "daily", "hour": 24},
            {"frequency": "daily", "zone": "Mars/Olympus"},
            {"frequency": "daily", "zone": "../../etc/passwd"},
        ],
    )
    async def test_what_is_no_time_is_refused(self, house, body):
        ada = await house.person("ada")
        assert (await house.send("PUT", ada, "/api/me/digest", body)).status_code == 422

    @pytest.mark.parametrize(("reply", "is_sample"), [(FULL, False), (wire.DigestReply(), True)])
    async def test_a_preview_shows_the_last_day_or_a_sample_and_sends_nothing(
        self, house, monkeypatch, reply, is_sample
    ):
        from argus_notifier.digest import endpoints

        async def ask(bus, user_id, since, until):
            assert until - since == timedelta(days=1)
            return reply

        monkeypatch.setattr(endpoints, "ask", ask)
        ada = await house.person("ada")
        seen = (
            await house.send("POST", ada, "/api/me/digest/preview", {"frequency": "daily", "zone": "Asia/Shanghai"})
        ).json()
        assert seen["is_sample"] is is_sample
        assert ("b 1" in seen["body_text"]) is not is_sample
        assert await house.rows(tables.delivery) == []
