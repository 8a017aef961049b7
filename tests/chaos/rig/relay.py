"""A TCP way that can be cut, stalled and slowed while others talk over it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from argus_kit.ports import free_port


class Relay:
    """Listens on `port` and passes on to the port that `target` names at that moment. Runs in a thread of its own."""

    def __init__(self, target: Callable[[], int]) -> None:
        self.port = free_port()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._delay_s = 0.0
        self._is_cut = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(5), "the relay never listened"

    def cut(self) -> None:
        """End all connections; whoever comes meets a closed door."""
        self._call(self._cut)

    def stall(self) -> None:
        """Let no byte through, and tell nobody."""
        self._call(self._flows.clear)

    def slow(self, delay_s: float) -> None:
        """Hold each piece of data up for so many seconds."""
        self._delay_s = delay_s

    def heal(self) -> None:
        """As if nothing had been."""
        self._is_cut = False
        self._delay_s = 0.0
        self._call(self._flows.set)

    def close(self) -> None:
        """Listen no more."""
        self._call(self._loop.stop)
        self._thread.join(5)

    def _call(self, action: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(action)

    def _cut(self) -> None:
        self._is_cut = True
        for task in self._open:
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        self._loop.run_until_complete(asyncio.gather(*self._open, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            if self._is_cut:
                return
            there, out = await asyncio.open_connection("127.0.0.1", self._target())
            writers.append(out)
            ways = [asyncio.create_task(self._pass_on(*way)) for way in ((reader, out), (there, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the way was cut
        finally:
            for one in writers:
                with contextlib.suppress(Exception):
                    one.transport.abort() if self._is_cut else one.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                writer.write(data)
                await writer.drain()
