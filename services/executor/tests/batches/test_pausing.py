"""Pause and resume: who may, what is asked of whom, and what a batch is told of how it went."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from argus_kit.clock import iso, now
from argus_schema.ingest import batch, job

SAVED = {"job_id": "j1", "path": "/data/last.pt", "epoch": 4}
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


async def post(executor: Any, what: str, credential: str | None) -> Any:
    return await executor.ask("POST", f"/api/batches/b-1/{what}", credential)


async def paused(executor: Any, owner_id: int) -> None:
    """A paused batch with a job that saved itself and one that had ended."""
    snapshot = {"cwd": "/home/ada", "env": {"SEED": "1"}}
    await executor.batch(owner_id, status="paused", checkpoint=SAVED, paused_at=now(), env_snapshot=snapshot)
    async with executor.database.write() as connection:
        key = (await connection.execute(sa.select(batch.c.batch_key))).scalar_one()
        for number, status in enumerate(("paused", "done"), 1):
            row = {"batch_key": key, "job_no": number, "job_id": f"j{number}", "status": status}
            await connection.execute(sa.insert(job).values(**row, checkpoint={"path": f"/data/{number}.pt"}))


async def report(executor: Any, agent: tuple[str, str], command_id: str, **told: Any) -> None:
    body = {"seq": 0, "step": "ended", "at": iso(now()), **told}
    answer = await executor.ask("POST", f"/api/agents/{agent[0]}/jobs/{command_id}/report", agent[1], json=body)
    assert answer.status_code == 200, answer.text


async def test_a_pause_is_a_wish_that_the_reporter_hears_of_and_that_can_be_taken_back(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    _, eve = await executor.person("eve")
    await executor.agent(ada)
    await executor.batch(ada_id)
    assert (await post(executor, "pause", eve)).status_code == 404
    asked = (await post(executor, "pause", ada)).json()
    assert asked == {"status": "running", "batch_id": "b-1", "pause_requested": True}
    told = (await executor.ask("GET", "/api/batches/b-1/stop-requested", ada)).json()
    assert (told["stop_requested"], told["pause_requested"]) == (False, True)
    assert told["pause_requested_at"].endswith("Z")
    back = (await post(executor, "resume", ada)).json()
    assert back == {"status": "running", "batch_id": "b-1", "command_id": None}
    told = (await executor.ask("GET", "/api/batches/b-1/stop-requested", ada)).json()
    assert (told["pause_requested"], told["pause_requested_at"]) == (False, None)
    assert await executor.commands() == []


@ON_SQLITE
@pytest.mark.parametrize("status", ["done", "stopping"])
async def test_what_ends_neither_pauses_nor_resumes(executor: Any, status: str) -> None:
    ada_id, ada = await executor.person("ada")
    await executor.batch(ada_id, status=status)
    assert (await post(executor, "pause", ada)).status_code == 409
    assert (await post(executor, "resume", ada)).status_code == 409


async def test_a_resume_is_one_signed_command_on_the_same_batch_however_often_it_is_asked(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    agent_id, token = await executor.agent(ada)
    await paused(executor, ada_id)
    answers = [one.json() for one in await asyncio.gather(*(post(executor, "resume", ada) for _ in range(4)))]
    assert {one["status"] for one in answers} == {"paused"}
    assert len({one["command_id"] for one in answers}) == 1
    (sent,) = await executor.poll(agent_id, token)
    assert (sent["id"], sent["kind"], sent["batch_id"]) == (answers[0]["command_id"], "resume", "b-1")
    assert json.loads(sent["signed"])["payload"] == {
        "command": "python train.py",
        "cwd": "/home/ada",
        "env": {"SEED": "1"},
        "host": "gpu-01",
        "overrides": {},
        "requested_by": "ada",
        "resume_from": "/data/last.pt",
        "resume_jobs": {"j1": "/data/1.pt"},
    }


@ON_SQLITE
async def test_a_resume_without_an_agent_of_the_host_is_for_a_hand(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    await paused(executor, ada_id)
    answer = (await post(executor, "resume", ada)).json()
    assert answer == {"status": "paused", "batch_id": "b-1", "command_id": None}
    assert await executor.commands() == []


@ON_SQLITE
async def test_a_resume_that_fails_leaves_the_batch_paused_and_may_be_asked_again(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    agent = await executor.agent(ada)
    await paused(executor, ada_id)
    first = (await post(executor, "resume", ada)).json()["command_id"]
    await executor.poll(*agent)
    await report(executor, agent, first, step="refused", detail="not here")
    told = executor.neighbours.moves[-1]
    assert (told.action, told.reason) == ("fail", "The host refused: not here")
    assert await executor.status() == "paused"
    assert (await post(executor, "resume", ada)).json()["command_id"] not in (None, first)


@ON_SQLITE
async def test_exit_code_75_is_a_pause_and_the_start_of_a_resume_moves_nothing(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    agent = await executor.agent(ada)
    await paused(executor, ada_id)
    command_id = (await post(executor, "resume", ada)).json()["command_id"]
    await executor.poll(*agent)
    path = f"/api/agents/{agent[0]}/jobs/{command_id}/ack"
    await executor.ask("POST", path, agent[1], json={"status": "started"})
    assert executor.neighbours.moves[-1].action == "resume"
    await report(executor, agent, command_id, exit_code=75)
    assert executor.neighbours.moves[-1].action == "paused"
    (row,) = await executor.commands()
    assert row.status == "succeeded"


@ON_SQLITE
async def test_a_stop_of_a_paused_batch_takes_back_what_was_to_resume_it(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    await executor.agent(ada)
    await paused(executor, ada_id)
    await post(executor, "resume", ada)
    assert (await post(executor, "stop", ada)).json()["status"] == "stopped"
    assert [(row.kind, row.status) for row in await executor.commands()] == [("resume", "cancelled")]
