"""Event to browser: from the sending of a POST to the frame at each of many SSE clients, all on one batch.

    python -m bench.fanout --url http://127.0.0.1:8000 --token em_live_... --clients 500

Reports events to /api/events/batch of the system at --url and prints one JSON object. Readers and the sender are bare
sockets, so that what is measured is Argus and not a client library (httpx alone takes a millisecond and more for a
request); they share this process's one core all the same. All streams are one person's: above 200 clients start the
server with ARGUS_SSE_MAX_STREAMS_PER_USER=20000.
"""

import argparse
import asyncio
import json
import re
import time
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bench import wire

_SENT = re.compile(rb'"sent_at":([0-9.]+)')


class Chunks:
    """Takes an HTTP response with chunked transfer apart: a proxy cuts its chunks wherever it likes."""

    def __init__(self):
        self.raw = b""
        self.status = None

    def feed(self, data):
        """The body bytes that became complete with `data`."""
        self.raw += data
        if self.status is None:
            head, found, rest = self.raw.partition(b"\r\n\r\n")
            if not found:
                return b""
            self.status, self.raw = head.split(b"\r\n")[0], rest
        body = []
        while True:
            line, found, rest = self.raw.partition(b"\r\n")
            size = int(line, 16) if found else None
            if size is None or len(rest) < size + 2:
                return b"".join(body)
            body.append(rest[:size])
            self.raw = rest[size + 2 :]


class Client(asyncio.Protocol):
    """One browser: notes how long each frame took."""

    def __init__(self, request, hello, delays):
        self.request = request
        self.hello = hello
        self.delays = delays
        self.rest = b""
        self.chunks = Chunks()
        self.resyncs = 0

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data):
        at = time.time()
        data = self.rest + self.chunks.feed(data)
        complete, _, self.rest = data.rpartition(b"\n\n")
        if not self.hello.done() and self.chunks.status is not None:
            if b" 200 " not in self.chunks.status:
                self.hello.set_exception(RuntimeError(self.chunks.status.decode(errors="replace")))
            elif b"event: hello" in complete:
                self.hello.set_result(None)
        self.resyncs += complete.count(b"event: resync")
        for sent in _SENT.findall(complete):
            self.delays.append(at - float(sent))


def event(batch_id, kind, **data):
    return {
        "schema_version": "1.1",
        "event_type": kind,
        "timestamp": datetime.now(UTC).isoformat(),
        "batch_id": batch_id,
        "job_id": "job-1" if kind.startswith("job") else None,
        "source": {"project": "bench-fanout"},
        "data": data,
        "event_id": str(uuid.uuid4()),
    }


async def report(sender, events):
    status, answer = await sender.post(json.dumps({"events": events}).encode())
    assert status == 200, answer
    rejected = [r for r in json.loads(answer).get("results", []) if r.get("status") == "rejected"]
    assert not rejected, rejected[:3]


async def arrive(delays, wanted, timeout_s):
    deadline = time.monotonic() + timeout_s
    while len(delays) < wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.005)


def quantile(values, q):
    return round(sorted(values)[min(int(len(values) * q), len(values) - 1)] * 1000, 2) if values else None


async def run(options):
    batch_id = f"bench-{uuid.uuid4().hex[:10]}"
    url = urlsplit(options.url)
    host, port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
    delays, clients, loop = [], [], asyncio.get_running_loop()
    sender = wire.Client(options.url, options.token, "/api/events/batch")
    await sender.open()
    await report(sender, [event(batch_id, "batch_start", n_total_jobs=1), event(batch_id, "job_start")])
    request = (
        f"GET /api/sse?channels=batch:{batch_id} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {options.token}\r\n\r\n"
    ).encode()
    begin = time.perf_counter()
    for at in range(0, options.clients, 100):
        hellos = []
        for _ in range(min(100, options.clients - at)):
            client = Client(request, loop.create_future(), delays)
            hellos.append(client.hello)
            clients.append(client)
            await loop.create_connection(lambda client=client: client, host, port)
        async with asyncio.timeout(60):
            await asyncio.gather(*hellos)
    opened = time.perf_counter() - begin
    for number in range(options.events):
        delays_before = len(delays)
        await report(sender, [event(batch_id, "job_epoch", epoch=number, sent_at=time.time())])
        await arrive(delays, delays_before + options.clients, 10)
    single = list(delays)
    delays.clear()
    begin = time.perf_counter()
    sent_at = time.time()
    burst = [event(batch_id, "job_epoch", epoch=1000 + n, sent_at=sent_at) for n in range(options.burst)]
    await report(sender, burst)
    await arrive(delays, options.burst * options.clients, 60)
    burst_s = time.perf_counter() - begin
    result = {
        "clients": options.clients,
        "open_s": round(opened, 3),
        "events": options.events,
        "p50_ms": quantile(single, 0.5),
        "p99_ms": quantile(single, 0.99),
        "missed": options.events * options.clients - len(single),
        "burst": options.burst,
        "burst_last_ms": round(burst_s * 1000, 1),
        "burst_missed": options.burst * options.clients - len(delays),
        "resyncs": sum(client.resyncs for client in clients),
    }
    for client in clients:
        client.transport.abort()
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True, help="an em_live_ token")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--events", type=int, default=50, help="events sent one by one")
    parser.add_argument("--burst", type=int, default=500, help="events sent at once afterwards")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
