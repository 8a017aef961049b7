"""What people and trainings do at once: events, reads, log-ins, streams, and agents that wait for commands."""

from __future__ import annotations

import asyncio
import itertools
import threading
import uuid
from collections.abc import Coroutine
from typing import Any

import httpx

from argus_standalone.testing import Account
from roll.batches import JOB, Batch
from roll.counts import Counts
from roll.pages import Page

_PATIENCE_S = 60.0
_DRAIN_S = 60.0
_POLL_S = 20
# The people of one address may log in about so often.
_LOG_IN_EVERY_S = 7.0
_READ_EVERY_S = 0.05
_PASSWORD = "correct horse 1"


class Traffic:
    """Runs in a thread of its own from `start` to `finish`.

    Args:
        url: the gateway.
        account: a person on that system.
        rate: events a second.
        pages: open streams, each on a batch of its own.
        posters: connections that report; they share the batches.
        readers: people who read pages.
        agents: hosts whose polls are held.
    """

    def __init__(
        self,
        url: str,
        account: Account,
        *,
        rate: float,
        pages: int,
        posters: int = 4,
        readers: int = 3,
        agents: int = 3,
    ) -> None:
        self.counts = Counts()
        self.batches = [Batch("roll") for _ in range(pages)]
        # A session's token ends sooner than a soak.
        self._viewer, _ = account.new_token("viewer")
        self.pages = [Page(url, self._viewer, batch, self.counts) for batch in self.batches]
        self._url, self._account = url, account
        self._every_s = pages / rate
        self._posters, self._readers, self._agents = posters, readers, agents
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic")
        self._runs = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._fault: BaseException | None = None

    def start(self) -> None:
        """Begin; returns when all streams are open and events flow."""
        self._thread.start()
        assert self._runs.wait(120), f"the traffic never ran: {self.counts.failures[-3:]}"
        self._check()

    def finish(self) -> None:
        """Report the rest, and wait until the pages were shown all of it, or would not be any more."""
        if self._loop is not None and self._over is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_PATIENCE_S + _DRAIN_S + 60)
        assert not self._thread.is_alive(), "the traffic does not end"
        self._check()

    @property
    def sent(self) -> int:
        """Numbered events that were acknowledged."""
        return sum(batch.sent for batch in self.batches)

    @property
    def missed(self) -> int:
        """Those of them that a page was not shown."""
        return sum(batch.missed for batch in self.batches)

    @property
    def resyncs(self) -> int:
        """How often a page was told to read anew."""
        return sum(page.resyncs for page in self.pages)

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    async def _run(self) -> None:
        try:
            await self._live()
        except BaseException as error:  # noqa: BLE001 (it is raised in the thread that waits)
            self._fault = error
        finally:
            self._runs.set()

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        async with httpx.AsyncClient(base_url=self._url, timeout=_PATIENCE_S, limits=limits) as client:
            shares = [self.batches[number :: self._posters] for number in range(self._posters)]
            shares = [share for share in shares if share]
            await asyncio.gather(*(self._begin(client, share) for share in shares))
            open_ended: list[Coroutine[Any, Any, None]] = [page.run() for page in self.pages]
            open_ended += [self._read(client, number) for number in range(self._readers)]
            open_ended += [self._wait_for_commands(client, number) for number in range(self._agents)]
            open_ended += [self._log_in(client)]
            tasks = [asyncio.create_task(work) for work in open_ended]
            async with asyncio.timeout(90):
                await asyncio.gather(*(page.opened.wait() for page in self.pages))
            self._runs.set()
            await asyncio.gather(*(self._report(client, share) for share in shares))
            await self._until_shown()
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if ended is not None and not isinstance(ended, asyncio.CancelledError):
                    raise ended

    # -- events --------------------------------------------------------------------------------------------------

    async def _begin(self, client: httpx.AsyncClient, share: list[Batch]) -> None:
        for batch in share:
            await self._post(client, [batch.event("batch_start", n_total_jobs=1), batch.event("job_start")])

    async def _report(self, client: httpx.AsyncClient, share: list[Batch]) -> None:
        assert self._over is not None
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._over.is_set():
            await self._post(client, [batch.next() for batch in share])
            for batch in share:
                batch.sent += 1
            # Whoever is late goes on from there, and does not catch up.
            due = max(due + self._every_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _post(self, client: httpx.AsyncClient, events: list[dict[str, Any]]) -> None:
        """Until it is acknowledged; each time that it is not is a failure."""
        headers = {"Authorization": f"Bearer {self._account.token}"}
        while True:
            try:
                answer = await client.post("/api/events/batch", json={"events": events}, headers=headers)
            except httpx.HTTPError as error:
                self.counts.fail("events", repr(error))
            else:
                if answer.status_code == 200 and answer.json()["accepted"] == len(events):
                    self.counts.well("events")
                    return
                self.counts.fail("events", f"{answer.status_code} {answer.text[:200]}")
            await asyncio.sleep(0.1)

    async def _until_shown(self) -> None:
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        while self.missed and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)

    # -- people and hosts ----------------------------------------------------------------------------------------

    async def _read(self, client: httpx.AsyncClient, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._viewer}"}
        one = self.batches[number % len(self.batches)].id
        paths = ["/api/dashboard", "/api/batches?limit=20", f"/api/batches/{one}", f"/api/batches/{one}/jobs"]
        paths += [f"/api/jobs/{one}/{JOB}/epochs?limit=50", "/api/projects", "/"]
        for path in itertools.cycle(paths):
            await self._ask(client, "read" if path != "/" else "web page", "GET", path, headers)
            await asyncio.sleep(_READ_EVERY_S)

    async def _log_in(self, client: httpx.AsyncClient) -> None:
        words = {"username_or_email": "ada", "password": _PASSWORD}
        while True:
            session = await self._ask(client, "log in", "POST", "/api/auth/login", {}, json=words)
            if session is not None:
                headers = {"Authorization": f"Bearer {session['access_token']}"}
                for path in ("/api/auth/me", "/api/notifications", "/api/agents"):
                    await self._ask(client, "read", "GET", path, headers)
            await asyncio.sleep(_LOG_IN_EVERY_S)

    async def _wait_for_commands(self, client: httpx.AsyncClient, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._account.token}"}
        body = {"hostname": f"host-{number}-{uuid.uuid4().hex[:6]}"}
        made = await self._ask(client, "agent", "POST", "/api/agents/register", headers, json=body)
        if made is None:
            return
        path, headers = f"/api/agents/{made['agent_id']}", {"Authorization": f"Bearer {made['agent_token']}"}
        while True:
            await self._ask(client, "agent beat", "POST", f"{path}/heartbeat", headers, json={"note": "well"})
            await self._ask(client, "agent poll", "GET", f"{path}/jobs?wait_s={_POLL_S}", headers)
            await asyncio.sleep(0.05)

    async def _ask(
        self, client: httpx.AsyncClient, kind: str, method: str, path: str, headers: dict[str, str], **more: Any
    ) -> Any:
        try:
            answer = await client.request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            self.counts.fail(kind, f"{path}: {error!r}")
            return None
        if not answer.is_success:
            self.counts.fail(kind, f"{path}: {answer.status_code} {answer.text[:200]}")
            return None
        self.counts.well(kind)
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None
