"""The bus against a real NATS that is killed, restarted and rebuilt."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, StoreCompression
from nats.js.errors import APIError
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from argus_contracts import bus as wire
from argus_contracts.bus import LIVE_STREAM, WORK_STREAM, StreamSpec
from argus_kit.bus import Bus, BusUnavailable, Message, Outgoing, Reject, Retry, Tail, Unhandled
from argus_kit.bus.streams import KEEPING, Keeping, ensure_consumer, ensure_stream
from argus_kit.ports import free_port
from argus_kit.testing import Child, eventually
from argus_kit.testing.servers import binary


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Bus]:
    bus = Bus(url)
    await bus.start()
    try:
        await bus.wait_until_ready(15)
        yield bus
    finally:
        await bus.stop()


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    async with opened(nats_url) as started:
        yield started


@pytest.fixture
def subject() -> str:
    """A subject of the live stream that no other test uses."""
    return wire.agent_subject(uuid.uuid4().hex)


def out(subject: str, text: str, msg_id: str | None = None) -> Outgoing:
    return Outgoing(subject, text.encode(), msg_id or uuid.uuid4().hex)


class Heard:
    """A handler that remembers what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.resets = 0

    async def __call__(self, message: Message) -> None:
        self.texts.append(message.data.decode())

    async def on_reset(self) -> None:
        self.resets += 1

    async def until(self, *texts: str, timeout_s: float = 10) -> None:
        async def complete() -> bool:
            return set(texts) <= set(self.texts)

        await eventually(complete, timeout_s)


async def restart(nats: Child, bus: Bus) -> None:
    nats.kill()

    async def noticed() -> bool:
        return not bus.is_connected

    await eventually(noticed)
    nats.start()
    await bus.wait_until_ready(15)


class TestStreams:
    async def test_an_upgrade_brings_subjects_and_leaves_what_operators_set(self, nats: Child) -> None:
        before = LIVE_STREAM._replace(name="UPGRADED", subjects=("upgraded.a",))
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            js = bus.link.js
            await ensure_stream(js, before, KEEPING)
            made = (await js.stream_info(before.name)).config
            own = made.evolve(
                subjects=["theirs.>", "upgraded.a"],
                description="ours",
                max_age=6 * 3600.0,
                max_bytes=2**20,
                max_msgs_per_subject=7,
                duplicate_window=30.0,
                discard=DiscardPolicy.NEW,
                compression=StoreCompression.S2,
                allow_msg_ttl=True,
                metadata={"team": "vision"},
            )
            await js.update_stream(own)
            edited = await _stream(js, before.name)
            await ensure_stream(js, before, Keeping(3, 2**30))
            assert await _stream(js, before.name) == edited
            await ensure_stream(js, before._replace(subjects=("upgraded.a", "upgraded.b")), Keeping(3, 2**30))
            expected = {**edited, "subjects": ["theirs.>", "upgraded.a", "upgraded.b"]}
            assert await _stream(js, before.name) == expected
            assert (edited["max_bytes"], edited["allow_msg_ttl"]) == (2**20, True)

    async def test_the_live_stream_lets_its_oldest_messages_go_and_takes_new_ones(self, nats: Child) -> None:
        spec = LIVE_STREAM._replace(name="BOUNDED", subjects=("bounded.>",))
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            await ensure_stream(bus.link.js, spec, Keeping(live_bytes=64 * 2**10))
            for number in range(40):
                await bus.publish(Outgoing("bounded.a", bytes(4096), str(number)))
            state = (await bus.link.js.stream_info(spec.name)).state
            assert state.bytes <= 64 * 2**10
            assert (state.last_seq - state.first_seq + 1, 40 - state.messages) == (state.messages, 25)

    async def test_a_stream_of_an_older_version_gets_its_limit(self, nats: Child) -> None:
        """Without one it grows until the server takes no message any more."""
        spec = LIVE_STREAM._replace(name="UNBOUNDED", subjects=("unbounded.>",))
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            js = bus.link.js
            await ensure_stream(js, spec, Keeping(live_bytes=0))
            before = await _stream(js, spec.name)
            assert before["max_bytes"] == -1
            await ensure_stream(js, spec, Keeping(live_bytes=2**26))
            assert await _stream(js, spec.name) == {**before, "max_bytes": 2**26}

    async def test_work_is_kept_until_it_is_done(self, nats: Child) -> None:
        spec = WORK_STREAM._replace(name="WORKED", subjects=("worked.>",))
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            await ensure_stream(bus.link.js, spec, Keeping(live_bytes=2**26))
            assert (await _stream(bus.link.js, spec.name))["max_bytes"] == -1

    async def test_another_refusal_does_not_make_the_stream_smaller(self, nats: Child) -> None:
        """A server that is not ready would leave a small limit behind, which then stays."""
        whole, taken = (
            LIVE_STREAM._replace(name=name, subjects=subjects)
            for name, subjects in (("WHOLE", ("same.>",)), ("TAKEN", ("same.a",)))
        )
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            await ensure_stream(bus.link.js, whole, KEEPING)
            with capture_logs() as told, pytest.raises(APIError, match="overlap"):
                await ensure_stream(bus.link.js, taken, KEEPING)
            assert told == []

    async def test_a_server_with_less_room_is_asked_for_less(self, tmp_path: Path) -> None:
        config, port = tmp_path / "nats.conf", free_port()
        config.write_text(f'jetstream {{ store_dir: "{tmp_path}/store", max_file_store: 300MB }}\n')
        child = Child([binary("nats-server"), "-a", "127.0.0.1", "-p", str(port), "-c", str(config)], port)
        child.start()
        try:
            async with opened(f"nats://127.0.0.1:{port}") as bus:
                assert (await _stream(bus.link.js, LIVE_STREAM.name))["max_bytes"] == 2**28
                await bus.publish(out(wire.agent_subject("a"), "taken"))
        finally:
            child.kill()


