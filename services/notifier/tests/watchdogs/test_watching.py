"""What the stream and the clock lead to: notes, requests to ingest, and what people are told, each once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.events import encode_event, server_event
from argus_kit.bus import Unhandled
from argus_kit.clock import frozen, now
from argus_kit.testing import eventually
from argus_notifier.alerts.reader import Alerts
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_notifier.watchdogs import reader as reading
from argus_notifier.watchdogs.clock import WatchdogClock
from argus_notifier.watchdogs.limits import KnownLimits
from argus_notifier.watchdogs.reader import Watchdogs
from argus_notifier.watchdogs.requests import ask_all
from argus_schema import auth, catalog, ingest
from argus_schema import notifier as tables

HOST = "gpu01"


class Watch:
    """The parts of watchdogs on a house's database, and a sender of events."""

    def __init__(self, house, wires):
        limits = KnownLimits(kept_s=0)
        self.house = house
        self.wires = wires
        self.kicks = 0
        self.reader = Watchdogs(house.platform, NotifierSettings(), limits, self._kick)
        self.clock = WatchdogClock(house.platform, NotifierSettings(), limits)

    def _kick(self):
        self.kicks += 1

    def packed(self, batch, *events):
        """A message with events of (type, job, seconds ago, data)."""
        made = [
            server_event(
                kind, batch_id=batch.id, project=batch.project, at=now() - timedelta(seconds=ago), job_id=job, data=data
            )
            for kind, job, ago, data in events
        ]
        for one in made:
            one.source.host = HOST
        bundle = wire.EventBundle(
            batch_key=batch.key,
            batch_id=batch.id,
            project=batch.project,
            owner_id=batch.owner_id,
            flush_id="f",
            heads=[wire.EventHead(one.event_type, one.job_id, number) for number, one in enumerate(made, 1)],
            events=[msgspec.Raw(encode_event(one)) for one in made],
        )
        return self.wires.message(wire.event_subject(batch.key), bundle)

    async def hear(self, batch, *events):
        await give([self.reader], [self.packed(batch, *events)])

    async def asked(self):
        """The requests that wait."""
        rows = await self.house.rows(tables.watch_request)
        kinds = {wire.BATCH_FLAG: wire.BatchFlag, wire.BATCH_TRANSITION: wire.BatchTransition}
        return [wire.decode(kinds[row.subject], row.payload) for row in rows]

    async def told(self):
        return sorted((row.rule_id, row.user_id) for row in await self.house.rows(tables.notification))

    async def set(self, table, values, *where):
        async with self.house.database.write() as connection:
            await connection.execute(sa.update(table).where(*where).values(**values))

    async def insert(self, table, **values):
        async with self.house.database.write() as connection:
            await connection.execute(sa.insert(table).values(**values))


@pytest.fixture
def watch(house, wires):
    return Watch(house, wires)


@pytest.fixture
async def ada(house):
    return await house.person("ada")


@pytest.fixture
async def batch(house, ada, watch):
    made = await house.batch(ada.id, jobs=(("j", "m", "d"),))
    await watch.set(ingest.batch, {"status": "running", "last_event_at": now(), "start_time": now()})
    return made


def epoch(value, n=1, ago=0.0, job="j"):
    return ("job_epoch", job, ago, {"epoch": n, "val_loss": value})


def snapshot(ago, **data):
    return ("resource_snapshot", None, ago, data)


