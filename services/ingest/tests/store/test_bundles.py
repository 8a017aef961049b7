"""What reaches the bus, also when NATS or the process dies in between."""

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import msgspec

from argus_contracts import bus as wire
from argus_ingest.app import SERVICE
from argus_ingest.testing import event
from argus_kit.app import http_app
from argus_kit.bus import Tail
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.testing import add_token, add_user, bearer_headers, eventually, make_settings, nats_child, running_client
from argus_schema import ingest as tables


class Listener:
    """Everything that one batch's subject carried."""

    def __init__(self):
        self.bundles = []
        self.tail = Tail(self._on_message, self._on_reset)

    async def _on_message(self, message):
        self.bundles.append(wire.decode(wire.EventBundle, message.data))

    async def _on_reset(self):
        pass

    def of(self, batch_id):
        return [bundle for bundle in self.bundles if bundle.batch_id == batch_id]

    def told(self, batch_id):
        return [
            (head.event_type, head.db_id, msgspec.json.decode(raw))
            for bundle in self.of(batch_id)
            for head, raw in zip(bundle.heads, bundle.events, strict=True)
        ]

    async def listen(self, bus):
        self.tail.last_sequence = 0
        await bus.tail(wire.LIVE_STREAM, [wire.ALL_EVENTS], self.tail)


async def test_one_bundle_per_batch_and_flush(ingest):
    listener = Listener()
    await listener.listen(ingest.platform.bus)
    batch = f"tell-{free_port()}-{os.getpid()}"
    sent = [event("batch_start", batch, n_total_jobs=1), event("job_epoch", batch, "j", epoch=1, loss=0.5)]
    await ingest.accept(*sent)
    await ingest.accept(*sent)
    await ingest.accept(event("job_epoch", batch, "j", epoch=2))
    await ingest.accept(event("batch_done", batch))

    async def arrived():
        return len(listener.of(batch)) == 3

    await eventually(arrived)
    first, second, _ = listener.of(batch)
    assert (first.project, first.owner_id, first.host) == ("vision", ingest.user_id, "gpu-01")
    told = listener.told(batch)
    assert [(kind, db_id) for kind, db_id, _ in told] == [
        ("batch_start", 1), ("job_epoch", 2), ("batch_summary", 2), ("job_epoch", 3), ("batch_done", 4),
        ("batch_summary", 4),
    ]  # fmt: skip
    assert told[1][2] == sent[1]
    assert [head.job_id for head in second.heads] == ["j"]
    assert told[-1][2]["data"] == {
        "status": "done", "n_total": 1, "n_done": 0, "n_failed": 0, "n_jobs": 1, "start_time": "2026-11-23T14:44:22Z",
        "end_time": "2026-11-23T14:44:22Z", "last_event_at": "2026-11-23T14:44:22Z", "is_stalled": False,
        "divergent": False, "pause_requested_at": None, "paused_at": None, "paused_s": 0,
    }  # fmt: skip
    assert told[-1][2]["source"]["project"] == "vision"
    await eventually(lambda: _is_empty(ingest.platform))


async def test_a_flush_larger_than_a_message_is_told_in_parts(ingest):
    listener = Listener()
    await listener.listen(ingest.platform.bus)
    batch = f"large-{free_port()}-{os.getpid()}"
    lines = [event("log_line", batch, line="x" * 200_000) for _ in range(8)]
    await ingest.accept(*lines, event("log_line", batch, line="y" * 2_000_000))

    async def arrived():
        return len(listener.told(batch)) == 10

    await eventually(arrived)
    told = listener.told(batch)
    assert [db_id for _, db_id, _ in told] == [*range(1, 10), 9]
    assert told[8][2]["data"]["truncated"] is True
    await eventually(lambda: _is_empty(ingest.platform))