class TestDurables:
    async def test_an_upgrade_changes_what_is_heard_and_leaves_what_operators_set(self, nats: Child) -> None:
        stream = "CHANGED"
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            js = bus.link.js
            await ensure_stream(js, LIVE_STREAM._replace(name=stream, subjects=("changed.>",)), KEEPING)
            await ensure_consumer(js, stream, "own", ["changed.a"])
            made = (await js.consumer_info(stream, "own")).config
            theirs = made.evolve(
                ack_wait=120.0, max_ack_pending=16, max_deliver=9, description="ours", metadata={"team": "vision"}
            )
            await js.add_consumer(stream, theirs)
            edited = await _durable(js, stream)
            assert (edited["ack_wait"], edited["max_ack_pending"], edited["max_deliver"]) == (120 * 10**9, 16, 9)
            await ensure_consumer(js, stream, "own", ["changed.a"])
            assert await _durable(js, stream) == edited
            for heard in (["changed.a", "changed.b"], ["changed.b"], ["changed.c", "changed.a"]):
                await ensure_consumer(js, stream, "own", heard)
                assert await _durable(js, stream) == {**edited, "filter_subjects": heard}

    async def test_one_that_was_made_by_hand_is_taken_as_it_is(self, nats: Child) -> None:
        stream = "BYHAND"
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            js = bus.link.js
            await ensure_stream(js, LIVE_STREAM._replace(name=stream, subjects=("byhand.>",)), KEEPING)
            theirs = ConsumerConfig(
                durable_name="own", ack_policy=AckPolicy.EXPLICIT, filter_subject="byhand.a", ack_wait=120.0
            )
            await js.add_consumer(stream, theirs)
            made = await _durable(js, stream)
            assert made["filter_subject"] == "byhand.a"
            await ensure_consumer(js, stream, "own", ["byhand.a"])
            assert await _durable(js, stream) == made
            await ensure_consumer(js, stream, "own", ["byhand.a", "byhand.b"])
            del made["filter_subject"]
            assert await _durable(js, stream) == {**made, "filter_subjects": ["byhand.a", "byhand.b"]}

    async def test_a_process_that_starts_leaves_what_operators_set(self, bus: Bus, subject: str) -> None:
        durable, heard = uuid.uuid4().hex, Heard()
        await ensure_consumer(bus.link.js, LIVE_STREAM.name, durable, [subject])
        made = (await bus.link.js.consumer_info(LIVE_STREAM.name, durable)).config
        await bus.link.js.add_consumer(LIVE_STREAM.name, made.evolve(ack_wait=120.0, max_ack_pending=16))
        await bus.consume(LIVE_STREAM, durable, [subject], heard)
        await bus.publish(out(subject, "1"))
        await heard.until("1")
        config = (await bus.link.js.consumer_info(LIVE_STREAM.name, durable)).config
        assert (config.ack_wait, config.max_ack_pending) == (120, 16)


