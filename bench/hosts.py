"""Agents for measurements: a line of HTTP each, and nothing else of a host, so that the server is what is measured."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

HEARTBEAT_S = 30.0
WAIT_S = 25
_PATIENCE = 60


class Busy(RuntimeError):
    """The server asks to come again."""


class Line:
    """One keep-alive connection with one token; opened anew where the server has closed it."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._place = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._head = f"Host: {self._place[0]}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        # A beat and an acknowledgement may fall together: one question at a time, or they read each other's answers.
        self._turn = asyncio.Lock()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON, None when it is empty.

        Raises:
            Busy: the server has no time now.
            RuntimeError: it refused.
        """
        data = b"" if body is None else json.dumps(body).encode()
        text = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(data)}\r\n\r\n".encode() + data
        async with self._turn:
            try:
                status, answer = await self._send(text)
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                status, answer = await self._send(text)
        if status in {429, 503}:
            raise Busy(f"{method} {path}: {status} {answer[:300]!r}")
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _send(self, text: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        writer.write(text)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"content-length:")
        size = int(rest.split(b"\r")[0]) if found else 0
        return int(head[9:12]), await reader.readexactly(size)


class SimulatedAgent:
    """Registers, asks with held polls or every ten seconds, beats; `on_command` carries out what comes."""

    def __init__(self, url: str, token: str, name: str, on_command: Callable[[Any, dict[str, Any]], Any]) -> None:
        self.name = name
        self.batch_id = f"bench-{name}"
        self._url, self._person = url, Line(url, token)
        self._on_command = on_command
        self._known: set[str] = set()
        self.path = ""
        self.telling: Line | None = None

    async def register(self) -> None:
        """Become known, with an ended batch that can be run again."""
        told = await self._introduce()
        self.path = f"/api/agents/{told['agent_id']}"
        self._token: str = told["agent_token"]
        self.telling = Line(self._url, self._token)
        await self.telling.ask("POST", f"{self.path}/heartbeat", {})
        await self._person.ask("POST", "/api/events/batch", {"events": recorded(self.batch_id, self.name, "true")})
        self._person.close()

    async def _introduce(self) -> Any:
        # Setting up is not what is measured: a server that is busy minting tokens is asked again.
        for _ in range(_PATIENCE):
            try:
                return await self._person.ask("POST", "/api/agents/register", {"hostname": self.name})
            except Busy:
                await asyncio.sleep(1)
        raise RuntimeError(f"{self.name} could not register")

    async def serve(self, *, is_held: bool, begin_s: float) -> None:
        """Ask for commands and beat, for ever."""
        await asyncio.sleep(begin_s)
        await asyncio.gather(self._poll(is_held=is_held), self._beat())

    async def _poll(self, *, is_held: bool) -> None:
        line = Line(self._url, self._token)
        query = f"?wait_s={WAIT_S}&known_keys=99" if is_held else ""
        while True:
            for command in (await line.ask("GET", f"{self.path}/jobs{query}"))["jobs"]:
                if command["id"] not in self._known:
                    self._known.add(command["id"])
                    await self._on_command(self, command)
            if not is_held:
                await asyncio.sleep(10)

    async def _beat(self) -> None:
        assert self.telling is not None
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self.telling.ask("POST", f"{self.path}/heartbeat", {"clock": datetime.now(UTC).isoformat()})


def recorded(batch_id: str, host: str, command: str, cwd: str = "/tmp") -> list[dict[str, Any]]:
    """The events of a batch that ended on a host, with a command that can be run again."""
    source = {"project": "bench-commands", "host": host, "command": command}
    told = (("batch_start", {"n_total_jobs": 1}), ("env_snapshot", {"cwd": cwd}), ("batch_done", {}))
    return [
        {
            "schema_version": "1.1",
            "event_id": str(uuid.uuid4()),
            "event_type": kind,
            "timestamp": datetime.now(UTC).isoformat(),
            "batch_id": batch_id,
            "job_id": None,
            "source": source,
            "data": data,
        }
        for kind, data in told
    ]
