"""What the one consumer of all events gives its readers, and what comes again where one of them fails."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Sequence

import pytest
from nats.js.errors import NotFoundError

from argus_contracts import bus as wire
from argus_kit.bus import Outgoing, Unhandled
from argus_kit.bus_state import look
from argus_kit.testing import eventually
from argus_notifier.stream import DURABLE, Arrival, EventConsumer, give


class Noting:
    """A reader that notes the flushes it took, and fails at some."""

    def __init__(self, name: str, fault: Exception | None = None, *, at: Sequence[str] = ()) -> None:
        self.name = name
        self.calls: list[list[str]] = []
        self.taken: Counter[str] = Counter()
        self.fault, self.at = fault, set(at)

    async def take(self, arrived: Sequence[Arrival]) -> None:
        flushes = [one.bundle.flush_id for one in arrived]
        self.calls.append(flushes)
        if self.fault is not None and self.at & set(flushes):
            raise self.fault
        self.taken.update(flushes)


def bundle(flush: str) -> wire.EventBundle:
    return wire.EventBundle(batch_key=1, batch_id="b", project="p", flush_id=flush, heads=[], events=[])


@pytest.fixture
def packed(wires):
    """Four messages, of which one is no bundle."""
    return [
        wires.message("argus.event.1", wire.TrackingDeleteReply(ok=True) if name == "?" else bundle(name))
        for name in ("a", "?", "b", "c")
    ]


async def test_each_reader_is_given_all_that_is_a_bundle_at_once(packed):
    one, other = Noting("one"), Noting("other")
    assert await give([one, other], packed) == [packed[1]]
    assert one.calls == other.calls == [["a", "b", "c"]]


async def test_a_reader_that_fails_at_one_bundle_has_it_come_again_and_holds_up_nobody(packed):
    failing, well = Noting("failing", ValueError("of b"), at=["b"]), Noting("well")
    with pytest.raises(Unhandled) as left:
        await give([failing, well], packed)
    assert (list(left.value.messages), list(left.value.rejected)) == ([packed[2]], [packed[1]])
    assert failing.taken == Counter(["a", "c"])
    assert well.taken == Counter(["a", "b", "c"])


async def test_while_the_database_is_away_bundles_are_not_tried_one_by_one(packed):
    reader = Noting("reader", ConnectionRefusedError(), at=["b"])
    with pytest.raises(Unhandled) as left:
        await give([reader], packed)
    assert list(left.value.messages) == [packed[0], packed[2], packed[3]]
    assert len(reader.calls) == 1


async def test_what_a_reader_failed_at_comes_again_by_the_bus(house):
    failing, well = Noting("failing", ValueError("not now"), at=["2"]), Noting("well")
    bus = house.platform.bus
    mark = uuid.uuid4().hex
    failing.at = {f"{mark}2"}
    consumer = EventConsumer(bus, [failing, well])
    names = [f"{mark}{number}" for number in range(4)]
    await bus.publish_all([Outgoing("argus.event.1", wire.encode(bundle(name)), name) for name in names])
    await consumer.start()

    async def failed_once() -> bool:
        return {failing.taken[name] for name in names if name not in failing.at} == {1} and well.taken[names[2]] > 0

    await eventually(failed_once, 15)
    failing.fault = None

    async def taken() -> bool:
        return failing.taken[names[2]] > 0

    await eventually(taken, 15)
    assert {well.taken[name] for name in names if name not in failing.at} == {1}


async def test_after_an_upgrade_it_begins_where_the_slowest_of_the_old_ones_was(house):
    bus = house.platform.bus
    js = bus.link.js
    stream = wire.LIVE_STREAM.name
    mark = uuid.uuid4().hex
    names = [f"{mark}{number}" for number in range(4)]
    for message in (Outgoing("argus.event.1", wire.encode(bundle(name)), name) for name in names):
        await bus.publish(message)
    with contextlib.suppress(NotFoundError):  # of another test: the server is theirs too
        await js.delete_consumer(stream, DURABLE)
    # The rules of the older version had handled two of these, and its alerts three.
    for durable, handled in (("notifier-rules", 2), ("notifier", 3)):
        await js.add_consumer(stream, durable_name=durable, filter_subject=wire.ALL_EVENTS, ack_policy="explicit")
        pull = await js.pull_subscribe_bind(durable, stream)
        done = 0
        while done < handled:
            for message in await pull.fetch(1, timeout=5):
                await message.ack_sync()
                done += mark in message.data.decode()
        await pull.unsubscribe()
    reader = Noting("reader")
    await EventConsumer(bus, [reader]).start()

    async def taken() -> bool:
        return reader.taken[names[3]] == 1

    await eventually(taken, 15)
    assert [name for name in names if reader.taken[name]] == names[2:]
    for durable in ("notifier-rules", "notifier"):
        # The server forgets them when no replica of the older version has asked for an hour.
        assert (await js.consumer_info(stream, durable)).config.inactive_threshold == 3600
    with pytest.raises(NotFoundError):
        await js.consumer_info(stream, "notifier-watchdogs")
    assert (await js.consumer_info(stream, DURABLE)).num_pending == 0
    # And nobody is warned of what they are behind meanwhile.
    assert {"notifier-rules", "notifier", DURABLE} & set((await look(bus.link.url, timeout_s=10)).pending) == {DURABLE}
