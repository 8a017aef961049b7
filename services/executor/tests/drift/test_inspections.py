"""Inspections: whom they reach, and what people read of them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from argus_executor.sweeps import Expiry
from argus_kit import clock
from argus_kit.clock import iso, now
from argus_kit.testing import bearer_headers
from argus_schema.catalog import batch_share
from argus_schema.executor import agent, command

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
HOST = "gpu-01"
SNAPSHOT = {"cwd": "/lab", "git_sha": "a" * 40, "env": {"SEED": "3"}, "config": {"data": "/data/x.csv"}}
FOUND = {
    "cwd_exists": True,
    "git": {"commit": "b" * 40, "subject": "New"},
    "paths": [{"path": "/data/x.csv", "exists": False}],
}


class World:
    """Ada's ended batch on a host where her agent stands."""

    def __init__(self, executor: Any) -> None:
        self.executor = executor

    async def begin(self, *, capabilities: list[str] | None = None) -> World:
        self.ada_id, self.ada = await self.executor.person("ada")
        body = {"hostname": HOST, "capabilities": ["inspect", "rerun"] if capabilities is None else capabilities}
        self.registered = (await self.executor.ask("POST", "/api/agents/register", self.ada, json=body)).json()
        self.agent_id, self.token = self.registered["agent_id"], self.registered["agent_token"]
        await self.executor.batch(self.ada_id, status="done", env_snapshot=SNAPSHOT, start_time=now())
        return self

    async def inspect(self, credential: str | None = None) -> Any:
        return await self.executor.ask("POST", "/api/batches/b-1/inspect", credential or self.ada)

    async def drift(self, credential: str | None = None, **query: str) -> Any:
        return await self.executor.ask("GET", "/api/batches/b-1/drift", credential or self.ada, params=query)

    async def report(self, command_id: str, step: str = "inspected", **more: Any) -> Any:
        path = f"/api/agents/{self.agent_id}/jobs/{command_id}/report"
        return await self.executor.ask("POST", path, self.token, json={"seq": 0, "step": step, "at": iso(now())} | more)

    async def share(self, grantee: int, permission: str) -> None:
        values = {"batch_id": "b-1", "grantee_id": grantee, "permission": permission, "created_at": now()}
        async with self.executor.database.write() as connection:
            await connection.execute(sa.insert(batch_share).values(values))


@pytest.fixture
async def world(executor: Any) -> World:
    return await World(executor).begin()


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


class TestAsking:
    async def test_the_agent_gets_a_signed_command_with_what_to_look_for(self, executor: Any, world: World) -> None:
        answer = await world.inspect()
        assert answer.status_code == 202, answer.text
        (job,) = await executor.poll(world.agent_id, world.token)
        assert (job["id"], job["kind"], job["batch_id"]) == (answer.json()["command_id"], "inspect", "b-1")
        assert job["payload"] == {
            "command": "python train.py",
            "cwd": "/lab",
            "env": {"SEED": "3"},
            "commit": "a" * 40,
            "paths": ["/data/x.csv"],
            "host": HOST,
            "requested_by": "ada",
        }
        (key,) = [k for k in world.registered["command_keys"] if k["key_id"] == job["signature"]["key_id"]]
        decode = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        public = Ed25519PublicKey.from_public_bytes(decode(key["public_key"]))
        public.verify(decode(job["signature"]["value"]), job["signed"].encode())
        assert json.loads(job["signed"])["payload"] == job["payload"]

    async def test_asking_twice_is_one_question_until_it_is_answered(self, world: World) -> None:
        first = (await world.inspect()).json()["command_id"]
        assert (await world.inspect()).json()["command_id"] == first
        await world.report(first, result=FOUND)
        assert (await world.inspect()).json()["command_id"] != first

    async def test_who_may(self, executor: Any, world: World) -> None:
        editor_id, editor = await executor.person("editor")
        viewer_id, viewer = await executor.person("viewer")
        _, stranger = await executor.person("stranger")
        await world.share(editor_id, "editor")
        await world.share(viewer_id, "viewer")
        assert (await executor.ask("POST", "/api/batches/b-1/inspect")).status_code == 401
        assert (await world.inspect(stranger)).status_code == 404
        assert code(await world.inspect(viewer)) == "batch.forbidden"
        command_id = (await world.inspect(editor)).json()["command_id"]
        assert (await world.drift(viewer, command_id=command_id)).json()["status"] == "pending"
        assert (await world.drift(stranger, command_id=command_id)).status_code == 404

    @ON_SQLITE
    async def test_an_agent_that_is_away_or_does_not_know_the_question(self, executor: Any) -> None:
        old = await World(executor).begin(capabilities=["rerun", "stop"])
        assert code(await old.inspect()) == "agent.outdated"
        body = {"capabilities": ["inspect", "rerun", "stop"]}
        beat = await executor.ask("POST", f"/api/agents/{old.agent_id}/heartbeat", old.token, json=body)
        assert beat.status_code == 204
        assert (await old.inspect()).status_code == 202
        async with executor.database.write() as connection:
            await connection.execute(sa.update(agent).values(last_seen_at=now() - timedelta(minutes=5)))
        assert code(await old.inspect()) == "agent.absent"
        await executor.batch(old.ada_id, "b-2", host="elsewhere", status="done")
        assert code(await executor.ask("POST", "/api/batches/b-2/inspect", old.ada)) == "agent.absent"

    @ON_SQLITE
    async def test_not_without_end(self, executor: Any, world: World) -> None:
        for n in range(20):
            await world.report((await world.inspect()).json()["command_id"], result={**FOUND, "n": n})
        assert (await world.inspect()).status_code == 429