class TestLosses:
    async def trace(self, watch, *values):
        await watch.set(ingest.job, {"val_loss_trace": list(values)})

    async def test_a_growing_loss_is_flagged_once_however_often_it_is_heard(self, watch, batch):
        await self.trace(watch, 1.0, 2.0, 4.0)
        message = watch.packed(batch, epoch(4.0, 3))
        for _ in range(3):
            await give([watch.reader], [message])
        (asked,) = await watch.asked()
        assert (asked.flag, asked.is_set, asked.job_id, asked.data["reason"]) == ("divergent", True, "j", "ratio")
        assert (asked.data["value"], asked.data["reference"], asked.data["window"]) == (4.0, 1.0, 3)
        assert watch.kicks == 1

    async def test_what_is_no_number_is_flagged_whichever_loss_it_is(self, watch, batch):
        await watch.hear(batch, ("job_step", "j", 0, {"step": 7, "train_loss": float("nan"), "acc": 1}))
        (asked,) = await watch.asked()
        assert (asked.data["reason"], asked.data["value"], asked.data["metric"]) == ("nan_or_inf", "NaN", "train_loss")

    async def test_nobody_is_told_of_what_comes_an_hour_late(self, watch, batch):
        await self.trace(watch, 1.0, 2.0, 4.0)
        await watch.hear(batch, epoch(4.0, 3, ago=3600), epoch("NaN", 4, ago=3500))
        assert await watch.asked() == []

    async def test_the_flag_goes_when_the_last_job_is_well_again(self, watch, batch):
        await watch.hear(batch, epoch("NaN", 1), epoch("NaN", 1, job="k"))
        await self.trace(watch, 0.5, 0.4)
        await watch.hear(batch, epoch(0.5, 2), epoch(0.4, 3))
        await watch.hear(batch, ("job_start", "k", 0, {}))
        assert len(await watch.asked()) == 2
        await watch.hear(batch, epoch(0.4, 3))
        assert len(await watch.asked()) == 2, "an epoch that comes twice counts once"
        await watch.hear(batch, epoch(0.3, 4))
        assert [one.is_set for one in await watch.asked()] == [True, True, False]

    async def test_a_loss_that_rises_a_little_is_a_warning(self, watch, batch, ada):
        await self.trace(watch, 1.0, 1.2, 1.4)
        for _ in range(2):
            await watch.hear(batch, epoch(1.4, 3))
        assert await watch.asked() == []
        assert await watch.told() == [("val_loss_diverging", ada.id)]

    async def test_a_project_chooses_its_own_limits(self, watch, batch):
        settings = {"divergence_ratio": 10, "divergence_window": 2}
        await watch.insert(catalog.project_meta, project="proj", is_public=False, is_demo=False, settings=settings)
        await self.trace(watch, 1.0, 2.0, 4.0)
        await watch.hear(batch, epoch(4.0, 3))
        assert await watch.asked() == []
        await self.trace(watch, 4.0, 41.0)
        await watch.hear(batch, epoch(41.0, 4))
        assert len(await watch.asked()) == 1

    async def test_watchdogs_that_are_switched_off_see_nothing(self, watch, batch):
        await watch.insert(auth.system_config, group="watchdogs", key="enabled", value=False, encrypted=False)
        await watch.hear(batch, epoch("NaN"))
        assert await watch.house.rows(tables.watch) == []


def reply(busy):
    """What ingest answers."""
    return wire.encode(wire.BatchFlagReply(ok=not busy, error_code="storage.unavailable" if busy else None, changed=1))


async def asked_until_heard(platform, answer, heard):
    """Ask in place of the clock, until `answer`, which stands for ingest, heard something."""
    await platform.bus.wait_until_ready(15)
    await platform.bus.respond(wire.BATCH_FLAG, answer, queue="ingest")

    async def is_heard():
        await ask_all(platform)
        return heard

    await eventually(is_heard, 15)


class TestCrashes:
    async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_time_does_it_all(
        self, watch, batch, monkeypatch
    ):
        async def dies(*_):
            raise RuntimeError("killed")

        message = watch.packed(batch, epoch("NaN"))
        with monkeypatch.context() as patched:
            patched.setattr(reading, "tell", dies)
            with pytest.raises(Unhandled):
                await give([watch.reader], [message])
        assert (await watch.asked(), await watch.house.rows(tables.watch)) == ([], [])
        await give([watch.reader], [message])
        assert len(await watch.asked()) == 1

    async def test_a_request_stays_until_it_is_answered(self, watch, batch):
        platform = watch.house.platform
        await watch.hear(batch, epoch("NaN"))
        heard = []

        async def answer(body):
            heard.append(wire.decode(wire.BatchFlag, body))
            busy = len(heard) == 1
            return reply(busy)

        await asked_until_heard(platform, answer, heard)
        assert len(await watch.asked()) in {0, 1}
        await ask_all(platform)
        assert await watch.asked() == []
        assert {one.batch_id for one in heard} == {batch.id}

    async def test_batches_are_asked_for_together_and_each_in_order(self, watch):
        for batch_id, is_set in (("a", True), ("b", True), ("a", False), ("c", True)):
            request = wire.BatchFlag(batch_id=batch_id, flag="divergent", is_set=is_set, at=now())
            payload = wire.encode(request)
            await watch.insert(tables.watch_request, subject=wire.BATCH_FLAG, payload=payload, created_at=now())
        heard, together = [], asyncio.Event()

        async def answer(body):
            request = wire.decode(wire.BatchFlag, body)
            heard.append((request.batch_id, request.is_set))
            if len(heard) == 2:
                together.set()
            await together.wait()
            busy = heard.count(("b", True)) == 1 and request.batch_id == "b"
            return reply(busy)

        platform = watch.house.platform
        await asked_until_heard(platform, answer, heard)
        # One of the first two was not answered, and nothing was asked for after them.
        assert sorted(heard) == [("a", True), ("b", True)]
        assert [(one.batch_id, one.is_set) for one in await watch.asked()] == [("b", True), ("a", False), ("c", True)]
        assert await ask_all(platform) == 3
        assert await watch.asked() == []
        assert sorted(heard[2:]) == [("a", False), ("b", True), ("c", True)]

    async def test_an_unreadable_bundle_costs_its_neighbours_nothing(self, watch, batch):
        broken = watch.packed(batch, epoch(1.0))
        bundle = wire.decode(wire.EventBundle, broken.data)
        bundle.events = [msgspec.Raw(b'{"data": 5}')]
        bad = watch.wires.message("argus.event.1", bundle)
        await give([watch.reader], [bad, watch.packed(batch, epoch("NaN"))])
        assert len(await watch.asked()) == 1


