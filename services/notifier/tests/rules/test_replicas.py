"""Two replicas at once: whatever they tell, in whatever order it comes to them, neither waits for the other."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_notifier.alerts.reader import Alerts
from argus_notifier.channels.repository import Owner
from argus_notifier.rules import repository
from argus_notifier.rules.watching import Watch
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables

ROUNDS = 10
_DEADLOCK = "40P01"


@pytest.fixture
def deadlocks(lab):
    """What PostgreSQL ended because it waited in a circle. A worker would try again, and nobody would know."""
    found = []

    def note(context):
        if getattr(context.original_exception, "sqlstate", None) == _DEADLOCK:
            found.append(str(context.original_exception))

    engine = lab.house.database.engine.sync_engine
    sa.event.listen(engine, "handle_error", note)
    yield found
    sa.event.remove(engine, "handle_error", note)


def packed(lab, batch, *kinds):
    events = [(kind, f"j{number}" if kind.startswith("job") else None, {}) for number, kind in enumerate(kinds)]
    return lab.wires.message(wire.event_subject(batch.key), lab.wires.bundle(batch, *events))


def replicas(lab, **settings):
    own = NotifierSettings(**{"smtp_host": "127.0.0.1", "smtp_use_tls": False, **settings})
    return [Alerts(lab.house.platform, own) for _ in range(2)]


class TestTwoAtOnce:
    async def test_rules_that_speak_of_batches_in_crossing_orders(self, lab, deadlocks):
        ada, bob = [await lab.house.person(name) for name in ("ada", "bob")]
        for person in (ada, bob):
            await lab.rule(person, watches="events", kinds=["job_failed"], condition="")
        one, other = replicas(lab)
        for _ in range(ROUNDS):
            some = [await lab.batch(owner) for owner in (bob, ada, ada, bob)]
            first, second, third, fourth = [packed(lab, batch, "job_failed") for batch in some]
            await asyncio.gather(give([one], [first, second]), give([other], [third, fourth]))
        assert deadlocks == []
        assert {row.user_id for row in await lab.said()} == {ada.id, bob.id}

    async def test_mails_that_wait_and_grow_in_crossing_orders(self, lab, deadlocks):
        ada, bob = [await lab.house.person(name) for name in ("ada", "bob")]
        one, other = replicas(lab, surge_window_s=0)
        for _ in range(ROUNDS):
            some = [await lab.batch(owner) for owner in (ada, bob, bob, ada)]
            falling = [packed(lab, batch, "job_failed", "batch_failed") for batch in some[:2]]
            rising = [packed(lab, batch, "batch_failed", "job_failed") for batch in some[2:]]
            await asyncio.gather(give([one], falling), give([other], rising))
        assert deadlocks == []
        mails = await lab.house.rows(tables.delivery)
        held = [row.facts["held"]["count"] for row in mails if row.facts.get("held")]
        # Of each kind and person one left at once, and one waits for all the others.
        assert (len(mails), held) == (8, [2 * ROUNDS - 1] * 4)

    async def test_one_watched_kind_is_told_once_by_both(self, lab, deadlocks):
        ada = await lab.house.person("ada")
        one, other = replicas(lab)
        for _ in range(ROUNDS):
            batch = await lab.batch(ada)
            falling = packed(lab, batch, "job_idle_flagged", "batch_diverged", "batch_stalled")
            rising = packed(lab, batch, "batch_stalled", "batch_diverged", "job_idle_flagged")
            await asyncio.gather(give([one], [falling]), give([other], [rising]))
        assert deadlocks == []
        assert len(await lab.house.rows(tables.told)) == 3 * ROUNDS


async def test_a_rule_that_is_changed_waits_for_whoever_asks_it(postgres_database):
    row = {
        "added_by_user_id": 1,
        "name": "good",
        "watches": "metrics",
        "kinds": [],
        "condition": "latest.val_acc > 0.9",
        "scope": "mine",
        "for_s": 0,
        "severity": "info",
        "channels": ["inbox"],
        "throttle_s": 0,
        "grouped": True,
    }
    async with postgres_database.write() as connection:
        rule_id = await repository.add(connection, Owner(user_id=1), row)
        await repository.remember(connection, 1, {(rule_id, "j1"): Watch(now(), None)})

    async def change():
        async with postgres_database.write() as connection:
            await repository.change(connection, rule_id, {"name": "better"})

    async def waits():
        activity = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        held = sa.text(activity)
        async with postgres_database.read() as connection:
            return (await connection.execute(held)).scalar_one()

    async with postgres_database.write() as connection:
        await repository.remember(connection, 1, {(rule_id, "j1"): Watch(now(), now())})
        changing = asyncio.create_task(change())
        await eventually(waits)
        assert await repository.throttle_of(connection, rule_id) is not None
    await changing
