"""Who is given a batch or a project hears of it: once, in words, by the choices of that person alone."""

import pytest

from argus_contracts import bus as wire
from argus_kit.bus import Reject
from argus_kit.clock import now
from argus_notifier.alerts.shares import ShareConsumer
from argus_notifier.settings import NotifierSettings
from argus_schema import notifier as tables


def granted(person, **more):
    known = {"shared_by": "ada", "project": "vision", "permission": "viewer", "at": now()}
    return wire.ShareGranted(**known, grantee_id=person.id, **more)


async def hear(house, wires, *shares, **settings):
    consumer = ShareConsumer(house.platform, NotifierSettings(**settings))
    for share in shares:
        await consumer.handle(wires.message(wire.SHARE_GRANTED, share))


async def test_a_batch_that_is_shared_with_several_is_told_to_each(house, wires):
    ada, bob, eve = [await house.person(name) for name in ("ada", "bob", "eve")]
    batch = await house.batch(ada.id, "vision")
    to_bob, to_eve = (granted(person, batch_id=batch.id) for person in (bob, eve))
    await hear(house, wires, to_bob, to_eve, to_bob)
    rows = await house.rows(tables.notification)
    title = f"ada shared {batch.id} with you"
    assert {(row.user_id, row.title, row.batch_id, row.rule_id) for row in rows} == {
        (bob.id, title, batch.id, "share_granted"),
        (eve.id, title, batch.id, "share_granted"),
    }
    assert len(rows) == 2


async def test_a_project_is_mailed_with_what_may_be_done_there(house, wires):
    bob = await house.person("bob")
    await hear(house, wires, granted(bob), smtp_host="mail.example.org")
    (mail,) = await house.rows(tables.delivery)
    assert (mail.target, mail.event_type) == (bob.email, "share_granted")
    assert "ada" in mail.subject
    assert "vision" in mail.subject
    assert "/projects/vision" in mail.body_text
    assert "their batches of this project" in mail.body_text


async def test_who_wants_none_of_these_mails_has_the_word_in_the_inbox_alone(house, wires):
    bob = await house.person("bob")
    off = {"subscriptions": [{"event_type": "share_granted", "enabled": False}]}
    await house.send("PATCH", bob, "/api/me/subscriptions", off)
    await hear(house, wires, granted(bob), smtp_host="mail.example.org")
    assert await house.rows(tables.delivery) == []
    assert len(await house.rows(tables.notification)) == 1


async def test_a_batch_that_has_gone_since_is_not_spoken_of(house, wires):
    bob = await house.person("bob")
    await hear(house, wires, granted(bob, batch_id="gone"))
    assert await house.rows(tables.notification) == []


async def test_what_is_no_share_is_refused(house, wires):
    consumer = ShareConsumer(house.platform, NotifierSettings())
    message = wires.message(wire.SHARE_GRANTED, wire.AccessChanged())
    with pytest.raises(Reject):
        await consumer.handle(message)
