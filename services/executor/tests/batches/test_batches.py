"""Stop and rerun: who may, what becomes of it, and whom a command reaches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import add_token, eventually
from argus_schema.catalog import batch_share
from argus_schema.executor import command

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


async def share(executor: Any, grantee: int, permission: str) -> None:
    values = {"batch_id": "b-1", "grantee_id": grantee, "permission": permission, "created_at": now()}
    known = {name: value for name, value in values.items() if name in batch_share.c}
    async with executor.database.write() as connection:
        await connection.execute(sa.insert(batch_share).values(known))


async def stop(executor: Any, credential: str | None, batch: str = "b-1") -> Any:
    return await executor.ask("POST", f"/api/batches/{batch}/stop", credential)


async def rerun(executor: Any, credential: str, batch: str = "b-1", **body: Any) -> Any:
    return await executor.ask("POST", f"/api/batches/{batch}/rerun", credential, json=body)


class TestStop:
    async def test_the_owner_stops_and_the_reporter_hears_of_it(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        reporter = await add_token(executor.database, ada_id)
        viewer = await add_token(executor.database, ada_id, prefix="em_view_")
        await executor.batch(ada_id)
        asked = "/api/batches/b-1/stop-requested"
        assert (await executor.ask("GET", asked, reporter)).json() == {
            "requested": False,
            "stop_requested": False,
            "requested_at": None,
            "requested_by": None,
            "pause_requested": False,
            "pause_requested_at": None,
            "pause_requested_by": None,
        }
        answer = await stop(executor, ada)
        assert (answer.status_code, answer.json()) == (200, {"status": "stopping", "batch_id": "b-1"})
        for credential in (reporter, viewer, ada):
            told = (await executor.ask("GET", asked, credential)).json()
            assert (told["requested"], told["stop_requested"], told["requested_by"]) == (True, True, "ada")
            assert told["requested_at"].endswith("Z")

    async def test_who_may(self, executor: Any) -> None:
        ada_id, _ = await executor.person("ada")
        people = {name: await executor.person(name) for name in ("editor", "viewer", "stranger")}
        _, root = await executor.person("root", is_admin=True)
        await executor.batch(ada_id)
        await share(executor, people["editor"][0], "editor")
        await share(executor, people["viewer"][0], "viewer")
        reading = await add_token(executor.database, ada_id, prefix="em_view_")
        assert (await stop(executor, None)).status_code == 401
        assert (await stop(executor, people["stranger"][1])).status_code == 404
        assert (await stop(executor, people["viewer"][1])).json()["error"]["code"] == "batch.forbidden"
        assert (await stop(executor, reading)).status_code == 403
        assert (await stop(executor, root, "unknown")).status_code == 404
        assert executor.neighbours.moves == []
        assert (await stop(executor, people["editor"][1])).status_code == 200
        assert (await stop(executor, root)).status_code == 200
        assert await executor.status() == "stopping"

    @ON_SQLITE
    @pytest.mark.parametrize("status", ["stopped", "cancelled", "done", "failed"])
    async def test_what_has_ended_stays_as_it_is(self, executor: Any, status: str) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.agent(ada)
        await executor.batch(ada_id, status=status)
        answer = await stop(executor, ada)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert await executor.commands() == []

    @ON_SQLITE
    async def test_without_nats_it_says_so_and_nothing_has_changed(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.agent(ada)
        await executor.batch(ada_id)
        executor.nats.kill()
        answer = await stop(executor, ada)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "bus.unavailable")
        assert answer.headers["Retry-After"]
        assert await executor.status() == "running"
        assert await executor.commands() == []

    async def test_the_agent_is_told_and_ingest_hears_who_asked(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, _ = await executor.agent(ada)
        heard: list[tuple[str, bytes]] = []

        async def hear(subject: str, data: bytes) -> None:
            heard.append((subject, data))

        await executor.platform.bus.listen(wire.ALL_AGENTS, hear)
        await executor.batch(ada_id)
        await stop(executor, ada)

        async def told_of_it() -> bool:
            return bool(heard)

        await eventually(told_of_it)
        told = dict(heard)
        message = wire.decode(wire.AgentMessage, told[wire.agent_subject(agent_id)])
        assert (message.owner_id, message.kind, message.data["kind"]) == (ada_id, "command", "stop")
        asked = executor.neighbours.moves[-1]
        assert (asked.action, asked.actor_id, asked.actor_ip) == ("stop", ada_id, "127.0.0.1")

    async def test_a_waiting_rerun_is_cancelled(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        new = (await rerun(executor, ada)).json()["batch_id"]
        await stop(executor, ada, new)
        kinds = {row.kind: row.status for row in await executor.commands()}
        assert kinds == {"rerun": "cancelled", "stop": "pending"}
        (cancelled,) = [row for row in await executor.commands() if row.kind == "rerun"]
        ack = f"/api/agents/{agent_id}/jobs/{cancelled.id}/ack"
        assert (await executor.ask("POST", ack, token, json={"status": "started"})).status_code == 409

    @ON_SQLITE
    async def test_an_id_with_slashes_is_one_id(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, "lab/exp 1/b")
        assert (await stop(executor, ada, "lab/exp%201/b")).json()["batch_id"] == "lab/exp 1/b"
        for route in ("stop-requested", "rerun-info"):
            for path in ("lab/exp 1/b", "lab%2Fexp%201%2Fb"):
                assert (await executor.ask("GET", f"/api/batches/{path}/{route}", ada)).status_code == 200

    @ON_SQLITE
    async def test_a_stop_ends_with_the_batch(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        asked = {"stop_requested_at": now(), "stop_requested_by": "ada"}
        for status, requested in (("stopping", True), ("stalled", True), ("stopped", False), ("done", False)):
            await executor.batch(ada_id, status, status=status, **asked)
            told = (await executor.ask("GET", f"/api/batches/{status}/stop-requested", ada)).json()
            assert told["stop_requested"] is requested, status
            assert (told["requested_by"] is not None) is requested

    @ON_SQLITE
    async def test_a_strangers_batch_is_not_to_be_seen(self, executor: Any) -> None:
        ada_id, _ = await executor.person("ada")
        _, bob = await executor.person("bob")
        await executor.batch(ada_id)
        for route in ("stop-requested", "rerun-info"):
            known = await executor.ask("GET", f"/api/batches/b-1/{route}", bob)
            unknown = await executor.ask("GET", f"/api/batches/b-2/{route}", bob)
            assert known.status_code == unknown.status_code == 404
            assert known.json()["detail"] == unknown.json()["detail"]


class TestRerun:
    async def test_a_new_batch_waits_for_the_hosts_agent(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="failed", name="night", env_snapshot={"cwd": "/w", "env": {"A": "1"}})
        answer = await rerun(executor, ada, overrides={"lr": 0.1, "model.depth": 3})
        assert answer.status_code == 201
        new = answer.json()["batch_id"]
        assert answer.json() == {
            "batch_id": new,
            "source_batch_id": "b-1",
            "name": "night (rerun)",
            "status": "requested",
        }
        assert new.startswith("rerun-")
        assert len(new) == len("rerun-") + 12
        (job,) = await executor.poll(agent_id, token)
        assert (job["kind"], job["batch_id"]) == ("rerun", new)
        assert job["payload"] == {
            "source_batch_id": "b-1",
            "command": "python train.py",
            "cwd": "/w",
            "env": {"A": "1"},
            "host": "gpu-01",
            "overrides": {"lr": 0.1, "model.depth": 3},
            "requested_by": "ada",
        }
        told = (await executor.ask("GET", f"/api/batches/{new}/rerun-info", ada)).json()
        assert (told["source_batch_id"], told["requested_by"]) == ("b-1", "ada")
        assert told["overrides_json"] == '{"lr":0.1,"model.depth":3}'
        source = (await executor.ask("GET", "/api/batches/b-1/rerun-info", ada)).json()
        assert source == {"source_batch_id": None, "overrides_json": None, "requested_at": None, "requested_by": None}

    async def test_one_that_waits_is_answered_again_and_a_later_one_is_new(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        first = (await rerun(executor, ada)).json()
        assert (await rerun(executor, ada, overrides={"lr": 1})).json() == first
        (job,) = await executor.poll(agent_id, token)
        await executor.ask("POST", f"/api/agents/{agent_id}/jobs/{job['id']}/ack", token, json={"status": "started"})
        second = (await rerun(executor, ada)).json()
        assert second["batch_id"] != first["batch_id"]
        assert len(await executor.commands()) == 2

    async def test_a_double_click_is_one_rerun(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        answers = await asyncio.gather(*(rerun(executor, ada) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["batch_id"] for answer in answers}) == 1
        assert len(await executor.commands()) == 1

    @ON_SQLITE
    async def test_a_crash_between_the_batch_and_its_command_is_healed_by_asking_again(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        first = (await rerun(executor, ada)).json()
        async with executor.database.write() as connection:
            await connection.execute(sa.delete(command))
        assert (await rerun(executor, ada)).json() == first
        assert [row.batch_id for row in await executor.commands()] == [first["batch_id"]]

    @ON_SQLITE
    @pytest.mark.parametrize("status", ["done", "failed", "cancelled", "stopped", None])
    async def test_what_has_ended_can_rerun(self, executor: Any, status: str | None) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status=status)
        assert (await rerun(executor, ada)).status_code == 201

    @ON_SQLITE
    @pytest.mark.parametrize("status", ["running", "stopping", "stalled", "requested", "paused"])
    async def test_what_has_not_cannot(self, executor: Any, status: str) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status=status)
        answer = await rerun(executor, ada)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "batch.state_conflict")
        assert executor.neighbours.creations == []

    @ON_SQLITE
    async def test_overrides_have_a_shape_and_a_size(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        too_large = {"text": "\u00e9" * 33_000}
        assert (await rerun(executor, ada, overrides=too_large)).json()["error"]["code"] == "overrides.invalid"
        for body in ({"overrides": []}, {"overrides": "lr=1"}, {"x": 1}, {"name": "n" * 300}):
            assert (await rerun(executor, ada, **body)).status_code == 422
        assert (await rerun(executor, ada, overrides={"text": "e" * 65_000}, name="mine")).json()["name"] == "mine"

    async def test_who_may(self, executor: Any) -> None:
        ada_id, _ = await executor.person("ada")
        _, stranger = await executor.person("stranger")
        viewer_id, viewer = await executor.person("viewer")
        await executor.batch(ada_id, status="done")
        await share(executor, viewer_id, "viewer")
        reading = await add_token(executor.database, ada_id, prefix="em_view_")
        assert (await rerun(executor, stranger)).status_code == 404
        assert (await rerun(executor, viewer)).status_code == 403
        assert (await rerun(executor, reading)).status_code == 403
        assert executor.neighbours.creations == []

    @ON_SQLITE
    async def test_without_nats_nothing_is_promised(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        executor.nats.kill()
        assert (await rerun(executor, ada)).status_code == 503
        assert await executor.commands() == []


class TestWhomACommandReaches:
    async def test_never_a_strangers_agent_on_a_host_of_the_same_name(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        _, mallory = await executor.person("mallory")
        mallorys = await executor.agent(mallory)
        await executor.batch(ada_id, "running")
        await executor.batch(ada_id, "ended", status="done")
        await stop(executor, ada, "running")
        await rerun(executor, ada, "ended")
        assert await executor.poll(*mallorys) == []
        assert [(row.kind, row.agent_id) for row in await executor.commands()] == [("rerun", None)]

    async def test_the_owners_agent_before_the_askers(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        editor_id, editor = await executor.person("editor")
        adas, editors = await executor.agent(ada), await executor.agent(editor)
        await executor.batch(ada_id)
        await share(executor, editor_id, "editor")
        await executor.poll(*editors)  # was seen last
        await stop(executor, editor)
        assert [job["kind"] for job in await executor.poll(*adas)] == ["stop"]
        assert await executor.poll(*editors) == []

    @ON_SQLITE
    async def test_another_host_hears_nothing(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        other = await executor.agent(ada, "gpu-02")
        await executor.batch(ada_id)
        await stop(executor, ada)
        assert await executor.poll(*other) == []
        assert await executor.commands() == []

    @ON_SQLITE
    async def test_the_askers_agent_when_the_owner_has_none(self, executor: Any) -> None:
        ada_id, _ = await executor.person("ada")
        _, root = await executor.person("root", is_admin=True)
        roots = await executor.agent(root)
        await executor.batch(ada_id, host="gpu-01")
        await stop(executor, root)
        assert [job["batch_id"] for job in await executor.poll(*roots)] == ["b-1"]
