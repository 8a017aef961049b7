"""A page that comes back misses nothing: after a lost connection, a restart, or on another replica."""

import asyncio

import pytest

from argus_contracts import bus as wire
from argus_kit.testing import eventually
from argus_realtime.limits import Limits


def epochs(frames):
    return [frame.data["data"]["epoch"] for frame in frames if frame.event == "job_epoch"]


async def emit_epochs(batch, *numbers):
    await batch.emit(*(("job_epoch", "j", {"epoch": number}) for number in numbers))


@pytest.fixture(params=["header", "query"])
def came_back(request):
    """Both ways to say where one was."""
    return lambda last_id: {"last_id" if request.param == "header" else "last_event_id": last_id}


async def test_events_of_the_time_away_come_first_then_live_ones(live, came_back):
    ada, session = await live.user("ada")
    batch, other = await live.batch(ada), await live.batch(ada)
    channels = f"batch:{batch.id}"
    async with live.open("/api/sse", session, channels=channels) as reader:
        await reader.frame()
        await emit_epochs(batch, 1, 2, 3)
        seen = [await reader.frame() for _ in range(2)]
    await emit_epochs(other, 100)
    await emit_epochs(batch, 4)
    async with live.open("/api/sse", session, channels=channels, **came_back(seen[-1].id)) as reader:
        assert (await reader.frame()).event == "hello"
        again = [await reader.frame() for _ in range(2)]
        await emit_epochs(batch, 5)
        again.append(await reader.frame())
    assert epochs(seen) + epochs(again) == [1, 2, 3, 4, 5]


async def test_with_several_channels_nothing_of_the_cut_bundle_is_missing(live):
    ada, session = await live.user("ada")
    batch = await live.batch(ada, jobs=("j",))
    channels = f"batch:{batch.id},job:{batch.id}:j"
    async with live.open("/api/sse", session, channels=channels) as reader:
        await reader.frame()
        await emit_epochs(batch, 1, 2)
        cut = await reader.frame()
    async with live.open("/api/sse", session, channels=channels, last_id=cut.id) as reader:
        await reader.frame()
        frames = [cut] + [await reader.frame() for _ in range(4)]
    assert {(f.data["channel"], f.data["data"]["epoch"]) for f in frames} == {
        (channel, epoch) for channel in channels.split(",") for epoch in (1, 2)
    }


async def test_hello_says_from_where_a_page_that_saw_no_event_goes_on(live):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
        position = (await reader.frame()).data["last_event_id"]
    await emit_epochs(batch, 1)
    async with live.open("/api/sse", session, channels=f"batch:{batch.id}", last_id=position) as reader:
        assert (await reader.frame()).data["last_event_id"] == position
        assert epochs([await reader.frame()]) == [1]


async def test_another_replica_and_a_restarted_one_go_on(live, serve_another):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    channels = f"batch:{batch.id}"
    async with live.open("/api/sse", session, channels=channels) as reader:
        await reader.frame()
        await emit_epochs(batch, 1)
        last = (await reader.frame()).id
    await emit_epochs(batch, 2)
    async with serve_another() as other, other.open("/api/sse", session, channels=channels, last_id=last) as reader:
        await reader.frame()
        frame = await reader.frame()
        assert epochs([frame]) == [2]
        last = frame.id
    await emit_epochs(batch, 3)
    async with serve_another() as new, new.open("/api/sse", session, channels=channels, last_id=last) as reader:
        await reader.frame()
        await emit_epochs(batch, 4)
        assert epochs([await reader.frame() for _ in range(2)]) == [3, 4]


async def test_events_that_flow_during_the_replay_are_neither_lost_nor_doubled(live):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    channels = f"batch:{batch.id}"
    await emit_epochs(batch, 0)
    async with live.open("/api/sse", session, channels=channels) as reader:
        await reader.frame()
        await emit_epochs(batch, 1)
        last = (await reader.frame()).id
    total = 700

    async def flow():
        for number in range(2, total):
            await emit_epochs(batch, number)

    for number in range(-300, 0):
        await emit_epochs(batch, number)
    flowing = asyncio.create_task(flow())
    async with live.open("/api/sse", session, channels=channels, last_id=last) as reader:
        await reader.frame()
        frames = [await reader.frame() for _ in range(300 + total - 2)]
    await flowing
    assert epochs(frames) == [*range(-300, 0), *range(2, total)]


async def test_visible_and_inbox_replay_what_the_person_may_see(live):
    ada, _ = await live.user("ada")
    bob, session = await live.user("bob")
    mine, hers = await live.batch(bob), await live.batch(ada)
    async with live.open("/api/sse", session, channels="visible,inbox") as reader:
        position = (await reader.frame()).data["last_event_id"]
    await hers.emit(("batch_start", None, {}))
    await mine.emit(("batch_start", None, {}), ("log_line", None, {"line": "x"}))
    message = wire.InboxMessage(user_id=bob, notification={"title": "hi"})
    await live.platform.bus.publish(_outgoing(wire.inbox_subject(bob), message))
    async with live.open("/api/sse", session, channels="visible,inbox", last_id=position) as reader:
        await reader.frame()
        frames = [await reader.frame() for _ in range(2)]
        assert [(f.event, f.data["channel"]) for f in frames] == [("batch_start", "visible"), ("notification", "inbox")]
        await mine.emit(("batch_done", None, {}))
        assert (await reader.frame()).event == "batch_done"


def _outgoing(subject, message):
    from uuid import uuid4

    from argus_kit.bus import Outgoing

    return Outgoing(subject, wire.encode(message), uuid4().hex)


@pytest.mark.parametrize("last_id", ["garbage", "999999999999-0"])
async def test_an_id_that_the_stream_does_not_know_is_answered_by_a_resync(live, last_id):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    await emit_epochs(batch, 1)
    async with live.open("/api/sse", session, channels=f"batch:{batch.id}", last_id=last_id) as reader:
        assert (await reader.frame()).event == "hello"
        frame = await reader.frame()
        assert frame.id is None
        assert (frame.event, frame.data) == ("resync", {"reason": "expired", "channels": [f"batch:{batch.id}"]})
        await emit_epochs(batch, 2)
        assert epochs([await reader.frame()]) == [2]


class TestTooLong:
    @pytest.fixture
    def limits(self):
        return Limits(replay_messages=3)

    async def test_a_replay_beyond_the_limit_is_given_up(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
            position = (await reader.frame()).data["last_event_id"]
        for number in range(250):
            await emit_epochs(batch, number)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}", last_id=position) as reader:
            await reader.frame()
            assert (await reader.next("resync")).data["reason"] == "gap"
            await emit_epochs(batch, 1000)
            assert epochs([await reader.frame()]) == [1000]


class TestLostBus:
    @pytest.fixture
    def nats_url(self):
        from argus_kit.testing import nats_child

        with nats_child() as child:
            self.nats = child
            yield f"nats://127.0.0.1:{child.port}"

    @pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
    async def test_a_reader_stays_and_hears_what_follows_a_restart_of_nats(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
            await reader.frame()
            await emit_epochs(batch, 1)
            last = (await reader.frame()).id
            self.nats.kill()
            await asyncio.sleep(0.3)
            self.nats.start()
            await live.platform.bus.wait_until_ready(10)
            await emit_epochs(batch, 2)
            assert epochs([await reader.frame(15)]) == [2]

        async def following():
            return live.hub.waits_for() is None

        await eventually(following, 15)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}", last_id=last) as reader:
            await reader.frame()
            assert epochs([await reader.frame()]) == [2]
