"""A reader that takes nothing is told so, and costs the others nothing."""

import asyncio
import socket
import time

import pytest

from argus_kit.testing import eventually
from argus_realtime.limits import Limits

_LINE = "x" * 100_000


async def stubborn(live, session, channels):
    """A connection that asks for a stream and reads as little as it can."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    host, _, port = live.url.removeprefix("http://").partition(":")
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    request = f"GET /api/sse?channels={channels} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {session}\r\n\r\n"
    await asyncio.get_running_loop().sock_sendall(sock, request.encode())
    return sock


async def read_until(sock, marker, timeout_s=20):
    """Everything that comes up to a marker."""
    found = bytearray()
    async with asyncio.timeout(timeout_s):
        while marker not in found:
            part = await asyncio.get_running_loop().sock_recv(sock, 1 << 20)
            assert part, "the stream ended"
            found += part
    return bytes(found)


class TestSlowReader:
    @pytest.fixture
    def limits(self):
        return Limits(queue_bytes=1 << 20, queue_chunks=64)

    @pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
    async def test_is_told_to_fetch_anew_and_then_goes_on_while_others_miss_nothing(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        slow = await stubborn(live, session, f"batch:{batch.id}")
        async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as quick:
            await quick.frame()

            async def both():
                return len(live.hub.routes.streams) == 2

            await eventually(both)
            count = 150
            delays = []
            for number in range(count):
                begin = time.perf_counter()
                await batch.emit(("log_line", None, {"line": _LINE, "n": number}))
                frame = await quick.frame()
                delays.append(time.perf_counter() - begin)
                assert frame.data["data"]["n"] == number
            assert max(s.queued_bytes for s in live.hub.routes.streams) <= (1 << 20) + 200_000
            assert sorted(delays)[count // 2] < 0.25
            await batch.emit(("batch_done", None, {}))
            got = await read_until(slow, b"event: batch_done")
            resync = got.index(b'event: resync\ndata: {"reason":"slow"')
            assert resync < got.index(b"event: batch_done")
        slow.close()

        async def gone():
            return not live.hub.routes.streams

        await eventually(gone)


class TestStuckReader:
    @pytest.fixture
    def limits(self):
        return Limits(stuck_s=1.0, queue_bytes=1 << 20)

    @pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
    async def test_is_let_go_after_a_while(self, live):
        ada, session = await live.user("ada")
        batch = await live.batch(ada)
        slow = await stubborn(live, session, f"batch:{batch.id}")

        async def there():
            return live.hub.routes.streams

        await eventually(there)
        for _ in range(100):
            await batch.emit(("log_line", None, {"line": _LINE}))

        async def gone():
            return not live.hub.routes.streams

        await eventually(gone, 10)
        slow.close()