class TestTheReport:
    async def test_from_the_question_to_what_differs(self, executor: Any, world: World) -> None:
        assert (await world.drift()).status_code == 404
        command_id = (await world.inspect()).json()["command_id"]
        before = (await world.drift()).json()
        assert (before["status"], before["command_id"], before["hostname"]) == ("pending", command_id, HOST)
        assert (await world.report(command_id, result=FOUND)).json()["status"] == "succeeded"
        told = (await world.drift(command_id=command_id)).json()
        assert (told["status"], told["is_whole"], told["inspected_at"] is not None) == ("ready", True, True)
        assert [(item["kind"], item["severity"], item["name"]) for item in told["items"]] == [
            ("commit", "warning", ""),
            ("path", "warning", "/data/x.csv"),
        ]
        assert told["items"][0]["commits"]["found_subject"] == "New"
        # The batch itself goes on as it was: nothing was run.
        assert executor.neighbours.moves == []
        assert (await executor.ask("GET", f"/api/commands/{command_id}", world.ada)).json()["result"] == FOUND

    async def test_why_there_is_none(self, executor: Any, world: World) -> None:
        command_id = (await world.inspect()).json()["command_id"]
        await world.report(command_id, "refused", detail="The policy of this host does not list eve.")
        told = (await world.drift(command_id=command_id)).json()
        assert (told["status"], told["command_status"]) == ("failed", "failed")
        assert "does not list eve" in told["reason"]
        assert executor.neighbours.moves == []

    async def test_one_that_no_agent_took_in_time(self, executor: Any, world: World) -> None:
        command_id = (await world.inspect()).json()["command_id"]
        with clock.frozen(now() + timedelta(minutes=6)):
            expiry = Expiry(executor.platform)
            await expiry.look()
            await expiry.stop()
        told = (await world.drift(command_id=command_id)).json()
        assert (told["status"], told["command_status"]) == ("failed", "expired")

    @ON_SQLITE
    async def test_an_answer_that_is_none(self, world: World) -> None:
        command_id = (await world.inspect()).json()["command_id"]
        await world.report(command_id, result={"cwd_exists": 3})
        assert (await world.drift()).json()["status"] == "failed"

    async def test_an_answer_with_texts_that_no_database_takes(self, world: World) -> None:
        command_id = (await world.inspect()).json()["command_id"]
        path = f"/api/agents/{world.agent_id}/jobs/{command_id}/report"
        odd = {**FOUND, "packages": {"a\x00": "\ud800"}}
        body = json.dumps({"seq": 0, "step": "inspected", "at": iso(now()), "result": odd})
        headers = {"content-type": "application/json", **bearer_headers(world.token)}
        answer = await world.executor.client.post(path, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert (await world.drift()).json()["status"] == "ready"

    async def test_old_answers_are_let_go_of(self, executor: Any, world: World) -> None:
        command_id = (await world.inspect()).json()["command_id"]
        await world.report(command_id, result=FOUND)
        old = sa.update(command).where(command.c.id == command_id).values(finished_at=now() - timedelta(hours=2))
        async with executor.database.write() as connection:
            await connection.execute(old)
        latest = (await world.inspect()).json()["command_id"]
        assert (await world.drift(command_id=command_id)).json()["status"] == "failed"
        assert (await world.drift()).json()["command_id"] == latest
