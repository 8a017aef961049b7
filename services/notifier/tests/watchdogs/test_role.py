"""What watchdogs do, under the rights that the service has on PostgreSQL."""

from datetime import timedelta

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_notifier.alerts.debounce import not_told_lately
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.watchdogs import repository
from argus_notifier.watchdogs.limits import KnownLimits
from argus_notifier.watchdogs.notes import Notes


async def test_the_services_role_may_do_all_that_it_does(postgres_database):
    async with postgres_database.write() as connection:
        await connection.execute(sa.text("set local role argus_notifier"))
        assert (await KnownLimits().of(connection, ["p"]))["p"].enabled
        found = Notes()
        found.put(repository.silence_note(1, now()))
        found.flag(wire.BatchFlag(batch_id="b", flag="idle", is_set=True, at=now()))
        await repository.save(connection, found)
        assert (await repository.notes(connection, [1], [])).get("silence:1") is not None
        assert len(await repository.due(connection, now() + timedelta(seconds=1))) == 1
        (request,) = await repository.requests(connection)
        await repository.answered(connection, [request.id])
        assert await repository.unwatched(connection) == []
        assert await repository.batches(connection, [1]) == {}
        assert await repository.jobs(connection, [(1, "j")]) == {}
        assert await repository.last_heard(connection, "gpu01") is None
        assert await repository.running_on(connection, "gpu01") == []
        silent = Occurrence("host_offline", "k", "error", now(), host="gpu01")
        assert await not_told_lately(connection, [[silent]]) == [[silent]]
        await repository.forget_batches(connection, [1])
        await repository.forget_old(connection)
