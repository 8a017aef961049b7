import msgspec

from argus_contracts.bus import EventBundle, EventHead
from argus_realtime.frames import Position, Rendered, control, parse_position, suffix


def rendered(*events: bytes) -> Rendered:
    heads = [EventHead("log_line", f"j{n}", n) for n in range(len(events))]
    bundle = EventBundle(
        batch_key=1, batch_id="b", project="p", flush_id="f", heads=heads, events=[msgspec.Raw(e) for e in events]
    )
    return Rendered(7, bundle)


class TestChunk:
    def test_passes_the_events_bytes_through_and_adds_the_channel(self):
        chunk = rendered(b'{"a":1.10,"b":"\xc3\xa9"}').chunk([0], suffix("batch:b"))
        assert chunk == b'id: 7-0\nevent: log_line\ndata: {"a":1.10,"b":"\xc3\xa9","channel":"batch:b"}\n\n'

    def test_adds_no_channel_where_the_older_wire_has_none(self):
        assert rendered(b'{"a":1}').chunk([0], suffix(None)) == b'id: 7-0\nevent: log_line\ndata: {"a":1}\n\n'

    def test_picks_events_and_keeps_their_places(self):
        chunk = rendered(b'{"n":0}', b'{"n":1}', b'{"n":2}').chunk([0, 2], suffix(None))
        assert [line for line in chunk.split(b"\n") if line.startswith(b"id")] == [b"id: 7-0", b"id: 7-2"]

    def test_line_breaks_between_tokens_cannot_end_a_frame(self):
        chunk = rendered(b'{\n"a":\r\n1\n}').chunk([0], suffix("inbox"))
        assert chunk == b'id: 7-0\nevent: log_line\ndata: {"a":1,"channel":"inbox"}\n\n'

    def test_a_channels_quotes_and_line_breaks_are_escaped(self):
        chunk = rendered(b'{"a":1}').chunk([0], suffix('batch:"\n'))
        assert chunk.endswith(b'"channel":"batch:\\"\\n"}\n\n')


def test_an_event_name_cannot_carry_a_line_break():
    one = rendered(b"{}")
    one.bundle.heads[0] = EventHead("x\ndata: forged", None, 1)
    assert b"\nevent: message\n" in one.chunk([0], suffix(None))


def test_positions_round_trip_and_garbage_is_none():
    assert parse_position(str(Position(12, 3))) == (12, 3)
    for text in ("", "12", "-1-2", "1-2-3", "x-1", "1-x", "9" * 30 + "-1", "²-1"):
        assert parse_position(text) is None


def test_control_frames_have_no_id():
    assert control("keepalive", 1795445153) == b"event: keepalive\ndata: 1795445153\n\n"