class TestIdle:
    def idling(self, **more):
        return [snapshot(60 * (10 - n), gpu_util_pct=1, pid=5, **more) for n in range(11)]

    async def test_ten_minutes_of_idling_are_flagged_and_work_takes_it_back(self, watch, batch):
        await watch.hear(batch, *self.idling())
        (asked,) = await watch.asked()
        assert (asked.flag, asked.is_set, asked.gpu, asked.job_id) == ("idle", True, None, None)
        assert asked.data["minutes"] >= 9
        await watch.hear(batch, snapshot(0, gpu_util_pct=80, pid=5))
        assert [one.is_set for one in await watch.asked()] == [True, False]
        assert (await watch.asked())[1].data["newest_util_pct"] == 80

    async def test_one_card_of_two(self, watch, batch):
        cards = [{"index": 0, "util_pct": 90, "proc_mem_mb": 9}, {"index": 1, "util_pct": 0, "proc_mem_mb": 9}]
        await watch.hear(batch, *self.idling(gpus=cards))
        assert [one.gpu for one in await watch.asked()] == ["1"]

    async def test_idling_that_is_told_late_is_not_told_on(self, watch, batch):
        await watch.hear(batch, *[(kind, job, ago + 3600, data) for kind, job, ago, data in self.idling()])
        assert await watch.asked() == []


class TestMemory:
    LINE = ("log_line", "j", 0, {"line": "RuntimeError: CUDA out of memory."})
    FAILED = ("job_failed", "j", 0, {"error": "exit code 1"})

    async def test_a_failure_after_a_line_that_speaks_of_it(self, house, watch, batch, ada):
        root = await house.person("root", is_admin=True)
        await house.person("eve")
        await watch.hear(batch, self.LINE)
        assert await watch.told() == []
        message = watch.packed(batch, self.FAILED)
        for _ in range(2):
            await give([watch.reader], [message])
        assert await watch.told() == [("oom_suspected", ada.id), ("oom_suspected", root.id)]
        row = (await house.rows(tables.notification))[0]
        assert (row.severity, row.job_id, row.body) == ("error", "j", "m on d\nRuntimeError: CUDA out of memory.")

    async def test_the_line_may_come_after_the_failure(self, watch, batch, ada):
        await watch.hear(batch, self.FAILED)
        await watch.set(ingest.job, {"status": "failed"})
        await watch.hear(batch, self.LINE)
        assert await watch.told() == [("oom_suspected", ada.id)]

    async def test_where_the_reason_says_it_the_failures_own_word_is_enough(self, watch, batch):
        await watch.hear(batch, self.FAILED)
        await watch.hear(batch, self.LINE)
        await watch.hear(batch, ("job_failed", "j", 0, {"reason": "MemoryError: no"}))
        await watch.set(ingest.job, {"status": "failed", "reason": "MemoryError: no"})
        await watch.hear(batch, self.LINE)
        assert await watch.told() == []


