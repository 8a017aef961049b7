"""The streams as clients see them, over a real port, a real NATS and both databases."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.testing import add_token, eventually


async def attached(live, count=1):
    async def there():
        return len(live.hub.routes.streams) >= count

    await eventually(there)


class TestFrames:
    async def test_hello_then_the_full_envelope_with_id_and_channel(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
            headers = reader.response.headers
            assert headers["content-type"] == "text/event-stream; charset=utf-8"
            assert headers["cache-control"] == "no-cache, no-transform"
            assert headers["x-accel-buffering"] == "no"
            assert "content-encoding" not in headers
            hello = await reader.frame()
            assert hello.text.startswith(b'event: hello\ndata: {"subscribed":true,"channels":["batch:')
            assert hello.id is None
            assert hello.data["channels"] == [f"batch:{batch.id}"]
            assert [type(sid) for sid in hello.data["sids"]] == [int]
            (event_id,) = await batch.emit(("job_epoch", "j1", {"epoch": 3, "val_loss": 0.25}))
            frame = await reader.frame()
            assert re.match(rb"id: \d+-0\nevent: job_epoch\ndata: \{[^\n]*\}\n\n$", frame.text)
            assert frame.data == {
                "schema_version": "1.1",
                "event_type": "job_epoch",
                "timestamp": frame.data["timestamp"],
                "batch_id": batch.id,
                "job_id": "j1",
                "source": {"project": "proj", "host": None, "user": None, "commit": None, "command": None},
                "data": {"epoch": 3, "val_loss": 0.25},
                "event_id": event_id,
                "channel": f"batch:{batch.id}",
            }

    async def test_one_frame_per_event_and_channel(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada, jobs=("j1", "j2"))
        channels = f"batch:{batch.id},job:{batch.id}:j1,batch:{batch.id}"
        async with live.open("/api/sse", session, channels=channels) as reader:
            assert (await reader.frame()).data["channels"] == [f"batch:{batch.id}", f"job:{batch.id}:j1"]
            await batch.emit(("job_epoch", "j1", {"epoch": 1}), ("job_epoch", "j2", {"epoch": 1}))
            await batch.emit(("batch_done", None, {}))
            frames = await reader.all_until("batch_done")
            assert sorted((f.data["channel"], f.data["job_id"] or "", f.event) for f in frames) == [
                (f"batch:{batch.id}", "", "batch_done"),
                (f"batch:{batch.id}", "j1", "job_epoch"),
                (f"batch:{batch.id}", "j2", "job_epoch"),
                (f"job:{batch.id}:j1", "j1", "job_epoch"),
            ]

    async def test_other_batches_are_not_heard(self, live):
        ada, session = await live.user("ada")
        mine, other = await live.batch(ada), await live.batch(ada)
        async with live.open("/api/sse", session, channels=f"batch:{mine.id}") as reader:
            await reader.frame()
            await other.emit(("batch_start", None, {}))
            await mine.emit(("batch_done", None, {}))
            assert (await reader.frame()).event == "batch_done"

    async def test_token_in_the_query_and_header_first(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        viewer = await add_token(live.database, ada, prefix="em_view_")
        async with live.open("/api/sse", None, channels=f"batch:{batch.id}", token=viewer) as reader:
            assert (await reader.frame()).event == "hello"
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}", token="rubbish") as reader:
            assert (await reader.frame()).event == "hello"

    async def test_the_older_wire_has_no_channel(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        async with live.open("/api/events/stream", session, batch_id=batch.id) as reader:
            hello = await reader.frame()
            assert hello.data["subscribed"] is True
            assert isinstance(hello.data["sid"], int)
            await batch.emit(("log_line", None, {"line": "hi"}))
            frame = await reader.frame()
            assert frame.event == "log_line"
            assert "channel" not in frame.data

    async def test_an_admins_older_stream_can_be_narrowed(self, live):
        root, session = await live.user("root", is_admin=True)
        vision, speech = await live.batch(root, "vision"), await live.batch(root, "speech")
        async with live.open("/api/events/stream", session, project="speech") as reader:
            await reader.frame()
            await vision.emit(("batch_start", None, {}))
            await speech.emit(("batch_done", None, {}))
            assert (await reader.frame()).event == "batch_done"


class TestLogStreams:
    async def test_only_log_lines_of_the_batch_or_the_job(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada, jobs=("j1", "a/b"))
        async with (
            live.open(f"/api/batches/{batch.id}/logs/stream", session) as whole,
            live.open(f"/api/jobs/{batch.id}/a/b/logs/stream", session) as one,
        ):
            assert (await whole.frame()).data["stream"] == "log_tail"
            assert (await one.frame()).data["stream"] == "log_tail"
            await batch.emit(
                ("job_epoch", "a/b", {"epoch": 1}),
                ("log_line", "j1", {"line": "one"}),
                ("log_line", "a/b", {"line": "two"}),
            )
            assert [(await whole.frame()).data["data"]["line"] for _ in range(2)] == ["one", "two"]
            frame = await one.frame()
            assert frame.data["data"]["line"] == "two"
            assert "channel" not in frame.data

    async def test_the_ninth_displaces_the_first(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        path = f"/api/batches/{batch.id}/logs/stream"
        async with AsyncExitStack() as stack:
            first, *others = [await stack.enter_async_context(live.open(path, session)) for _ in range(9)]
            assert (await first.frame()).event == "hello"
            displaced = await first.frame()
            assert displaced.event == "displaced"
            assert isinstance(displaced.data["reason"], str)
            with pytest.raises(EOFError):
                await first.frame()
            await batch.emit(("log_line", None, {"line": "x"}))
            for other in others:
                assert [(await other.frame()).event for _ in range(2)] == ["hello", "log_line"]


class TestRefusals:
    async def test_each_has_its_status(self, live):
        ada, session = await live.user("ada")
        _, stranger = await live.user("eve")
        _, root = await live.user("root", is_admin=True)
        batch = await live.batch(ada, jobs=("j1",))
        agent = await add_token(live.database, ada, prefix="ag_live_", agent_id="agent-1")
        cases = [
            (await live.refusal("/api/sse", session), 422, ErrorCode.REQUEST_INVALID),
            (await live.refusal("/api/sse", session, channels=" ,"), 400, ErrorCode.STREAM_CHANNELS_EMPTY),
            (await live.refusal("/api/sse", session, channels="garbage"), 400, ErrorCode.STREAM_CHANNEL_INVALID),
            (
                await live.refusal("/api/sse", session, channels=",".join(f"batch:{n}" for n in range(65))),
                400,
                ErrorCode.STREAM_TOO_MANY_CHANNELS,
            ),
            (await live.refusal("/api/sse", channels="inbox"), 401, ErrorCode.AUTH_REQUIRED),
            (await live.refusal("/api/sse", "rubbish", channels="inbox"), 401, ErrorCode.AUTH_SESSION_INVALID),
            (await live.refusal("/api/sse", channels="inbox", token="em_live_x"), 401, ErrorCode.AUTH_TOKEN_INVALID),
            (await live.refusal("/api/sse", agent, channels="inbox"), 403, ErrorCode.AUTH_FORBIDDEN),
            (await live.refusal("/api/sse", session, channels="batch:none"), 403, ErrorCode.STREAM_FORBIDDEN),
            (await live.refusal("/api/sse", root, channels="batch:none"), 403, ErrorCode.STREAM_FORBIDDEN),
            (
                await live.refusal("/api/sse", stranger, channels=f"inbox,batch:{batch.id}"),
                403,
                ErrorCode.STREAM_FORBIDDEN,
            ),
            (await live.refusal("/api/sse", session, channels=f"job:{batch.id}:no"), 404, ErrorCode.JOB_NOT_FOUND),
            (await live.refusal("/api/sse", stranger, channels="dashboard"), 403, ErrorCode.STREAM_FORBIDDEN),
            (await live.refusal("/api/events/stream", session), 403, ErrorCode.STREAM_FORBIDDEN),
            (await live.refusal(f"/api/batches/{batch.id}/logs/stream", stranger), 403, ErrorCode.STREAM_FORBIDDEN),
            (await live.refusal(f"/api/jobs/{batch.id}/no/logs/stream", session), 404, ErrorCode.JOB_NOT_FOUND),
            (await live.refusal(f"/api/jobs/{batch.id}/j1/logs/stream", stranger), 403, ErrorCode.STREAM_FORBIDDEN),
        ]
        for answer, status, code in cases:
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.request.url
            assert ("www-authenticate" in answer.headers) == (status == 401)
        assert isinstance(cases[0][0].json()["detail"], list)
        assert all(isinstance(answer.json()["detail"], str) for answer, _, _ in cases[1:])


class TestVisible:
    async def test_lifecycle_of_what_one_may_see_and_nothing_else(self, live):
        ada, _ = await live.user("ada")
        bob, session = await live.user("bob")
        mine, hers = await live.batch(bob), await live.batch(ada)
        async with live.open("/api/sse", session, channels="visible") as reader:
            await reader.frame()
            await hers.emit(("batch_start", None, {}))
            await mine.emit(
                ("job_start", "j", {}),
                ("job_epoch", "j", {"epoch": 1}),
                ("log_line", "j", {"line": "x"}),
                ("resource_snapshot", None, {}),
                ("batch_summary", None, {"status": "running"}),
            )
            frames = [await reader.frame() for _ in range(3)]
            assert [f.event for f in frames] == ["job_start", "resource_snapshot", "batch_summary"]
            assert {f.data["channel"] for f in frames} == {"visible"}

    async def test_the_dashboard_shows_an_admin_everything(self, live):
        ada, _ = await live.user("ada")
        _, session = await live.user("root", is_admin=True)
        batch = await live.batch(ada)
        async with live.open("/api/sse", session, channels="dashboard") as reader:
            await reader.frame()
            await batch.emit(("job_epoch", "j", {"epoch": 1}))
            assert (await reader.frame()).data["channel"] == "dashboard"


class TestInbox:
    async def test_my_notifications_and_nobody_elses(self, live):
        ada, session = await live.user("ada")
        bus = live.platform.bus
        async with live.open("/api/sse", session, channels="inbox") as reader:
            await reader.frame()
            for user_id, title in ((ada + 1, "not mine"), (ada, "mine")):
                message = wire.InboxMessage(user_id=user_id, notification={"id": 5, "title": title})
                await bus.publish(Outgoing(wire.inbox_subject(user_id), wire.encode(message), f"{title}{live.url}"))
            frame = await reader.frame()
            assert frame.event == "notification"
            assert frame.data == {"id": 5, "title": "mine", "channel": "inbox"}
            assert frame.id


class TestDeliveries:
    async def test_admins_hear_of_all_and_others_of_those_about_a_batch_that_they_see(self, live):
        ada, session = await live.user("ada")
        _, head = await live.user("root", is_admin=True)
        mine, other = await live.batch(ada), await live.batch(ada)
        channels = f"deliveries:{mine.id},batch:{mine.id}"
        async with live.open("/api/sse", session, channels=channels) as reader:
            hello = (await reader.frame()).data["last_event_id"]
            async with live.open("/api/sse", head, channels="deliveries,inbox") as whole:
                await whole.frame()
                for number, keys in enumerate(([other.key], [mine.key], [])):
                    news = wire.DeliveryNews(batch_keys=keys, at=now())
                    await live.platform.bus.publish(Outgoing(wire.DELIVERIES, wire.encode(news), f"{number}{live.url}"))
                told = {"event_type": "deliveries", "channel": "deliveries"}
                assert [(await whole.frame()).data for _ in range(3)] == [told] * 3
            await mine.emit(("job_start", "j", {}))
            frames = [await reader.frame() for _ in range(2)]
            assert [frame.event for frame in frames] == ["deliveries", "job_start"]
            assert frames[0].data["channel"] == f"deliveries:{mine.id}"
        async with live.open("/api/sse", session, channels=channels, last_event_id=hello) as reader:
            await reader.frame()
            assert [(await reader.frame()).event for _ in range(2)] == ["deliveries", "job_start"]

    async def test_what_one_may_not_see_is_refused(self, live):
        ada, _ = await live.user("ada")
        _, stranger = await live.user("eve")
        batch = await live.batch(ada)
        for channel in ("deliveries", f"deliveries:{batch.id}"):
            answer = await live.refusal("/api/sse", stranger, channels=channel)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, ErrorCode.STREAM_FORBIDDEN)


class TestLimits:
    @pytest.fixture
    def limits(self):
        from argus_realtime.limits import Limits

        return Limits(max_streams_per_user=2, keepalive_s=0.3)

    async def test_streams_of_one_person(self, live):
        _, session = await live.user("ada")
        async with live.open("/api/sse", session, channels="inbox") as one:
            await one.frame()
            async with live.open("/api/sse", session, channels="inbox") as two:
                await two.frame()
                refused = await live.refusal("/api/sse", session, channels="inbox")
                assert refused.status_code == 429
                assert refused.json()["error"]["code"] == ErrorCode.STREAM_LIMIT_REACHED
                assert refused.headers["retry-after"]

        async def gone():
            return not live.hub.routes.streams

        await eventually(gone)
        async with live.open("/api/sse", session, channels="inbox") as again:
            assert (await again.frame()).event == "hello"

    async def test_silence_is_broken_by_a_keepalive(self, live):
        _, session = await live.user("ada")
        async with live.open("/api/sse", session, channels="inbox") as reader:
            await reader.frame()
            for _ in range(2):
                frame = await reader.frame(3)
                assert re.fullmatch(rb"event: keepalive\ndata: \d{10}\n\n", frame.text)


async def test_a_shutdown_ends_streams_with_a_hint(live):
    _, session = await live.user("ada")
    async with live.open("/api/sse", session, channels="inbox") as reader:
        await reader.frame()
        drained = asyncio.create_task(live.platform.drain())
        assert int((await reader.frame()).retry) > 0
        with pytest.raises(EOFError):
            await reader.frame()
        await drained
        refused = await live.refusal("/api/sse", session, channels="inbox")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, ErrorCode.SERVICE_DRAINING)


async def test_no_span_outlives_the_opening_or_carries_the_credential(live, monkeypatch):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from argus_kit import telemetry

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
    _, session = await live.user("ada")
    async with live.open("/api/sse", None, channels="inbox", token=session) as reader:
        await reader.frame()
        opened = [s for s in exporter.get_finished_spans() if s.attributes.get("http.path") == "/api/sse"]
        assert len(opened) == 1
        assert session not in "".join(span.to_json() for span in exporter.get_finished_spans())
    exporter.shutdown()
