"""The seam between replay and live rests on the hub's position."""

import asyncio

import pytest
from msgspec import Raw

from argus_contracts import bus as wire
from argus_kit.actor import Actor
from argus_kit.bus import Message
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.testing import make_settings
from argus_realtime.frames import Control
from argus_realtime.hub import Hub
from argus_realtime.limits import Limits
from argus_realtime.views import View

ACTOR = Actor(user_id=1, username="ada", is_admin=False, kind="session", scope="full")


@pytest.fixture
def hub(tmp_path):
    """A hub that is not started: messages come from the test."""
    settings = make_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'none.db'}", "nats://127.0.0.1:1")
    return Hub(Platform(settings), Limits())


def message(sequence: int, data: bytes | None = None) -> Message:
    head = wire.EventHead("job_epoch", "j", sequence)
    bundle = wire.EventBundle(
        batch_key=5, batch_id="b", project="p", flush_id="f", heads=[head], events=[Raw(b'{"n":%d}' % sequence)]
    )
    return Message(wire.event_subject(5), data or wire.encode(bundle), {}, sequence, now())


def attach(hub: Hub):
    stream = hub.open(ACTOR, [View("batch", "batch:b", 5, "b")])
    hub.attach(stream, Control(b"hello\n\n"), None)
    return stream


async def test_a_message_counts_as_soon_as_it_is_fanned_out(hub):
    handling = asyncio.create_task(hub._on_message(message(7)))
    await asyncio.sleep(0)
    assert not handling.done()
    assert hub.position == 7
    await handling


async def test_a_message_that_comes_again_is_not_shown_twice(hub):
    stream = attach(hub)
    for sequence in (7, 7, 8):
        await hub._on_message(message(sequence))
    text = await stream.next_chunk()
    assert text.count(b"id: 7-0") == 1
    assert text.count(b"id: 8-0") == 1


async def test_a_message_that_cannot_be_read_is_told_and_the_next_one_shown(hub):
    stream = attach(hub)
    await hub._on_message(message(7, b"garbage"))
    await hub._on_message(message(8))
    text = await stream.next_chunk()
    assert text.index(b'event: resync\ndata: {"reason":"gap"') < text.index(b"id: 8-0")
