"""How many events per second are stored: `POST /api/events/batch` (or `/api/events`), acknowledged = durable.

    python bench/ingest.py --url http://127.0.0.1:8000 --token em_live_... --events 100000 --batch-size 500 --clients 4

Each client reports batches of its own over one keep-alive connection: four numbers per epoch, ten jobs. Prints one JSON
object. With `--batch-size 1` the single route is used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from urllib.parse import urlsplit


def body_of(client: int, number: int, size: int) -> bytes:
    """The body of one request."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    events = []
    for place in range(size):
        step = number * size + place
        events.append(
            {
                "schema_version": "1.1",
                "event_id": str(uuid.uuid4()),
                "event_type": "job_epoch",
                "timestamp": stamp,
                "batch_id": f"bench-{RUN}-{client}",
                "job_id": f"job-{step % 10}",
                "source": {"project": "bench", "host": "bench-host", "user": "bench", "command": "python train.py"},
                "data": {"epoch": step // 10, "train_loss": 1 / (step + 1), "val_loss": 1 / (step + 2), "lr": 0.001,
                         "batch_time_ms": 12.5},
            }
        )  # fmt: skip
    return json.dumps(events[0] if size == 1 else {"events": events}).encode()


RUN = uuid.uuid4().hex[:8]


class Client:
    """One keep-alive HTTP/1.1 connection; nothing but what the measurement needs, so that the server is measured."""

    def __init__(self, url: str, token: str, path: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def post(self, body: bytes) -> tuple[int, bytes]:
        self.writer.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return int(head[9:12]), await self.reader.readexactly(length)


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Send everything and count what was acknowledged."""
    single = args.batch_size == 1
    requests = max(1, args.events // args.batch_size // args.clients)
    bodies = [[body_of(c, n, args.batch_size) for n in range(requests)] for c in range(args.clients)]
    clients = [Client(args.url, args.token, "/api/events" if single else "/api/events/batch") for _ in bodies]
    await asyncio.gather(*(client.open() for client in clients))
    # The first request of a token checks its secret, which is slow on purpose.
    await clients[0].post(body_of(args.clients, 0, args.batch_size))
    latencies: list[float] = []
    stored = refused = 0

    async def run(client: Client, own: list[bytes]) -> None:
        nonlocal stored, refused
        for body in own:
            begin = time.perf_counter()
            status, answer = await client.post(body)
            latencies.append(time.perf_counter() - begin)
            if status == 200:
                stored += 1 if single else json.loads(answer)["accepted"]
            else:
                refused += 1

    begin = time.perf_counter()
    await asyncio.gather(*(run(client, own) for client, own in zip(clients, bodies, strict=True)))
    elapsed = time.perf_counter() - begin
    latencies.sort()
    return {
        "events_per_second": round(stored / elapsed),
        "requests_per_second": round(len(latencies) / elapsed),
        "events": stored,
        "refused_requests": refused,
        "batch_size": args.batch_size,
        "clients": args.clients,
        "seconds": round(elapsed, 3),
        "p50_ms": round(latencies[len(latencies) // 2] * 1000, 2),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--clients", type=int, default=4)
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
