"""What the service does, under the rights that it has on PostgreSQL."""

import sqlalchemy as sa

from argus_kit.clock import now
from argus_kit.testing import add_user
from argus_notifier.access import active_people, has_part_in, is_member, people_with_access
from argus_notifier.alerts.audience import audience_of, of_batch
from argus_notifier.alerts.mailing import addressees
from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.delivery import repository as deliveries
from argus_notifier.delivery.machine import Circuit, Failed, circuit_after
from argus_notifier.inbox import repository as inbox
from argus_notifier.mail import repository as mails
from argus_schema.roles import Role


async def test_the_services_role_may_do_all_that_it_does(postgres_database):
    ada = await add_user(postgres_database, "ada")
    batch = Batch(key=1, id="b", project="p", owner_id=ada)
    async with postgres_database.write() as connection:
        await connection.execute(sa.text("set local role argus_notifier"))
        assert await people_with_access(connection, "b", ada, "p") == {ada}
        assert list(await active_people(connection, {ada})) == [ada]
        assert not await is_member(connection, ada, "p", Role.VIEWER)
        assert not await has_part_in(connection, ada, "p")
        failed = Occurrence("batch_failed", "k", "error", now(), batch)
        found = await addressees(connection, await of_batch(connection, batch), failed)
        assert [to.email for to in found] == ["ada@example.org"]
        silent = Occurrence("host_offline", "k", "error", now(), host="gpu01")
        assert (await audience_of(connection, silent)).people == frozenset()
        row = {"user_id": ada, "rule_id": "x", "severity": "info", "title": "", "body": "", "dedupe_key": "k"}
        assert len(await inbox.add(connection, [{**row, "created_at": now()}])) == 1
        mail = {"target": "a@example.org", "subject": "", "body_text": "", "event_type": "x", "dedupe_key": "k"}
        assert len(await mails.add(connection, [mail])) == 1
        assert await deliveries.is_any_due(connection)
        (row,) = await deliveries.claim(connection, token="t", lease_s=60, free=5, limits={"mail": 2})
        await deliveries.put_circuit(connection, "mail", circuit_after(Circuit(), Failed("x"), now(), chance=0))
        assert (await deliveries.circuit_of(connection, "mail")).failures == 1
        await deliveries.mark_failed(connection, row, "x", None)
        await deliveries.give_up_old(connection, now())
        await deliveries.forget(connection, sent_before=now(), failed_before=now())
