"""A running stack looked at from inside: its replicas' own counts, what waits in it, and what it has written."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import asyncpg
import httpx
import psutil
from bench.cpu import Usage, program
from bench.servers import Target

_SETTLED_S = 120


class System:
    """One stack. `state` is what it writes down of itself: ports by the names of processes."""

    def __init__(self, target: Target) -> None:
        self.target = target
        room = target.home / "stack"
        self.ports: dict[str, int] = json.loads((room / "state.json").read_text())["ports"]
        self._password: str = json.loads((room / "secrets.json").read_text())["postgres"]
        # CPU seconds a second while nothing happens, by program.
        self.idle: dict[str, float] = {}

    def replicas(self, app: str) -> list[str]:
        """Names of the processes that run an app."""
        return [name for name in self.ports if re.fullmatch(rf"{app}(-\d+)?", name)]

    def counts(self, app: str, metric: str) -> list[float]:
        """What each replica of an app counts: the sum of a metric over its labels."""
        return [self._sum(name, metric) for name in self.replicas(app)]

    def _sum(self, name: str, metric: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.ports[name]}/metrics", timeout=20).text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(rf"{metric}[{{ ]", line))

    def rest(self, seconds: float) -> dict[str, float]:
        """Look at the system while nothing happens; from then on `spent` takes that off."""
        self.settle()
        usage = Usage(self.target.pid)
        time.sleep(seconds)
        self.idle = {name: cpu / seconds for name, cpu in usage.by_program().items()}
        return self.idle

    def spent(self, usage: Usage, since: float) -> dict[str, float]:
        """CPU seconds by program beyond those of rest, once everything that was begun is done."""
        self.settle()
        wall = time.monotonic() - since
        found = {name: cpu - self.idle.get(name, 0.0) * wall for name, cpu in usage.by_program().items()}
        return {name: cpu for name, cpu in found.items() if cpu > 0}

    def settle(self) -> None:
        """Wait until every message has reached whoever handles it, and no outbox holds one.

        Raises:
            TimeoutError: it takes too long.
        """
        deadline = time.monotonic() + _SETTLED_S
        while time.monotonic() < deadline:
            if not self._waiting() and not self.ask("select count(*) from ingest_outbox"):
                return
            time.sleep(0.2)
        raise TimeoutError(f"{self._waiting()} messages still wait after {_SETTLED_S} s")

    def _waiting(self) -> int:
        consumers = [one for stream in self._streams() for one in stream.get("consumer_detail") or ()]
        durable = [one for one in consumers if one["config"].get("durable_name")]
        return sum(one["num_pending"] + one["num_ack_pending"] for one in durable)

    def bus_bytes(self) -> int:
        """What the stream of events holds on the disk."""
        return sum(stream["state"]["bytes"] for stream in self._streams() if stream["name"] == "ARGUS_LIVE")

    def _streams(self) -> list[dict[str, Any]]:
        said = httpx.get(
            f"http://127.0.0.1:{self.ports['nats-monitor']}/jsz",
            params={"streams": "true", "consumers": "true", "config": "true"},
            timeout=20,
        ).json()
        return [stream for account in said.get("account_details", ()) for stream in account.get("stream_detail", ())]

    def ask(self, statement: str) -> Any:
        """One value out of PostgreSQL."""
        return asyncio.run(self._ask(statement))

    async def _ask(self, statement: str) -> Any:
        database = await asyncpg.connect(
            host="127.0.0.1", port=self.ports["postgres"], user="postgres", password=self._password, database="argus"
        )
        try:
            return await database.fetchval(statement)
        finally:
            await database.close()

    def memory_mib(self, name: str) -> float:
        """Memory of a program, all its processes together."""
        root = psutil.Process(self.target.pid)
        found = [one for one in root.children(recursive=True) if program(one) == name]
        return sum(one.memory_info().rss for one in found) / 2**20
