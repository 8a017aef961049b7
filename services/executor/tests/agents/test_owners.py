"""What an agent's owner decides: that it ends, and whose commands it takes besides."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argus_contracts import bus as wire
from argus_executor.agents.departures import forget
from argus_executor.agents.polls import HeldPolls
from argus_kit.clock import now
from argus_kit.testing import add_session, add_token, eventually
from argus_schema.auth import user
from argus_schema.executor import agent_allowed

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


class TestRevoke:
    async def test_its_token_is_worth_nothing_and_what_waited_is_cancelled(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        assert (await executor.ask("DELETE", f"/api/agents/{agent_id}", ada)).status_code == 204
        for method, path in (("GET", "jobs"), ("POST", "heartbeat")):
            assert (await executor.ask(method, f"/api/agents/{agent_id}/{path}", token)).status_code == 401
        assert [row.status for row in await executor.commands()] == ["cancelled"]
        assert await executor.status(new) == "failed"
        assert (await executor.ask("GET", "/api/agents", ada)).json() == []
        assert (await executor.ask("DELETE", f"/api/agents/{agent_id}", ada)).status_code == 404
        again, _ = await executor.agent(ada)
        assert again == agent_id

    @ON_SQLITE
    async def test_a_poll_that_is_held_ends(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        poll = asyncio.create_task(executor.ask("GET", f"/api/agents/{agent_id}/jobs?wait_s=25", token))

        async def is_held() -> bool:
            return bool(executor.platform.get(HeldPolls)._bells)

        await eventually(is_held)
        assert (await executor.ask("DELETE", f"/api/agents/{agent_id}", ada)).status_code == 204
        assert (await poll).status_code == 401

    @ON_SQLITE
    async def test_who_may(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        _, bob = await executor.person("bob")
        _, root = await executor.person("root", is_admin=True)
        agent_id, token = await executor.agent(ada)
        reporter = await add_token(executor.database, ada_id)
        for credential, status in ((None, 401), (token, 403), (reporter, 403), (bob, 404), (root, 204)):
            assert (await executor.ask("DELETE", f"/api/agents/{agent_id}", credential)).status_code == status


class TestAll:
    @ON_SQLITE
    async def test_administrators_see_everyones_agents_when_they_ask_for_them(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        _, root = await executor.person("root", is_admin=True)
        await executor.agent(ada)
        await executor.agent(root, "gpu-02")
        mine = (await executor.ask("GET", "/api/agents", root)).json()
        assert [one["owner"] for one in mine] == ["root"]
        everyones = (await executor.ask("GET", "/api/agents?all=1", root)).json()
        assert [(one["hostname"], one["owner"]) for one in everyones] == [("gpu-01", "ada"), ("gpu-02", "root")]
        assert (await executor.ask("GET", "/api/agents?all=1", ada)).status_code == 403


class TestAllowed:
    async def test_whom_the_owner_allows_reaches_the_agent_and_nobody_else(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        for name in ("bob", "mallory"):
            person_id, _ = await executor.person(name)
            await executor.batch(person_id, name)
        address = f"/api/agents/{agent_id}/allowed"
        answer = await executor.ask("PUT", address, ada, json={"usernames": ["Bob", "ada"]})
        assert (answer.status_code, answer.json()) == (200, {"usernames": ["bob"]})
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["allowed"] == ["bob"]
        await self._stop(executor, "bob")
        await self._stop(executor, "mallory")
        assert [job["batch_id"] for job in await executor.poll(agent_id, token)] == ["bob"]
        await executor.ask("PUT", address, ada, json={"usernames": []})
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["allowed"] == []

    @ON_SQLITE
    async def test_one_of_ones_own_comes_first(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        bob_id, bob = await executor.person("bob")
        adas, bobs = await executor.agent(ada), await executor.agent(bob)
        await executor.ask("PUT", f"/api/agents/{adas[0]}/allowed", ada, json={"usernames": ["bob"]})
        await executor.batch(bob_id)
        await executor.ask("POST", "/api/batches/b-1/stop", bob)
        assert await executor.poll(*adas) == []
        assert len(await executor.poll(*bobs)) == 1

    @ON_SQLITE
    async def test_only_the_owner_says_so_and_only_of_people_that_there_are(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        _, root = await executor.person("root", is_admin=True)
        agent_id, _ = await executor.agent(ada)
        address, body = f"/api/agents/{agent_id}/allowed", {"usernames": ["root"]}
        assert (await executor.ask("PUT", address, root, json=body)).status_code == 404
        reporter = await add_token(executor.database, ada_id)
        assert (await executor.ask("PUT", address, reporter, json=body)).status_code == 403
        unknown = await executor.ask("PUT", address, ada, json={"usernames": ["root", "nobody"]})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "user.not_found")
        assert await executor.rows(agent_allowed) == []

    @ON_SQLITE
    async def test_who_left_is_allowed_no_more(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        bob_id, _ = await executor.person("bob")
        agent_id, _ = await executor.agent(ada)
        await executor.ask("PUT", f"/api/agents/{agent_id}/allowed", ada, json={"usernames": ["bob"]})
        assert len(await executor.rows(agent_allowed)) == 1
        await forget(executor.database, wire.PersonDeparted(user_id=bob_id, email="b@x.org", runs="keep", at=now()))
        assert await executor.rows(agent_allowed) == []

    async def _stop(self, executor: Any, name: str) -> None:
        ids = {row.username: row.id for row in await self._people(executor)}
        session = await add_session(executor.database, ids[name])
        assert (await executor.ask("POST", f"/api/batches/{name}/stop", session)).status_code == 200

    async def _people(self, executor: Any) -> list[Any]:
        return list(await executor.rows(user))
