"""Requests whose executor died halfway: asking again finishes them, and the worker does it for those who do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from argus_executor.batches.cut_off import CutOff
from argus_kit.clock import frozen, now
from argus_schema.executor import command
from argus_schema.ingest import batch


@pytest.fixture
async def ada(executor: Any) -> tuple[int, str, str, str]:
    """Ada's id and credential, and the id and token of her agent."""
    ada_id, credential = await executor.person("ada")
    return ada_id, credential, *await executor.agent(credential)


@pytest.fixture
def look(executor: Any) -> Any:
    """One round of the worker, so long from now."""

    async def look(after: timedelta) -> None:
        with frozen(now() + after):
            part = CutOff(executor.platform)
            await part.look()
            await part.stop()

    return look


async def cut_off_stop(executor: Any, owner_id: int, batch_id: str = "b-1") -> None:
    """Ingest has moved the batch, and nothing else has happened."""
    asked = {"status": "stopping", "stop_requested_at": now(), "stop_requested_by": "ada"}
    await executor.batch(owner_id, batch_id, **asked)


async def test_who_asks_again_reaches_the_host(executor: Any, ada: Any) -> None:
    ada_id, credential, agent_id, token = ada
    await cut_off_stop(executor, ada_id)
    for _ in range(3):
        answer = await executor.ask("POST", "/api/batches/b-1/stop", credential)
        assert (answer.status_code, answer.json()["status"]) == (200, "stopping")
    assert [job["kind"] for job in await executor.poll(agent_id, token)] == ["stop"]


async def test_the_worker_tells_the_host_once(executor: Any, ada: Any, look: Any) -> None:
    ada_id, _, agent_id, token = ada
    await cut_off_stop(executor, ada_id)
    await look(timedelta(seconds=10))
    assert await executor.poll(agent_id, token) == []
    for _ in range(2):
        await look(timedelta(seconds=40))
    (job,) = await executor.poll(agent_id, token)
    assert (job["kind"], job["batch_id"], job["payload"]) == ("stop", "b-1", {"requested_by": "ada"})
    assert job["signature"] is not None


async def test_a_rerun_that_waits_does_not_begin_after_a_stop_that_was_cut_off(
    executor: Any, ada: Any, look: Any
) -> None:
    ada_id, credential, agent_id, token = ada
    await executor.batch(ada_id, status="done")
    batch_id = (await executor.ask("POST", "/api/batches/b-1/rerun", credential, json={})).json()["batch_id"]
    asked = {"status": "stopping", "stop_requested_at": now(), "stop_requested_by": "ada"}
    async with executor.database.write() as connection:
        await connection.execute(sa.update(batch).where(batch.c.id == batch_id).values(asked))
    await look(timedelta(seconds=40))
    assert [job["kind"] for job in await executor.poll(agent_id, token)] == ["stop"]


async def test_what_was_told_or_is_long_ago_or_not_theirs_is_left_alone(executor: Any, ada: Any, look: Any) -> None:
    ada_id, credential, agent_id, token = ada
    grace_id, _ = await executor.person("grace")
    await executor.batch(ada_id, "told")
    await executor.ask("POST", "/api/batches/told/stop", credential)
    async with executor.database.write() as connection:
        await connection.execute(sa.update(command).values(status="succeeded"))
    await cut_off_stop(executor, grace_id, "graces")
    await cut_off_stop(executor, ada_id, "old")
    async with executor.database.write() as connection:
        old = sa.update(batch).where(batch.c.id == "old")
        await connection.execute(old.values(stop_requested_at=now() - timedelta(hours=2)))
    await look(timedelta(seconds=40))
    assert await executor.poll(agent_id, token) == []


async def test_a_rerun_that_was_never_queued_fails_and_says_so(executor: Any, ada: Any, look: Any) -> None:
    ada_id, credential, *_ = ada
    await executor.batch(ada_id, "source", status="done")
    queued = (await executor.ask("POST", "/api/batches/source/rerun", credential, json={})).json()["batch_id"]
    await executor.batch(ada_id, "rerun-cut-off", status="requested", source_batch_id="source")
    await look(timedelta(minutes=9))
    assert executor.neighbours.moves == []
    await look(timedelta(minutes=11))
    assert [(move.batch_id, move.action) for move in executor.neighbours.moves] == [("rerun-cut-off", "fail")]
    assert "Ask for it again" in executor.neighbours.moves[0].reason
    assert await executor.status(queued) == "requested"


async def test_a_batch_that_reports_another_host_name_is_stopped_by_the_agent_that_began_it(
    executor: Any, ada: Any, look: Any
) -> None:
    ada_id, credential, agent_id, token = ada
    await executor.batch(ada_id, status="done")
    batch_id = (await executor.ask("POST", "/api/batches/b-1/rerun", credential, json={})).json()["batch_id"]
    (job,) = await executor.poll(agent_id, token)
    ack = f"/api/agents/{agent_id}/jobs/{job['id']}/ack"
    await executor.ask("POST", ack, token, json={"status": "started", "pid": 7})
    async with executor.database.write() as connection:
        values = {"status": "stopping", "host": "as-the-run-says", "stop_requested_by": "ada"}
        here = sa.update(batch).where(batch.c.id == batch_id)
        await connection.execute(here.values(**values, stop_requested_at=now()))
    await look(timedelta(seconds=40))
    assert [one["kind"] for one in await executor.poll(agent_id, token)] == ["stop"]