async def test_a_deleted_batch_is_silent_and_still_written(ingest):
    await ingest.accept(event("batch_start"))
    await eventually(lambda: _is_empty(ingest.platform))
    async with ingest.database.write() as connection:
        at = (await ingest.batch()).created_at
        await connection.execute(tables.batch.update().values(deleted_at=at))
    listener = Listener()
    await listener.listen(ingest.platform.bus)
    key = (await ingest.batch()).batch_key
    await ingest.accept(event("batch_done"), event("batch_start", "seen"))
    await eventually(lambda: _is(listener.of("seen")))
    assert [kind for kind, *_ in listener.told("bench-1") if kind == "batch_done"] == []
    assert (await ingest.batch()).status == "done"
    assert len(await ingest.rows(tables.event, batch_key=key)) == 2


async def test_events_are_taken_without_nats_and_told_when_it_is_back(database_url, tmp_path):
    with nats_child() as nats:
        platform = Platform(make_settings(tmp_path, database_url, f"nats://127.0.0.1:{nats.port}"))
        async with running_client(http_app(SERVICE, platform)) as client:
            token = await add_token(platform.database, await add_user(platform.database))
            nats.kill()
            await eventually(lambda: _is(not platform.bus.is_connected))
            body = {"events": [event("batch_start"), event("job_epoch", job="j", epoch=1)]}
            for _ in range(2):
                answer = await client.post("/api/events/batch", json=body, headers=bearer_headers(token))
                assert answer.json()["accepted"] == 2
            assert "nats" in (await client.get("/readyz")).json()["waiting_for"]
            assert not await _is_empty(platform)
            nats.start()
            listener = Listener()
            await platform.bus.wait_until_ready(15)
            await listener.listen(platform.bus)
            await eventually(lambda: _is(len(listener.told("bench-1")) >= 3), 15)
            assert [kind for kind, *_ in listener.told("bench-1")] == ["batch_start", "job_epoch", "batch_summary"]
            await eventually(lambda: _is_empty(platform))


async def test_a_process_that_dies_after_the_commit_is_spoken_for(postgres_database, tmp_path):
    """kill -9 while NATS is away: everything acknowledged is in the table, and the next process tells it."""
    url = postgres_database.url.render_as_string(hide_password=False)
    token = await add_token(postgres_database, await add_user(postgres_database))
    with nats_child() as nats:
        nats.kill()
        port = free_port()
        settings = {
            "ARGUS_DB_URL": url, "ARGUS_NATS_URL": f"nats://127.0.0.1:{nats.port}", "ARGUS_HOME": str(tmp_path),
            "ARGUS_HTTP_PORT": str(port), "ARGUS_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        command = [sys.executable, "-m", "argus_kit.serve", "argus_ingest.app:create_app"]
        process = subprocess.Popen(command, env={**os.environ, **settings})
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                await eventually(lambda: _answers(client), 30)
                sent = [event("job_epoch", job="j", epoch=n) for n in range(30)]
                for one in sent:
                    answer = await client.post("/api/events", json=one, headers=bearer_headers(token), timeout=30)
                    assert answer.status_code == 200
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        nats.start()
        bus_settings = make_settings(tmp_path, url, f"nats://127.0.0.1:{nats.port}")
        platform = Platform(bus_settings)
        async with running_client(http_app(SERVICE, platform)) as client:
            listener = Listener()
            await listener.listen(platform.bus)
            await eventually(lambda: _is(len(listener.told("bench-1")) >= 31), 15)
            ids = [db_id for kind, db_id, _ in listener.told("bench-1") if kind == "job_epoch"]
            assert ids == list(range(1, 31))
            again = await client.post("/api/events/batch", json={"events": sent}, headers=bearer_headers(token))
            assert {result["status"] for result in again.json()["results"]} == {"deduplicated"}
            await eventually(lambda: _is_empty(platform))


async def _is(value):
    return value


async def _is_empty(platform):
    async with platform.database.read() as connection:
        return (await connection.execute(tables.outbox.select())).first() is None


async def _answers(client):
    try:
        return (await client.get("/livez")).status_code == 200
    except httpx.HTTPError:
        await asyncio.sleep(0.05)
        return False
