"""Commands as people see them: pages, the whole history, and cancelling."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from argus_kit.clock import now
from argus_kit.testing import add_token
from argus_schema.catalog import batch_share
from argus_schema.executor import command

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


async def share(executor: Any, grantee: int, permission: str) -> None:
    values = {"batch_id": "b-1", "grantee_id": grantee, "permission": permission, "created_at": now()}
    async with executor.database.write() as connection:
        await connection.execute(sa.insert(batch_share).values(values))


async def listed(executor: Any, credential: str, **query: Any) -> list[dict[str, Any]]:
    answer = await executor.ask("GET", "/api/commands", credential, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestList:
    async def test_pages_hold_all_once_newest_first_even_of_one_instant(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id)
        at = now()
        row = {"batch_id": "b-1", "kind": "stop", "payload": {}, "status": "pending", "attempts": 0}
        rows = [row | {"id": f"c-{n}", "created_at": at - timedelta(seconds=n // 3)} for n in range(8)]
        async with executor.database.write() as connection:
            await connection.execute(sa.insert(command), rows)
        seen, cursor = [], None
        for _ in range(3):
            params = {"limit": 3} | ({} if cursor is None else {"cursor": cursor})
            page = (await executor.ask("GET", "/api/commands", ada, params=params)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert cursor is None
        assert seen == ["c-2", "c-1", "c-0", "c-5", "c-4", "c-3", "c-7", "c-6"]

    async def test_filters_and_what_an_item_says(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        await executor.batch(ada_id, "b/2")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        await executor.ask("POST", "/api/batches/b%2F2/stop", ada)
        (job, _) = await executor.poll(agent_id, token)
        ack = f"/api/agents/{agent_id}/jobs/{job['id']}/ack"
        await executor.ask("POST", ack, token, json={"status": "started", "pid": 9})
        (item,) = await listed(executor, ada, batch_id=new)
        said = {name: item[name] for name in ("kind", "hostname", "status", "requested_by", "attempts", "pid")}
        assert said == {
            "kind": "rerun",
            "hostname": "gpu-01",
            "status": "started",
            "requested_by": "ada",
            "attempts": 1,
            "pid": 9,
        }
        assert item["created_at"] <= item["delivered_at"] <= item["acked_at"] < item["deadline"]
        assert [one["batch_id"] for one in await listed(executor, ada, kind="stop")] == ["b/2"]
        assert [one["kind"] for one in await listed(executor, ada, status="delivered")] == ["stop"]
        assert len(await listed(executor, ada, agent_id=agent_id)) == 2
        assert await listed(executor, ada, agent_id="agent-else") == []

    @ON_SQLITE
    @pytest.mark.parametrize(
        "query",
        [
            {"status": "else"},
            {"limit": 0},
            {"limit": 201},
            {"batch_id": "a\x00b"},
            {"cursor": "x"},
            {"cursor": "WzEsMl0"},
            {"cursor": "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiYSJd"},
        ],
    )
    async def test_a_question_that_makes_no_sense(self, executor: Any, query: dict[str, Any]) -> None:
        _, ada = await executor.person("ada")
        assert (await executor.ask("GET", "/api/commands", ada, params=query)).status_code == 422

    async def test_who_sees_a_command(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        viewer_id, viewer = await executor.person("viewer")
        _, stranger = await executor.person("stranger")
        _, root = await executor.person("root", is_admin=True)
        _, hostess = await executor.person("hostess")
        await executor.batch(ada_id)
        await share(executor, viewer_id, "viewer")
        agent_id, _ = await executor.agent(hostess)
        body = {"usernames": ["ada"]}
        assert (await executor.ask("PUT", f"/api/agents/{agent_id}/allowed", hostess, json=body)).status_code == 200
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        (item,) = await listed(executor, ada)
        assert item["agent_id"] == agent_id
        for credential, can in ((ada, True), (root, True), (hostess, True), (viewer, False)):
            assert [one["may_cancel"] for one in await listed(executor, credential)] == [can]
        inside = await add_token(executor.database, ada_id, project="vision")
        outside = await add_token(executor.database, ada_id, project="speech")
        assert len(await listed(executor, inside)) == 1
        address = f"/api/commands/{item['id']}"
        for credential in (stranger, outside):
            assert await listed(executor, credential) == []
            for method, path in (("GET", address), ("POST", f"{address}/cancel")):
                assert (await executor.ask(method, path, credential)).json()["error"]["code"] == "command.not_found"
        refused = await executor.ask("POST", f"{address}/cancel", viewer)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "batch.forbidden")


class TestHistory:
    async def test_a_command_shows_all_its_steps(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id)
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        (job,) = await executor.poll(agent_id, token)
        path = f"/api/agents/{agent_id}/jobs/{job['id']}"
        await executor.ask("POST", f"{path}/ack", token, json={"status": "started"})
        told = {"seq": 3, "step": "ended", "at": "2026-01-02T03:04:05Z", "signal": 9, "last_lines": ["bye"]}
        await executor.ask("POST", f"{path}/report", token, json=told)
        shown = (await executor.ask("GET", f"/api/commands/{job['id']}", ada)).json()
        assert [(step["seq"], step["step"]) for step in shown["steps"]] == [
            (None, "requested"),
            (None, "delivered"),
            (None, "started"),
            (3, "ended"),
        ]
        last = shown["steps"][-1]
        assert (last["at"], last["signal"], last["last_lines"]) == ("2026-01-02T03:04:05Z", 9, ["bye"])
        assert (shown["status"], shown["result"]) == ("succeeded", None)


class TestCancel:
    async def test_what_waits_is_cancelled_and_a_rerun_ends(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        (row,) = await executor.commands()
        answer = await executor.ask("POST", f"/api/commands/{row.id}/cancel", ada)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert await executor.status(new) == "failed"
        assert executor.neighbours.moves[-1].reason == "ada cancelled the command."
        again = await executor.ask("POST", f"/api/commands/{row.id}/cancel", ada)
        assert (again.status_code, again.json()["error"]["details"]) == (409, {"status": "cancelled"})

    async def test_beside_an_acknowledgement_one_of_both_counts(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        (job,) = await executor.poll(agent_id, token)
        ack = f"/api/agents/{agent_id}/jobs/{job['id']}/ack"
        cancelled, acked = await asyncio.gather(
            executor.ask("POST", f"/api/commands/{job['id']}/cancel", ada),
            executor.ask("POST", ack, token, json={"status": "started"}),
        )
        assert sorted((cancelled.status_code, acked.status_code)) == [200, 409]
        (row,) = await executor.commands()
        assert row.status == ("started" if acked.status_code == 200 else "cancelled")
        if row.status == "started":
            assert await executor.status(new) == "running"
