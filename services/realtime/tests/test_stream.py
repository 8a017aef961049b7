"""The queue between the hub and one reader: bounded, in order, and honest about what it dropped."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from argus_kit.actor import Actor
from argus_realtime.frames import Control
from argus_realtime.limits import Limits
from argus_realtime.stream import Stream
from argus_realtime.views import View

ACTOR = Actor(user_id=1, username="ada", is_admin=False, kind="session", scope="full")


def make(**limits) -> Stream:
    return Stream(ACTOR, {View("batch", "batch:b", 1, "b"): 1}, Limits(**limits))


async def drain(stream: Stream) -> bytes:
    taken = b""
    while stream.queued_bytes:
        taken += await stream.next_chunk()
    return taken


@given(
    steps=st.lists(st.one_of(st.integers(1, 40), st.just("take")), max_size=60),
    queue_chunks=st.integers(1, 8),
    queue_bytes=st.integers(1, 120),
    send_bytes=st.integers(1, 60),
)
def test_what_arrives_is_in_order_and_every_loss_is_told(steps, queue_chunks, queue_bytes, send_bytes):
    async def run() -> None:
        stream = make(queue_chunks=queue_chunks, queue_bytes=queue_bytes, send_bytes=send_bytes)
        pushed, got, resync_at = [], b"", len(b"event: resync")
        assert resync_at
        for number, step in enumerate(steps):
            if step == "take":
                if stream.queued_bytes:
                    got += await stream.next_chunk()
            else:
                chunk = b"<%d:%s>\n\n" % (number, b"x" * step)
                pushed.append(chunk)
                stream.push(chunk)
                biggest = max(map(len, pushed))
                assert stream.queued_bytes <= max(queue_bytes, biggest) + 200
        got += await drain(stream)
        seen = [part + b"\n\n" for part in got.split(b"\n\n") if part]
        at = 0
        for frame in seen:
            if frame.startswith(b"event: resync"):
                at = None
                continue
            found = pushed.index(frame)
            if at is None:
                at = found
            assert found == at, "a frame is missing without a resync before it"
            at = found + 1
        if at is not None:
            assert at == len(pushed), "the last frames are missing without a resync"

    asyncio.run(run())


async def test_a_full_queue_keeps_what_is_said_about_the_stream():
    stream = make(queue_chunks=2)
    stream.tell(Control(b"event: hello\ndata: {}\n\n"))
    stream.tell(Control(b"event: closed\ndata: {}\n\n"))
    for _ in range(5):
        stream.push(b"id: 1-1\nevent: x\ndata: {}\n\n")
    text = await drain(stream)
    assert text.startswith(b"event: hello")
    assert b"event: closed" in text
    assert text.count(b"event: resync") == 1


async def test_one_chunk_larger_than_the_queue_passes_when_nothing_waits():
    stream = make(queue_bytes=10)
    stream.push(b"x" * 100)
    assert await stream.next_chunk() == b"x" * 100


async def test_waiting_chunks_leave_together_up_to_the_send_size():
    stream = make(send_bytes=10)
    for _ in range(4):
        stream.push(b"12345")
    assert await stream.next_chunk() == b"1234512345"
    assert await stream.next_chunk() == b"1234512345"


async def test_live_chunks_wait_for_the_end_of_a_replay():
    stream = make()
    stream.hold()
    stream.deliver(b"live")
    stream.append(b"old")
    assert stream.release()
    assert await drain(stream) == b"oldlive"


async def test_too_much_held_back_is_left_to_the_replay():
    stream = make(queue_chunks=4)
    stream.hold()
    for _ in range(5):
        stream.deliver(b"live")
    stream.append(b"old")
    assert not stream.release()
    assert await drain(stream) == b"old"


async def test_the_end_comes_after_what_waits():
    stream = make()
    stream.push(b"event")
    stream.end(Control(b"bye"))
    stream.push(b"late")
    assert await stream.next_chunk() == b"eventbye"
    assert await stream.next_chunk() is None
