"""How many events per second are stored: `POST /api/events/batch` (or `/api/events`), acknowledged = durable.

    python -m bench.ingest --url http://127.0.0.1:8000 --token em_live_... --events 100000 --batch-size 500 --clients 4

Each client reports batches of its own over one keep-alive connection: four numbers per epoch, ten jobs. All bodies are
made before the clock runs. Prints one JSON object. With `--batch-size 1` the single route is used. `--offered N` offers
N events a second whatever comes back; `--pid` adds who used the processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from collections import Counter

import uvloop
from bench.cpu import Usage
from bench.wire import Client

RUN = uuid.uuid4().hex[:8]


def body_of(client: int, number: int, size: int, more: int = 0) -> bytes:
    """The body of one request; its epochs have so many numbers more than four."""
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
                         "batch_time_ms": 12.5, **{f"metric_{n}": (n + 1) / (step + 1) for n in range(more)}},
            }
        )  # fmt: skip
    return json.dumps(events[0] if size == 1 else {"events": events}).encode()


class Tally:
    """What came back."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.latencies: list[float] = []
        self.stored = 0
        self.statuses: Counter[int] = Counter()

    def take(self, status: int, answer: bytes, seconds: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        if status == 200:
            self.latencies.append(seconds)
            # {"accepted":500,... is how every answer to a batch begins.
            self.stored += 1 if self.size == 1 else int(answer[12 : answer.index(b",")])

    def quantile_ms(self, share: float) -> float | None:
        """Time of the accepted requests."""
        found = sorted(self.latencies)
        return round(found[min(len(found) - 1, int(len(found) * share))] * 1000, 2) if found else None


async def as_fast_as_answered(client: Client, own: list[bytes], tally: Tally) -> None:
    """Each request follows the answer to the one before."""
    for request in own:
        begin = time.perf_counter()
        status, answer = await client.send(request)
        tally.take(status, answer, time.perf_counter() - begin)


async def at_a_rate(client: Client, own: list[bytes], tally: Tally, every_s: float) -> None:
    """A request every `every_s`, or as soon after as the answer before it is there; a refused one is not repeated."""
    begin = time.perf_counter()
    for place, request in enumerate(own):
        due = begin + place * every_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent = time.perf_counter()
        status, answer = await client.send(request)
        tally.take(status, answer, time.perf_counter() - sent)


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Send everything and count what was acknowledged."""
    single = args.batch_size == 1
    requests = max(1, args.events // args.batch_size // args.clients)
    path = "/api/events" if single else "/api/events/batch"
    clients = [Client(args.url, args.token, path) for _ in range(args.clients)]
    await asyncio.gather(*(client.open() for client in clients))
    # The first request of a token checks its secret, which is slow on purpose.
    more = args.numbers - 4
    await clients[0].post(body_of(args.clients, 0, args.batch_size, more))
    bodies = [
        [client.request(body_of(number, n, args.batch_size, more)) for n in range(requests)]
        for number, client in enumerate(clients)
    ]
    tally = Tally(args.batch_size)
    usage = Usage(args.pid) if args.pid else None
    every_s = args.clients * args.batch_size / args.offered if args.offered else 0.0
    begin, begin_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(
        *(
            at_a_rate(client, own, tally, every_s) if every_s else as_fast_as_answered(client, own, tally)
            for client, own in zip(clients, bodies, strict=True)
        )
    )
    elapsed, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    return {
        "events_per_second": round(tally.stored / elapsed),
        "requests_per_second": round(sum(tally.statuses.values()) / elapsed),
        "events": tally.stored,
        "refused_requests": sum(count for status, count in tally.statuses.items() if status != 200),
        "statuses": dict(tally.statuses),
        "batch_size": args.batch_size,
        "clients": args.clients,
        "seconds": round(elapsed, 3),
        "p50_ms": tally.quantile_ms(0.5),
        "p99_ms": tally.quantile_ms(0.99),
        "client_cpu": round(cpu / elapsed, 3),
        **({"offered": args.offered} if args.offered else {}),
        **({"cpu_seconds": usage.by_program()} if usage else {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--numbers", type=int, default=4, help="numbers of an epoch, four or more")
    parser.add_argument("--offered", type=int, default=0, help="events a second to send, whatever comes back")
    parser.add_argument("--pid", type=int, default=0, help="the server's first process")
    print(json.dumps(uvloop.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
