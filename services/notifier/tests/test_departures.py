from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_notifier.departures import forget
from argus_notifier.mail import repository as mails
from argus_schema import notifier as tables


def _of(person):
    return {
        tables.subscription: {"user_id": person.id, "project": "", "event_type": "batch_done", "enabled": True},
        tables.batch_subscription: {"batch_id": "b", "user_id": person.id, "event_kinds": [], "created_at": now()},
        tables.notification_pref: {"user_id": person.id, "notify_job_idle": True},
        tables.inbox_choice: {"user_id": person.id, "project": "proj", "kind": "job_failed", "shown": True},
        tables.unsubscribe_token: {"token": f"t-{person.id}", "user_id": person.id, "created_at": now()},
        tables.channel: {
            "user_id": person.id,
            "kind": "slack",
            "name": "mine",
            "url_encrypted": b"",
            "shown": "hooks.slack.com",
            "event_kinds": [],
            "added_by_user_id": person.id,
            "created_at": now(),
        },
        tables.recipient: {
            "project": "proj",
            "email": person.email,
            "event_kinds": [],
            "unsubscribe_token": f"u-{person.id}",
            "created_at": now(),
        },
    }


async def test_who_left_is_forgotten_and_nobody_else(house):
    ada, bob = await house.person("ada"), await house.person("bob")
    for person in (ada, bob):
        await house.notify(person.id)
        async with house.database.write() as connection:
            for table, values in _of(person).items():
                await connection.execute(sa.insert(table).values(values))
            mail = {"target": person.email, "subject": "s", "body_text": "t"}
            kinds = ("batch_done", "account_deleted")
            rows = [{**mail, "event_type": kind, "dedupe_key": f"{kind}-{person.id}"} for kind in kinds]
            await mails.add(connection, rows)

    departed = wire.PersonDeparted(user_id=ada.id, email=ada.email, runs="keep", at=now())
    async with house.database.write() as connection:
        mail = {"target": ada.email, "subject": "s", "body_text": "t", "event_type": "verify_email"}
        await mails.add(connection, [{**mail, "dedupe_key": "of somebody who has the address now"}])
    for _ in range(2):
        await forget(house.database, departed)

    for table in (tables.notification, *_of(bob)):
        assert len(await house.rows(table)) == 1, table.name
    left = {(row.target, row.event_type) for row in await house.rows(tables.delivery)}
    assert left == {
        (ada.email, "account_deleted"),
        (ada.email, "verify_email"),
        (bob.email, "account_deleted"),
        (bob.email, "batch_done"),
    }