async def _durable(js: JetStreamContext, stream: str) -> dict[str, Any]:
    config: dict[str, Any] = (await js._api_request(f"$JS.API.CONSUMER.INFO.{stream}.own"))["config"]
    return config


async def _stream(js: JetStreamContext, name: str) -> dict[str, Any]:
    """The server's own words: nats-py knows less of it."""
    config: dict[str, Any] = (await js._api_request(f"$JS.API.STREAM.INFO.{name}"))["config"]
    return config


def _handled(durable: str, outcome: str) -> float:
    labels = {"consumer": durable, "outcome": outcome}
    return REGISTRY.get_sample_value("argus_consumer_messages_total", labels) or 0.0


class TestPublish:
    async def test_a_message_gets_the_next_sequence(self, bus: Bus, subject: str) -> None:
        first = await bus.publish(out(subject, "1"))
        assert await bus.publish(out(subject, "2")) > first

    async def test_the_same_id_is_stored_once(self, bus: Bus, subject: str) -> None:
        first = await bus.publish(out(subject, "1", "same-id-" + subject))
        again = await bus.publish(out(subject, "1", "same-id-" + subject))
        assert first == again

    async def test_one_message_that_cannot_be_sent_costs_its_neighbours_nothing(self, bus: Bus, subject: str) -> None:
        too_large = Outgoing(subject, b"x" * 9_000_000, "large")
        bad = Outgoing("not a subject", b"x", "bad")
        assert await bus.publish_all([out(subject, "1"), too_large, bad, out(subject, "2")]) == [
            True,
            False,
            False,
            True,
        ]

    async def test_what_is_never_sent_is_given_up(
        self, bus: Bus, subject: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def stuck(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr(bus.link.client, "publish", stuck)
            async with asyncio.timeout(30):
                with pytest.raises(BusUnavailable):
                    await bus.publish(out(subject, "1"), timeout_s=0.1)
        assert await bus.publish_all([out(subject, "2")]) == [True]

    async def test_without_nats_everything_says_so_at_once(self) -> None:
        bus = Bus(f"nats://127.0.0.1:{free_port()}")
        await bus.start()
        try:
            async with asyncio.timeout(2):
                with pytest.raises(BusUnavailable):
                    await bus.publish(out("argus.agent.a", "1"))
                with pytest.raises(BusUnavailable):
                    await bus.request(wire.BATCH_CREATE, b"")
                with pytest.raises(BusUnavailable):
                    await bus.send(wire.AUTH_REVOKED, b"")
                with pytest.raises(BusUnavailable):
                    await bus.replay(LIVE_STREAM, [wire.ALL_AGENTS], after=0, until=1, limit=1)
                with pytest.raises(BusUnavailable):
                    await bus.wait_until_ready(0.1)
                assert await bus.publish_all([out("argus.agent.a", "1")]) == [False]
            assert bus.waits_for() == "nats"
            assert BusUnavailable().status == 503
        finally:
            await bus.stop()


class TestConsume:
    async def test_every_message_is_handled(self, bus: Bus, subject: str) -> None:
        heard = Heard()
        await bus.consume(LIVE_STREAM, uuid.uuid4().hex, [subject], heard)
        await bus.publish_all([out(subject, str(n)) for n in range(200)])
        await heard.until(*map(str, range(200)))
        assert len(heard.texts) == 200

    async def test_retry_brings_it_back(self, bus: Bus, subject: str) -> None:
        calls: list[str] = []

        async def handler(message: Message) -> None:
            calls.append(message.data.decode())
            if len(calls) < 3:
                raise Retry(0.05)

        await bus.consume(LIVE_STREAM, uuid.uuid4().hex, [subject], handler)
        await bus.publish(out(subject, "1"))

        async def thrice() -> bool:
            return len(calls) == 3

        await eventually(thrice)

    async def test_reject_and_faults_do_not_hold_up_the_next(self, bus: Bus, subject: str) -> None:
        calls: list[str] = []

        async def handler(message: Message) -> None:
            text = message.data.decode()
            calls.append(text)
            if text == "bad":
                raise Reject("cannot be read")
            if text == "fault" and calls.count("fault") == 1:
                raise RuntimeError("a fault of the handler")

        await bus.consume(LIVE_STREAM, uuid.uuid4().hex, [subject], handler)
        await bus.publish_all([out(subject, "bad"), out(subject, "fault"), out(subject, "good")])

        async def all_done() -> bool:
            return calls.count("fault") == 2 and "good" in calls

        await eventually(all_done)
        assert calls.count("bad") == 1

    async def test_one_of_many_that_is_rejected_is_counted_and_does_not_come_again(
        self, bus: Bus, subject: str
    ) -> None:
        durable = uuid.uuid4().hex

        async def together(messages: Sequence[Message]) -> Sequence[Message]:
            return [message for message in messages if message.data == b"bad"]

        await bus.publish_all([out(subject, text) for text in ("good", "bad", "last")])
        await bus.consume_many(LIVE_STREAM, durable, [subject], together)

        async def all_counted() -> bool:
            return _handled(durable, "handled") == 2 and _handled(durable, "rejected") == 1

        await eventually(all_counted)
        info = await bus.link.js.consumer_info(LIVE_STREAM.name, durable)
        assert (info.num_ack_pending, info.num_pending) == (0, 0)

    async def test_of_many_only_those_that_could_not_be_handled_come_again(self, bus: Bus, subject: str) -> None:
        durable = uuid.uuid4().hex
        came: list[bytes] = []

        async def together(messages: Sequence[Message]) -> Sequence[Message]:
            came.extend(message.data for message in messages)
            late = [one for one in messages if one.data == b"late"] if came.count(b"late") == 1 else []
            bad = [one for one in messages if one.data == b"bad"]
            if late:
                raise Unhandled(late, bad)
            return bad

        await bus.publish_all([out(subject, text) for text in ("good", "late", "bad", "last")])
        await bus.consume_many(LIVE_STREAM, durable, [subject], together)

        async def all_counted() -> bool:
            return _handled(durable, "handled") == 3

        await eventually(all_counted)
        assert sorted(came) == [b"bad", b"good", b"last", b"late", b"late"]
        assert (_handled(durable, "failed"), _handled(durable, "rejected")) == (1, 1)
        info = await bus.link.js.consumer_info(LIVE_STREAM.name, durable)
        assert (info.num_ack_pending, info.num_pending) == (0, 0)

    @pytest.mark.parametrize(("size", "is_many"), [(100, True), (100_000, False)])
    async def test_more_come_at_once_where_they_are_small(
        self, bus: Bus, subject: str, size: int, is_many: bool
    ) -> None:
        counts: list[int] = []

        async def together(messages: Sequence[Message]) -> Sequence[Message]:
            counts.append(len(messages))
            return ()

        await bus.publish_all([Outgoing(subject, bytes(size), uuid.uuid4().hex) for _ in range(300)])
        await bus.consume_many(LIVE_STREAM, uuid.uuid4().hex, [subject], together)

        async def complete() -> bool:
            return sum(counts) >= 300

        await eventually(complete, 15)
        assert counts[0] <= 64
        assert (max(counts) > 64) is is_many

    async def test_two_replicas_share_the_work(self, nats_url: str, bus: Bus, subject: str) -> None:
        durable, one, two = uuid.uuid4().hex, Heard(), Heard()
        async with opened(nats_url) as other:
            await bus.consume(LIVE_STREAM, durable, [subject], one)
            await other.consume(LIVE_STREAM, durable, [subject], two)
            await bus.publish_all([out(subject, str(n)) for n in range(100)])

            async def complete() -> bool:
                return len(one.texts) + len(two.texts) >= 100

            await eventually(complete)
            assert sorted(one.texts + two.texts, key=int) == [str(n) for n in range(100)]

    async def test_a_durable_consumer_goes_on_after_a_kill_of_nats(self, nats: Child, subject: str) -> None:
        heard = Heard()
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            await bus.consume(LIVE_STREAM, "durable", [subject], heard)
            await bus.publish(out(subject, "before"))
            await heard.until("before")
            await restart(nats, bus)
            await bus.publish(out(subject, "after"))
            await heard.until("before", "after", timeout_s=20)

    async def test_what_was_published_while_nobody_consumed_is_handled_later(self, bus: Bus, subject: str) -> None:
        await bus.publish(out(subject, "early"))
        heard = Heard()
        await bus.consume(LIVE_STREAM, uuid.uuid4().hex, [subject], heard)
        await heard.until("early")


class TestLeaving:
    async def test_what_a_consumer_holds_goes_to_another_replica_at_once(
        self, nats_url: str, bus: Bus, subject: str
    ) -> None:
        durable, other = uuid.uuid4().hex, Heard()
        begun, goes_on, handled = asyncio.Event(), asyncio.Event(), list[str]()

        async def slow(message: Message) -> None:
            begun.set()
            await goes_on.wait()
            handled.append(message.data.decode())

        await bus.publish_all([out(subject, str(n)) for n in range(50)])
        async with opened(nats_url) as leaving:
            await leaving.consume(LIVE_STREAM, durable, [subject], slow)
            async with asyncio.timeout(20):
                await begun.wait()
            draining = asyncio.create_task(leaving.drain())
            await bus.consume(LIVE_STREAM, durable, [subject], other)
            goes_on.set()
            await draining
            # Messages that were kept would come after half a minute.
            async with asyncio.timeout(20):
                while len(other.texts) < 49:
                    await asyncio.sleep(0.02)
            assert handled == ["0"]
            assert sorted(other.texts, key=int) == [str(n) for n in range(1, 50)]

    async def test_an_idle_consumer_ends_without_waiting_for_its_next_message(
        self, nats_url: str, subject: str
    ) -> None:
        async with opened(nats_url) as leaving:
            await leaving.consume(LIVE_STREAM, uuid.uuid4().hex, [subject], Heard())

            async def fetches() -> bool:
                return bool(leaving.consumers.pulls)

            await eventually(fetches)
            await leaving.drain()
            assert not leaving.consumers.pulls

    async def test_a_request_that_waits_holds_up_none_behind_it(self, nats_url: str, bus: Bus) -> None:
        goes_on = asyncio.Event()

        async def answer(data: bytes) -> bytes:
            if data == b"slow":
                await goes_on.wait()
            return data

        async with opened(nats_url) as answering:
            await answering.respond("test.waits", answer, queue="q")
            await answering.link.settle(15)
            slow = asyncio.create_task(bus.request("test.waits", b"slow", timeout_s=20))
            assert await bus.request("test.waits", b"quick", timeout_s=20) == b"quick"
            assert not slow.done()
            goes_on.set()
            assert await slow == b"slow"

    async def test_who_leaves_a_queue_answers_what_it_has_and_others_the_rest(self, nats_url: str, bus: Bus) -> None:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def slow(data: bytes) -> bytes:
            begun.set()
            await goes_on.wait()
            return b"slow " + data

        async def quick(data: bytes) -> bytes:
            return b"quick " + data

        async with opened(nats_url) as leaving:
            await leaving.respond("test.leaving", slow, queue="q")
            await leaving.link.settle(15)
            first = asyncio.create_task(bus.request("test.leaving", b"1", timeout_s=20))
            async with asyncio.timeout(20):
                await begun.wait()
            async with opened(nats_url) as staying:
                await staying.respond("test.leaving", quick, queue="q")
                await staying.link.settle(15)
                left = asyncio.create_task(leaving.answer_no_more())
                await asyncio.sleep(0.2)
                await leaving.link.settle(15)
                assert [await bus.request("test.leaving", b"2") for _ in range(8)] == [b"quick 2"] * 8
                goes_on.set()
                await left
                assert await first == b"slow 1"


async def following(tail: Tail) -> None:
    async def ready() -> bool:
        return tail.is_following

    await eventually(ready, 15)


class TestTail:
    async def test_it_hears_from_now_on_and_in_order(self, bus: Bus, subject: str) -> None:
        await bus.publish(out(subject, "too early"))
        heard = Heard()
        tail = Tail(heard, heard.on_reset)
        await bus.tail(LIVE_STREAM, [subject], tail)
        await following(tail)
        await bus.publish_all([out(subject, str(n)) for n in range(300)], window=1)
        await heard.until("299")
        assert heard.texts == [str(n) for n in range(300)]
        assert heard.resets == 0

    async def test_no_gap_over_a_kill_of_nats(self, nats: Child, subject: str) -> None:
        heard, sent = Heard(), []
        url = f"nats://127.0.0.1:{nats.port}"
        async with opened(url) as bus, opened(url) as publisher:
            tail = Tail(heard, heard.on_reset)
            await bus.tail(LIVE_STREAM, [subject], tail)
            await following(tail)
            for round_ in range(3):
                for number in range(50):
                    text = f"{round_}.{number}"
                    if (await publisher.publish_all([out(subject, text)])) == [True]:
                        sent.append(text)
                await restart(nats, publisher)
            await publisher.publish(out(subject, "last"))
            await heard.until(*sent, "last", timeout_s=20)
            in_order = list(dict.fromkeys(heard.texts))
            assert [text for text in in_order if text in sent] == sent
            assert heard.resets == 0

    async def test_no_gap_over_cut_connections(self, nats: Child, subject: str) -> None:
        # The server and its consumers live on: what was on its way when a connection broke is the danger here.
        heard = Heard()
        async with opened(f"nats://127.0.0.1:{nats.port}") as publisher, Proxy(nats.port) as proxy:
            async with opened(f"nats://127.0.0.1:{proxy.port}") as bus:
                tail = Tail(heard, heard.on_reset)
                await bus.tail(LIVE_STREAM, [subject], tail)
                await following(tail)
                for round_ in range(4):
                    await asyncio.gather(
                        publisher.publish_all([out(subject, f"{round_}.{n}") for n in range(300)]), proxy.cut()
                    )
                await publisher.publish(out(subject, "last"))
                await heard.until("last", timeout_s=20)
                await heard.until(*(f"{r}.{n}" for r in range(4) for n in range(300)), timeout_s=20)
                assert heard.resets == 0

    async def test_a_rebuilt_stream_is_a_reset_and_then_goes_on(self, nats: Child, subject: str) -> None:
        heard = Heard()
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            tail = Tail(heard, heard.on_reset)
            await bus.tail(LIVE_STREAM, [subject], tail)
            await following(tail)
            await bus.publish_all([out(subject, str(n)) for n in range(20)])
            await heard.until("19")
            js = bus.link.js
            await js.delete_stream(LIVE_STREAM.name)
            await restart(nats, bus)

            async def reset() -> bool:
                return heard.resets > 0

            await eventually(reset, 20)
            await following(tail)
            await bus.publish(out(subject, "new life"))
            await heard.until("new life")

    async def test_a_rebuilt_stream_gives_no_number_again(self, nats: Child, subject: str) -> None:
        """Pages know their place by it: under one that they have seen lies nothing that they have not."""
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            before = [await bus.publish(out(subject, str(n))) for n in range(20)]
            js = bus.link.js
            await js.delete_stream(LIVE_STREAM.name)
            await restart(nats, bus)
            after = await bus.publish(out(subject, "new life"))
            assert after > before[-1]
            assert after < 2**53, "a browser's numbers hold no more"
            found = await bus.replay(LIVE_STREAM, [subject], after=before[5], until=after, limit=100)
            assert (found.messages, found.complete) == ([], False)

    async def test_an_emptied_stream_goes_on_counting(self, nats: Child, subject: str) -> None:
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            before = await bus.publish(out(subject, "of a time that is gone"))
            await bus.purge(LIVE_STREAM)
            assert await bus.publish(out(subject, "of the time after")) == before + 1
            found = await bus.replay(LIVE_STREAM, [subject], after=before - 1, until=before + 1, limit=100)
            assert not found.complete

    async def test_messages_that_aged_away_unseen_are_a_reset(self, nats: Child, subject: str) -> None:
        heard = Heard()
        async with opened(f"nats://127.0.0.1:{nats.port}") as bus, Proxy(nats.port) as proxy:
            async with opened(f"nats://127.0.0.1:{proxy.port}") as reader:
                tail = Tail(heard, heard.on_reset)
                await reader.tail(LIVE_STREAM, [subject], tail)
                await following(tail)
                await proxy.stop()
                await bus.publish_all([out(subject, str(n)) for n in range(5)])
                js = bus.link.js
                await js.purge_stream(LIVE_STREAM.name)
                await proxy.start()

                async def reset() -> bool:
                    return heard.resets > 0

                await eventually(reset, 20)


class TestReplay:
    @pytest.fixture
    async def stored(self, bus: Bus, subject: str) -> list[int]:
        return [await bus.publish(out(subject, str(n))) for n in range(10)]

    async def test_between_two_bounds(self, bus: Bus, subject: str, stored: list[int]) -> None:
        found = await bus.replay(LIVE_STREAM, [subject], after=stored[2], until=stored[6], limit=100)
        assert [m.data for m in found.messages] == [b"3", b"4", b"5", b"6"]
        assert [m.sequence for m in found.messages] == stored[3:7]
        assert found.complete

    async def test_nothing_new_is_complete(self, bus: Bus, subject: str, stored: list[int]) -> None:
        found = await bus.replay(LIVE_STREAM, [subject], after=stored[-1], until=stored[-1], limit=100)
        assert (found.messages, found.complete) == ([], True)

    async def test_other_subjects_are_left_out(self, bus: Bus, stored: list[int]) -> None:
        other = wire.agent_subject(uuid.uuid4().hex)
        found = await bus.replay(LIVE_STREAM, [other], after=stored[0], until=stored[-1], limit=100)
        assert (found.messages, found.complete) == ([], True)

    async def test_more_than_the_limit_says_so(self, bus: Bus, subject: str, stored: list[int]) -> None:
        found = await bus.replay(LIVE_STREAM, [subject], after=stored[0] - 1, until=stored[-1], limit=4)
        assert [m.data for m in found.messages] == [b"0", b"1", b"2", b"3"]
        assert not found.complete

    async def test_exactly_the_limit_is_complete(self, bus: Bus, subject: str, stored: list[int]) -> None:
        found = await bus.replay(LIVE_STREAM, [subject], after=stored[0] - 1, until=stored[-1], limit=10)
        assert (len(found.messages), found.complete) == (10, True)

    async def test_a_place_that_never_was_is_not_complete(self, bus: Bus, subject: str, stored: list[int]) -> None:
        _, last = await bus.stream_bounds(LIVE_STREAM)
        found = await bus.replay(LIVE_STREAM, [subject], after=last + 1000, until=last + 1000, limit=10)
        assert not found.complete

    async def test_many_messages_of_many_subjects(self, bus: Bus, subject: str) -> None:
        other = wire.agent_subject(uuid.uuid4().hex)
        begin = await bus.publish(out(other, "begin"))
        await bus.publish_all([out(s, str(n)) for n in range(700) for s in (subject, other)])
        _, last = await bus.stream_bounds(LIVE_STREAM)
        found = await bus.replay(LIVE_STREAM, [subject, other], after=begin, until=last, limit=5000)
        assert (len(found.messages), found.complete) == (1400, True)


class TestCore:
    async def test_a_request_is_answered(self, bus: Bus) -> None:
        async def double(data: bytes) -> bytes:
            return data * 2

        await bus.respond("test.double", double, queue="q")
        assert await bus.request("test.double", b"ab") == b"abab"

    async def test_nobody_there_is_unavailable_at_once(self, bus: Bus) -> None:
        async with asyncio.timeout(2):
            with pytest.raises(BusUnavailable):
                await bus.request("test.nobody", b"")

    async def test_one_of_a_queue_hears_and_all_without_one(self, bus: Bus, nats_url: str) -> None:
        heard: list[str] = []

        async def hear(subject: str, data: bytes) -> None:
            heard.append(f"{subject}:{data.decode()}")

        async with opened(nats_url) as other:
            for member in (bus, other):
                await member.listen("test.shared", hear, queue="q")
                await member.listen("test.all", hear)
            await asyncio.sleep(0.1)
            await bus.send("test.shared", b"1")
            await bus.send("test.all", b"1")

            async def three() -> bool:
                return len(heard) == 3

            await eventually(three)
            assert sorted(heard) == ["test.all:1", "test.all:1", "test.shared:1"]

    async def test_listeners_and_answers_are_there_again_after_a_kill(self, nats: Child) -> None:
        async def echo(data: bytes) -> bytes:
            return data

        connections = 0

        async def connected() -> None:
            nonlocal connections
            connections += 1

        async with opened(f"nats://127.0.0.1:{nats.port}") as bus:
            bus.on_connect(connected)
            await bus.respond("test.echo", echo, queue="q")
            assert await bus.request("test.echo", b"1") == b"1"
            await restart(nats, bus)
            assert await bus.request("test.echo", b"2") == b"2"

            async def twice() -> bool:
                return connections == 2

            await eventually(twice)

    async def test_what_was_asked_before_the_connection_stood_is_done_after(self, nats: Child) -> None:
        nats.kill()
        bus, heard = Bus(f"nats://127.0.0.1:{nats.port}"), Heard()
        await bus.start()

        async def echo(data: bytes) -> bytes:
            return data

        try:
            await bus.respond("test.early", echo, queue="q")
            await bus.consume(LIVE_STREAM, "early", ["argus.agent.early"], heard)
            nats.start()
            await bus.wait_until_ready(15)
            await bus.publish(out("argus.agent.early", "1"))
            await heard.until("1")

            async def answered() -> bool:
                return await bus.request("test.early", b"x") == b"x"

            await eventually(answered)
        finally:
            await bus.stop()

    async def test_several_processes_may_declare_the_streams_at_once(self, nats: Child) -> None:
        buses = [Bus(f"nats://127.0.0.1:{nats.port}") for _ in range(8)]
        for bus in buses:
            await bus.start()
        await asyncio.gather(*(bus.wait_until_ready(15) for bus in buses))
        for bus in buses:
            await bus.stop()
        assert isinstance(LIVE_STREAM, StreamSpec)


class Proxy:
    """A TCP proxy whose connections can be cut while both ends live."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        await asyncio.sleep(0.05)
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, out_ = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, out_}
        await asyncio.gather(_pump(reader, out_), _pump(upstream, writer), return_exceptions=True)
        self._writers -= {writer, out_}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


async def test_a_fetch_that_brings_nothing_ends_no_consumer(
    bus: Bus, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, n_empty = JetStreamContext.PullSubscription.fetch, 0

    async def fetch(self: JetStreamContext.PullSubscription, *given: Any, **more: Any) -> list[Msg]:
        nonlocal n_empty
        n_empty += 1
        return [] if n_empty <= 3 else await real(self, *given, **more)

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", fetch)
    heard: list[bytes] = []

    async def together(messages: Sequence[Message]) -> Sequence[Message]:
        heard.extend(message.data for message in messages)
        return ()

    await bus.consume_many(LIVE_STREAM, f"many-{uuid.uuid4().hex}", [subject], together)
    await bus.publish(out(subject, "after nothing"))

    async def arrived() -> bool:
        return heard == [b"after nothing"]

    await eventually(arrived, 15)
    assert n_empty > 3
