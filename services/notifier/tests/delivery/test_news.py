"""What open pages hear of deliveries."""

from __future__ import annotations

import asyncio

import pytest

from argus_contracts import bus as wire
from argus_kit.bus import BusUnavailable
from argus_kit.testing import eventually
from argus_notifier.delivery import news as module
from argus_notifier.delivery.news import News
from argus_notifier.mail import repository as mails
from argus_notifier.settings import NotifierSettings


@pytest.fixture
async def heard(house):
    """Batches that each message named."""
    found = []

    async def hear(_, body):
        found.append(wire.decode(wire.DeliveryNews, body).batch_keys)

    await house.platform.bus.listen(wire.DELIVERIES, hear)
    await house.platform.bus.link.client.flush()
    return found


async def test_many_outcomes_are_one_message_and_none_is_none(house, heard):
    ada = await house.person("ada")
    one, other = await house.batch(ada.id), await house.batch(ada.id)
    news = News(house.platform)
    await news.tell()
    for batch_id in (one.id, other.id, one.id, None, "gone"):
        news.note(batch_id)
    await news.tell()
    await news.tell()
    news.note()
    await news.tell()
    await eventually(lambda: asyncio.sleep(0, len(heard) == 2))
    assert heard == [[one.key, other.key], []]


async def test_what_does_not_fit_follows_and_what_could_not_be_told_is_told_later(house, heard, monkeypatch):
    ada = await house.person("ada")
    batches = [await house.batch(ada.id) for _ in range(3)]
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    news = News(house.platform)
    for batch in batches:
        news.note(batch.id)

    async def away(*_, **__):
        raise BusUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(house.platform.bus, "publish", away)
        await news.tell()
    for _ in range(3):
        await news.tell()
    await eventually(lambda: asyncio.sleep(0, len(heard) == 2))
    assert sorted(key for keys in heard for key in keys) == [batch.key for batch in batches]
    assert max(map(len, heard)) == 2


async def test_a_mail_that_is_sent_is_news(house, heard, queue, mailbox):
    ada = await house.person("ada")
    batch = await house.batch(ada.id)
    row = {"target": ada.email, "subject": "s", "body_text": "t", "event_type": "job_failed", "batch_id": batch.id}
    async with house.database.write() as connection:
        await mails.add(connection, [{**row, "dedupe_key": "one"}])
    settings = NotifierSettings(smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_use_tls=False)
    async with queue(settings) as delivery:
        await delivery.all_due()
    assert len(mailbox.messages) == 1
    await eventually(lambda: asyncio.sleep(0, heard == [[batch.key]]))