class TestHosts:
    async def there(self, watch, batch, *, silent_min):
        """The batch runs on the host, which was last heard of so long ago."""
        at = now() - timedelta(minutes=silent_min)
        seen = {"host": HOST, "first_seen": at, "last_seen": at}
        await watch.insert(ingest.host, **seen)
        await watch.insert(ingest.host_batch, **seen, batch_key=batch.key, latest={})
        await watch.set(ingest.batch, {"host": HOST, "last_event_at": at, "start_time": at})
        await watch.insert(tables.watch, key=f"host:{HOST}", detector="host", state={}, due_at=now(), updated_at=now())

    async def test_who_has_a_job_there_hears_of_its_silence_once_and_of_its_return(self, house, watch, batch, ada):
        root = await house.person("root", is_admin=True)
        await house.person("eve")
        await self.there(watch, batch, silent_min=6)
        for minutes in (0, 6, 12):
            with frozen(now() + timedelta(minutes=minutes)):
                await watch.clock._look_into_silence()
        assert await watch.told() == [("host_offline", ada.id), ("host_offline", root.id)]
        row = (await house.rows(tables.notification))[0]
        assert (row.batch_id, row.title) == (None, f"Host {HOST} has gone quiet")
        assert batch.id in row.body
        for _ in range(2):
            await watch.hear(batch, snapshot(0, cpu_util_pct=5))
        assert (await watch.told()).count(("host_recovered", ada.id)) == 1

    async def test_old_words_bring_it_back_for_as_long_as_they_come(self, watch, batch, ada):
        await self.there(watch, batch, silent_min=30)
        await watch.clock._look_into_silence()
        await watch.hear(batch, snapshot(1700, cpu_util_pct=5))
        await watch.set(tables.watch, {"due_at": now()})
        await watch.clock._look_into_silence()
        assert await watch.told() == [("host_offline", ada.id), ("host_recovered", ada.id)]
        with frozen(now() + timedelta(minutes=40)):
            await watch.clock._look_into_silence()
        assert [kind for kind, _ in await watch.told()].count("host_offline") == 2

    async def test_a_host_that_is_heard_of_or_on_which_nothing_runs_is_not_offline(self, watch, batch):
        await self.there(watch, batch, silent_min=6)
        await watch.set(ingest.batch, {"last_event_at": now()})
        await watch.clock._look_into_silence()
        assert await watch.told() == []
        await watch.set(ingest.batch, {"status": "done", "last_event_at": now() - timedelta(minutes=9)})
        await watch.set(tables.watch, {"due_at": now()})
        await watch.clock._look_into_silence()
        assert await watch.told() == []
        (note,) = await watch.house.rows(tables.watch)
        assert note.due_at is None

    async def test_heat_and_a_full_disk_are_told_once(self, watch, batch, ada):
        root = await watch.house.person("root", is_admin=True)
        hot = [snapshot(60 * (4 - n), gpus=[{"index": 2, "temp_c": 95}]) for n in range(5)]
        full = snapshot(0, disk_free_mb=10, disk_total_mb=1000)
        for _ in range(2):
            await watch.hear(batch, *hot, full)
        kinds = [kind for kind, user in await watch.told() if user == root.id]
        assert kinds == ["disk_low", "gpu_too_hot"]


class TestSilence:
    async def test_a_silent_batch_is_asked_to_stall_and_one_that_ended_is_forgotten(self, watch, batch):
        await watch.hear(batch, epoch(1.0))
        await watch.set(ingest.batch, {"last_event_at": now() - timedelta(minutes=16)})
        with frozen(now() + timedelta(minutes=16)):
            await watch.clock._look_into_silence()
            await watch.clock._look_into_silence()
        (asked,) = await watch.asked()
        assert (asked.action, asked.batch_id) == ("stall", batch.id)
        assert asked.silent_since == asked.at - timedelta(minutes=15)
        await watch.hear(batch, epoch("NaN"))
        await watch.set(ingest.batch, {"status": "done"})
        with frozen(now() + timedelta(hours=2)):
            await watch.clock._look_into_silence()
        assert await watch.house.rows(tables.watch) == []

    async def test_what_was_to_stop_and_never_began_fails(self, watch, batch):
        asked_at = now() - timedelta(minutes=2)
        values = {"status": "stopping", "last_event_at": None, "stop_requested_at": asked_at}
        await watch.set(ingest.batch, values)
        await watch.hear(batch, ("batch_stop_requested", None, 0, {}))
        with frozen(now() + timedelta(seconds=62)):
            await watch.clock._look_into_silence()
        assert [one.action for one in await watch.asked()] == ["fail"]

    async def test_batches_that_ran_before_there_were_watchdogs_are_watched(self, watch, batch):
        await watch.clock._compare()
        assert [row.key for row in await watch.house.rows(tables.watch)] == [f"silence:{batch.key}"]


async def test_of_one_batch_the_same_kind_is_told_once_in_half_an_hour(house, wires, ada):
    one, other = await house.batch(ada.id), await house.batch(ada.id)
    alerts = Alerts(house.platform, NotifierSettings())

    async def diverged(batch):
        await give([alerts], [wires.message("argus.event.1", wires.bundle(batch, ("batch_diverged", None, {})))])

    for batch in (one, one, other):
        await diverged(batch)
    assert len(await house.rows(tables.notification)) == 2
    with frozen(now() + timedelta(minutes=31)):
        await diverged(one)
    assert len(await house.rows(tables.notification)) == 3
