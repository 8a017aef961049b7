"""An agent's held poll over several replicas of executor: a command reaches it whichever of them holds it, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from rig.replicas import Replicas
from rig.reports import event, post
from rig.systems import Stack

from argus_standalone.testing import Account

pytestmark = pytest.mark.slow
WAIT_S = 25


class Agent:
    """One that registered, and asks where it is told to."""

    def __init__(self, account: Account, hostname: str) -> None:
        told = account.http.post("/api/agents/register", json={"hostname": hostname})
        assert told.status_code == 201, told.text
        self._path = f"/api/agents/{told.json()['agent_id']}"
        self._headers = {"Authorization": f"Bearer {told.json()['agent_token']}"}

    def beat(self, url: str) -> None:
        """Say that it is there."""
        httpx.post(f"{url}{self._path}/heartbeat", json={}, headers=self._headers).raise_for_status()

    def poll(self, url: str, wait_s: int = WAIT_S) -> tuple[list[dict[str, Any]], float]:
        """What there is for it, and how long that took."""
        query = {"wait_s": wait_s, "known_keys": 99}
        answer = httpx.get(f"{url}{self._path}/jobs", params=query, headers=self._headers, timeout=60)
        return answer.raise_for_status().json()["jobs"], answer.elapsed.total_seconds()

    def acknowledge(self, url: str, command_id: str) -> None:
        """Say that it began."""
        body = {"status": "started", "pid": 1}
        httpx.post(f"{url}{self._path}/jobs/{command_id}/ack", json=body, headers=self._headers).raise_for_status()


def test_a_command_reaches_the_replica_that_holds_the_poll(
    stack: Stack, replicas: Replicas, ada: Account, eventually
) -> None:
    agent = Agent(ada, "scale-host")
    agent.beat(stack.url)
    post(
        stack.url,
        ada.token,
        [
            event("scale-source", "batch_start", host="scale-host", n_total_jobs=1),
            event("scale-source", "env_snapshot", host="scale-host", cwd="/tmp"),
            event("scale-source", "batch_done", host="scale-host"),
        ],
    )
    urls = replicas.urls("executor")
    seen: list[str] = []
    for number, (name, holding) in enumerate(zip(replicas.names("executor"), urls, strict=True)):
        asking = urls[(number + 1) % len(urls)]
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(agent.poll, holding)
            eventually(lambda name=name: replicas.counts("executor", "argus_executor_polls_held")[name] == 1)
            headers = {"Authorization": f"Bearer {ada.session}"}
            answer = httpx.post(
                f"{asking}/api/batches/scale-source/rerun", json={"overrides": {}}, headers=headers, timeout=60
            )
            assert answer.status_code == 201, answer.text
            commands, took_s = waiting.result()
        # At the end of its time it would be handed over as well: then nobody had told this replica.
        assert took_s < WAIT_S - 5
        assert len(commands) == 1
        seen.append(commands[0]["id"])
        agent.acknowledge(asking, seen[-1])
        for url in urls:
            assert agent.poll(url, 0)[0] == []
    assert len(set(seen)) == len(urls)
