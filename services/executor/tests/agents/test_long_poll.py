"""Polls that are held until there is something: by whatever replica it was asked for, and by no more than one poll."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.tokens import parse_token
from argus_executor.agents.polls import HeldPolls
from argus_executor.app import SERVICE
from argus_kit.app import http_app
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.testing import bearer_headers, eventually, make_settings, running_client
from argus_schema.executor import command

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
LONG = 25


class Host:
    """Ada's batch, and her agent with its token."""

    def __init__(self, executor: Any, ada: str, agent_id: str, token: str) -> None:
        self.executor, self.ada, self.agent_id, self.token = executor, ada, agent_id, token

    def poll(self, wait_s: int = LONG) -> asyncio.Task[Any]:
        path = f"/api/agents/{self.agent_id}/jobs?wait_s={wait_s}"
        return asyncio.create_task(self.executor.ask("GET", path, self.token))

    async def held(self) -> None:
        """Until the poll waits."""
        polls = self.executor.platform.get(HeldPolls)

        async def is_held() -> bool:
            return bool(polls._bells)

        await eventually(is_held)

    async def stop(self) -> None:
        assert (await self.executor.ask("POST", "/api/batches/b-1/stop", self.ada)).status_code == 200


@pytest.fixture
async def host(executor: Any) -> Host:
    ada_id, ada = await executor.person("ada")
    await executor.batch(ada_id)
    return Host(executor, ada, *await executor.agent(ada))


def kinds(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [job["kind"] for job in answer.json()["jobs"]]


async def test_it_answers_when_a_command_comes(host: Host) -> None:
    poll = host.poll()
    await host.held()
    assert not poll.done()
    await host.stop()
    assert kinds(await poll) == ["stop"]


async def test_it_answers_at_once_when_a_command_waits_already(host: Host) -> None:
    await host.stop()
    assert kinds(await host.poll()) == ["stop"]


async def test_it_answers_with_nothing_after_its_time(host: Host) -> None:
    assert kinds(await host.poll(wait_s=1)) == []
    assert host.executor.platform.get(HeldPolls)._bells == {}


@ON_SQLITE
@pytest.mark.parametrize("wait_s", [-1, 31, "x"])
async def test_for_how_long(host: Host, wait_s: Any) -> None:
    assert (await host.poll(wait_s)).status_code == 422


async def test_a_command_that_another_replica_took_is_heard_of(host: Host, database_url: str, tmp_path: Path) -> None:
    if not database_url.startswith("postgresql"):
        # SQLite has one process.
        return
    url = f"nats://127.0.0.1:{host.executor.nats.port}"
    other = Platform(make_settings(tmp_path, database_url, url))
    async with running_client(http_app(SERVICE, other)) as client:
        await other.bus.wait_until_ready(15)
        poll = host.poll()
        await host.held()
        answer = await client.post("/api/batches/b-1/stop", headers=bearer_headers(host.ada))
        assert answer.status_code == 200
        assert kinds(await poll) == ["stop"]


async def test_no_database_connection_is_held(host: Host) -> None:
    poll = host.poll()
    await host.held()

    async def are_all_back() -> bool:
        return bool(host.executor.database.engine.pool.checkedout() <= 1)

    await eventually(are_all_back)
    await host.stop()
    await poll


@ON_SQLITE
async def test_a_newer_poll_takes_the_place_of_an_older_one(host: Host) -> None:
    older = host.poll()
    await host.held()
    newer = host.poll()
    assert kinds(await older) == []
    await host.stop()
    assert kinds(await newer) == ["stop"]


@ON_SQLITE
async def test_who_registers_again_ends_the_poll_of_the_older_token(host: Host) -> None:
    poll = host.poll()
    await host.held()
    await host.executor.agent(host.ada)
    answer = await poll
    assert answer.status_code == 401 or kinds(answer) == []
    old = parse_token(host.token)
    assert old is not None
    # What auth says when it has minted the next one; here a neighbour of the test minted it.
    await host.executor.platform.identity.forget(wire.Revoked(kind="token", key=old.key_id, at=now()))
    assert (await host.poll()).status_code == 401


@ON_SQLITE
async def test_what_was_handed_over_does_not_end_a_poll_again_at_once(host: Host) -> None:
    await host.stop()
    assert kinds(await host.poll()) == ["stop"]
    poll = host.poll()
    await host.held()
    assert not poll.done()
    assert kinds(await host.poll(wait_s=0)) == ["stop"]
    async with host.executor.database.write() as connection:
        await connection.execute(sa.update(command).values(handed_at=now() - timedelta(seconds=11)))
    host.executor.platform.get(HeldPolls)._bells.popitem()[1].ring()
    assert kinds(await poll) == ["stop"]


@ON_SQLITE
async def test_a_process_that_ends_answers_and_holds_no_more(host: Host) -> None:
    poll = host.poll()
    await host.held()
    await host.executor.platform.get(HeldPolls).drain()
    assert kinds(await poll) == []
    assert kinds(await host.poll()) == []


@ON_SQLITE
async def test_beyond_the_bound_polls_are_answered_at_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_executor.agents.polls.MAX_HELD", 0)
    assert kinds(await host.poll()) == []


@ON_SQLITE
async def test_nats_that_comes_back_lets_polls_look_again(host: Host) -> None:
    poll = host.poll()
    await host.held()
    host.executor.nats.kill()
    async with host.executor.database.write() as connection:
        row = {"id": "c-1", "agent_id": host.agent_id, "batch_id": "b-1", "kind": "stop", "payload": {}, "attempts": 0}
        await connection.execute(sa.insert(command).values(**row, status="pending", created_at=now()))
    host.executor.nats.start()
    assert kinds(await poll) == ["stop"]
