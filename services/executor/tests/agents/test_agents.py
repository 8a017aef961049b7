"""Agents: they register, poll, acknowledge, and give signs of life; each by its own token only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.sweeps import Expiry
from argus_kit import clock
from argus_kit.clock import now
from argus_kit.testing import add_session, add_token, eventually
from argus_schema.executor import agent, command

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
JOB = "/api/agents/{}/jobs"


class TestRegister:
    async def test_again_gives_the_same_agent_and_a_new_token_that_ends_the_old(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        first_id, first_token = await executor.agent(ada)
        second_id, second_token = await executor.agent(ada)
        assert first_id == second_id
        assert first_id.startswith("agent-")
        assert len(first_id) == len("agent-") + 12
        assert first_token != second_token
        assert await executor.poll(second_id, second_token) == []
        assert (await executor.ask("GET", JOB.format(first_id), first_token)).status_code == 401

    async def test_the_answer_has_what_agents_read(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        body = {"hostname": "gpu-01", "version": "1.2", "capabilities": ["rerun", "stop"]}
        answer = await executor.ask("POST", "/api/agents/register", ada, json=body)
        assert answer.status_code == 201
        contract = {"agent_id", "agent_token", "poll_interval_s", "server_time_utc"}
        assert set(answer.json()) == contract | {"command_keys", "command_keys_serial"}
        assert answer.json()["poll_interval_s"] == 10
        assert answer.json()["server_time_utc"].endswith("Z")
        shown = (await executor.ask("GET", "/api/agents", ada)).json()
        assert [(a["hostname"], a["version"], a["capabilities"], a["is_online"]) for a in shown] == [
            ("gpu-01", "1.2", ["rerun", "stop"], True)
        ]

    @ON_SQLITE
    async def test_two_people_on_one_host_have_two_agents_and_see_their_own(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        _, bob = await executor.person("bob")
        assert (await executor.agent(ada))[0] != (await executor.agent(bob))[0]
        assert len((await executor.ask("GET", "/api/agents", ada)).json()) == 1

    @ON_SQLITE
    async def test_who_may_register(self, executor: Any) -> None:
        user_id, _ = await executor.person("ada")
        body = {"hostname": "gpu-01"}
        codes = {}
        for prefix in ("em_live_", "em_view_"):
            token = await add_token(executor.database, user_id, prefix=prefix)
            codes[prefix] = (await executor.ask("POST", "/api/agents/register", token, json=body)).status_code
        codes["nobody"] = (await executor.ask("POST", "/api/agents/register", json=body)).status_code
        assert codes == {"em_live_": 201, "em_view_": 403, "nobody": 401}

    @ON_SQLITE
    @pytest.mark.parametrize(
        "body", [{}, {"hostname": None}, {"hostname": "a", "x": 1}, {"hostname": 3}, {"hostname": "a" * 300}, []]
    )
    async def test_a_body_that_does_not_fit(self, executor: Any, body: Any) -> None:
        _, ada = await executor.person("ada")
        assert (await executor.ask("POST", "/api/agents/register", ada, json=body)).status_code == 422

    @ON_SQLITE
    async def test_without_auth_it_is_unavailable_and_can_be_asked_again(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        executor.nats.kill()
        answer = await executor.ask("POST", "/api/agents/register", ada, json={"hostname": "gpu-01"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "bus.unavailable")
        executor.nats.start()
        await executor.platform.bus.wait_until_ready(15)
        assert (await executor.agent(ada))[1].startswith("ag_live_")

    async def test_it_takes_over_what_its_owner_asked_for_before(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        _, bob = await executor.person("bob")
        await executor.batch(ada_id, status="done")
        assert (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).status_code == 201
        assert await executor.poll(*await executor.agent(bob)) == []
        assert await executor.poll(*await executor.agent(ada, "another-host")) == []
        jobs = await executor.poll(*await executor.agent(ada))
        assert [job["kind"] for job in jobs] == ["rerun"]

    async def test_each_user_of_a_host_has_an_agent_of_their_own(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        ids: dict[str | None, str] = {}
        for user in (None, "ada", "train", None, "ada"):
            body = {"hostname": "gpu-01"} | ({} if user is None else {"user": user})
            answer = await executor.ask("POST", "/api/agents/register", ada, json=body)
            assert ids.setdefault(user, answer.json()["agent_id"]) == answer.json()["agent_id"]
        assert len(set(ids.values())) == 3
        shown = (await executor.ask("GET", "/api/agents", ada)).json()
        assert [one["user"] for one in shown] == [None, "ada", "train"]


class TestAuthorization:
    async def test_only_its_own_token_serves_an_agent(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        _, other_token = await executor.agent(ada, "gpu-02")
        reporter = await add_token(executor.database, ada_id)
        for method, path, more in (
            ("GET", "jobs", {}),
            ("POST", "jobs/x/ack", {"json": {"status": "started"}}),
            ("POST", "heartbeat", {}),
        ):
            address = f"/api/agents/{agent_id}/{path}"
            for credential, status in ((None, 401), (ada, 401), (reporter, 401), (token[:-1], 401), (other_token, 403)):
                answer = await executor.ask(method, address, credential, **more)
                assert answer.status_code == status, (method, path, credential)
                assert isinstance(answer.json()["detail"], str)
        assert (await executor.ask("GET", JOB.format("agent-unknown"), token)).status_code == 403

    @ON_SQLITE
    async def test_an_agents_token_opens_nothing_else(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        _, token = await executor.agent(ada)
        await executor.batch(ada_id)
        for method, path in (("POST", "stop"), ("GET", "stop-requested"), ("GET", "rerun-info")):
            assert (await executor.ask(method, f"/api/batches/b-1/{path}", token)).status_code == 403


class TestPoll:
    async def test_oldest_first_and_again_until_acknowledged(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        for name in ("b-1", "b-2", "b-3"):
            await executor.batch(ada_id, name)
            assert (await executor.ask("POST", f"/api/batches/{name}/stop", ada)).status_code == 200
        first = await executor.poll(agent_id, token)
        assert [job["batch_id"] for job in first] == ["b-1", "b-2", "b-3"]
        assert all(job["kind"] == "stop" and job["payload"] == {"requested_by": "ada"} for job in first)
        assert all(job["created_at"].endswith("Z") for job in first)
        assert await executor.poll(agent_id, token) == first
        assert [row.attempts for row in await executor.commands()] == [2, 2, 2]

    @ON_SQLITE
    async def test_a_poll_is_a_sign_of_life(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await self._age(executor)
        assert not (await executor.ask("GET", "/api/agents", ada)).json()[0]["is_online"]
        await executor.poll(agent_id, token)
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["is_online"]

    @ON_SQLITE
    async def test_a_heartbeat_with_and_without_a_note(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await self._age(executor)
        address = f"/api/agents/{agent_id}/heartbeat"
        answer = await executor.ask("POST", address, token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["is_online"]
        assert (await executor.ask("POST", address, token, json=None)).status_code == 204
        assert (await executor.ask("POST", address, token, json={"note": "busy"})).status_code == 204
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["note"] == "busy"
        assert (await executor.ask("POST", address, token)).status_code == 204
        assert (await executor.ask("GET", "/api/agents", ada)).json()[0]["note"] == "busy"
        assert (await executor.ask("POST", address, token, json={"x": 1})).status_code == 422

    async def test_a_heartbeat_tells_what_the_agent_does(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        address = f"/api/agents/{agent_id}/heartbeat"
        child = {"command_id": "c-1", "batch_id": "b/1", "pid": 77, "started_at": "2026-01-02T03:04:05Z"}
        body = {
            "children": [child],
            "is_draining": True,
            "policy": {"dry_run": True},
            "version": "2.0",
            "clock": (now() + timedelta(minutes=2)).isoformat(),
        }
        assert (await executor.ask("POST", address, token, json=body)).status_code == 204
        assert (await executor.ask("POST", address, token, json={"note": "busy"})).status_code == 204
        (shown,) = (await executor.ask("GET", "/api/agents", ada)).json()
        assert shown["children"] == [child]
        assert (shown["is_draining"], shown["policy"], shown["version"]) == (True, {"dry_run": True}, "2.0")
        assert 100 < shown["clock_skew_s"] < 121
        assert (await executor.ask("POST", address, token, json={"children": [], "version": None})).status_code == 204
        (shown,) = (await executor.ask("GET", "/api/agents", ada)).json()
        assert (shown["children"], shown["note"], shown["version"]) == ([], "busy", "2.0")

    @ON_SQLITE
    async def test_pages_hear_of_a_heartbeat_that_brings_something_new(self, executor: Any) -> None:
        _, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        heard: list[str] = []

        async def hear(_: str, data: bytes) -> None:
            heard.append(wire.decode(wire.AgentMessage, data).kind)

        await executor.platform.bus.listen(wire.agent_subject(agent_id), hear)
        for body in ({"is_draining": False}, {"is_draining": True}, {"is_draining": True}, {"note": "well"}):
            await executor.ask("POST", f"/api/agents/{agent_id}/heartbeat", token, json=body)

        async def heard_twice() -> bool:
            return len(heard) >= 2

        await eventually(heard_twice)
        assert heard == ["state", "state"]

    async def _age(self, executor: Any) -> None:
        async with executor.database.write() as connection:
            await connection.execute(sa.update(agent).values(last_seen_at=now() - timedelta(minutes=5)))


class TestAcknowledge:
    @pytest.fixture
    async def waiting(self, executor: Any) -> tuple[str, str, str, str]:
        """Agent, its token, a rerun command that waits, and the new batch."""
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        job = (await executor.poll(agent_id, token))[0]
        return agent_id, token, job["id"], new

    async def ack(self, executor: Any, agent_id: str, token: str, job: str, **body: Any) -> Any:
        return await executor.ask("POST", f"/api/agents/{agent_id}/jobs/{job}/ack", token, json=body)

    async def test_a_started_rerun_runs(self, executor: Any, waiting: tuple[str, str, str, str]) -> None:
        agent_id, token, job, new = waiting
        answer = await self.ack(executor, agent_id, token, job, status="started", pid=4711)
        assert (answer.status_code, answer.json()) == (200, {"cmd_id": job, "status": "started"})
        assert await executor.status(new) == "running"
        assert [(row.status, row.pid) for row in await executor.commands()] == [("started", 4711)]
        assert await executor.poll(agent_id, token) == []

    async def test_a_rerun_that_could_not_start_fails_its_batch_with_the_reason(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        agent_id, token, job, new = waiting
        answer = await self.ack(executor, agent_id, token, job, status="failed", error="no such file")
        assert answer.status_code == 200
        assert await executor.status(new) == "failed"
        assert executor.neighbours.moves[-1].reason == "no such file"
        assert [(row.status, row.error) for row in await executor.commands()] == [("failed", "no such file")]

    @ON_SQLITE
    async def test_what_is_refused(self, executor: Any, waiting: tuple[str, str, str, str]) -> None:
        agent_id, token, job, _ = waiting
        assert (await self.ack(executor, agent_id, token, job, status="done")).status_code == 400
        assert (await self.ack(executor, agent_id, token, "unknown", status="started")).status_code == 404
        assert (await self.ack(executor, agent_id, token, job)).status_code == 422
        assert (await self.ack(executor, agent_id, token, job, status="started", x=1)).status_code == 422
        assert (await self.ack(executor, agent_id, token, job, status="started", pid=10**30)).status_code == 422
        assert (await self.ack(executor, agent_id, token, job, status="started")).status_code == 200
        again = await self.ack(executor, agent_id, token, job, status="started")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "command.closed")

    @ON_SQLITE
    async def test_another_agents_command_does_not_exist(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        _, _, job, _ = waiting
        _, bob = await executor.person("bob")
        other_id, other_token = await executor.agent(bob)
        assert (await self.ack(executor, other_id, other_token, job, status="started")).status_code == 404

    @ON_SQLITE
    async def test_without_ingest_it_is_noted_and_the_batch_hears_of_it_later(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        agent_id, token, job, new = waiting
        executor.nats.kill()
        assert (await self.ack(executor, agent_id, token, job, status="started")).status_code == 200
        assert [row.status for row in await executor.commands()] == ["started"]
        assert await executor.status(new) == "requested"
        executor.nats.start()
        await executor.platform.bus.wait_until_ready(15)
        await executor.pay()
        assert await executor.status(new) == "running"
        assert [row.owed_move for row in await executor.commands()] == [None]

    @ON_SQLITE
    async def test_who_acknowledges_again_is_told_how_the_command_is(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        agent_id, token, job, _ = waiting
        assert (await self.ack(executor, agent_id, token, job, status="started")).status_code == 200
        again = await self.ack(executor, agent_id, token, job, status="failed", error="no")
        assert (again.status_code, again.json()["error"]["details"]) == (409, {"status": "started"})

    async def test_of_two_at_once_one_counts_and_the_batch_follows_it(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        agent_id, token, job, new = waiting
        answers = await asyncio.gather(
            *(
                self.ack(executor, agent_id, token, job, status=status, error=status)
                for status in ("started", "failed", "started", "failed")
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        (won,) = [answer.json()["status"] for answer in answers if answer.status_code == 200]
        assert [row.status for row in await executor.commands()] == [won]
        await executor.pay()
        assert await executor.status(new) == {"started": "running", "failed": "failed"}[won]

    async def test_polls_and_acknowledgements_at_once_hold_each_other_up_for_no_longer_than_they_take(
        self, executor: Any
    ) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        for name in ("b-1", "b-2", "b-3", "b-4", "b-5", "b-6"):
            await executor.batch(ada_id, name)
            await executor.ask("POST", f"/api/batches/{name}/stop", ada)
        jobs = await executor.poll(agent_id, token)
        acks = [self.ack(executor, agent_id, token, job["id"], status="started") for job in jobs]
        polls = [executor.ask("GET", JOB.format(agent_id), token) for _ in jobs]
        answers = await asyncio.gather(*(one for pair in zip(polls, acks, strict=True) for one in pair))
        assert {answer.status_code for answer in answers} == {200}
        assert {row.status for row in await executor.commands()} == {"started"}

    async def test_beside_the_expiry_one_of_both_counts(
        self, executor: Any, waiting: tuple[str, str, str, str]
    ) -> None:
        agent_id, token, job, new = waiting
        async with executor.database.write() as connection:
            await connection.execute(sa.update(agent).values(last_seen_at=now() - timedelta(hours=1)))
            await connection.execute(sa.update(command).values(deadline=now() - timedelta(minutes=1)))
        expiry = Expiry(executor.platform)
        answer, _ = await asyncio.gather(self.ack(executor, agent_id, token, job, status="started"), expiry.look())
        await expiry._lease.release()
        (row,) = await executor.commands()
        assert (answer.status_code, row.status) in {(200, "started"), (409, "expired")}
        await executor.pay()
        assert await executor.status(new) == {"started": "running", "expired": "failed"}[row.status]

    @ON_SQLITE
    async def test_a_stop_changes_nothing_on_the_batch(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id)
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        job = (await executor.poll(agent_id, token))[0]["id"]
        moves = len(executor.neighbours.moves)
        assert (await self.ack(executor, agent_id, token, job, status="started")).status_code == 200
        assert len(executor.neighbours.moves) == moves


class TestExpiry:
    @pytest.fixture
    async def rerun(self, executor: Any) -> str:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        new: str = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        return new

    async def sweep(self, executor: Any, minutes: int) -> None:
        expiry = Expiry(executor.platform)
        with clock.frozen(now() + timedelta(minutes=minutes)):
            await expiry.look()
        await expiry._lease.release()

    async def test_nobody_took_it_for_ten_minutes(self, executor: Any, rerun: str) -> None:
        await self.sweep(executor, 9)
        assert await executor.status(rerun) == "requested"
        await self.sweep(executor, 11)
        assert await executor.status(rerun) == "failed"
        assert "gpu-01" in executor.neighbours.moves[-1].reason
        (row,) = await executor.commands()
        assert row.status == "expired"
        assert "10 minutes" in row.error

    async def test_a_stop_is_given_up_after_five_minutes_even_if_its_agent_lives(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.agent(ada)
        await executor.batch(ada_id, status="running")
        assert (await executor.ask("POST", "/api/batches/b-1/stop", ada)).status_code == 200
        await self.sweep(executor, 4)
        assert [row.status for row in await executor.commands()] == ["pending"]
        await self.sweep(executor, 6)
        (row,) = await executor.commands()
        assert (row.status, row.error) == ("expired", "No agent on gpu-01 took the command within 5 minutes.")
        assert await executor.status() == "stopping"

    @ON_SQLITE
    async def test_a_living_agent_keeps_what_it_holds(self, executor: Any, rerun: str) -> None:
        _, token = await self._agent(executor)
        async with executor.database.write() as connection:
            await connection.execute(sa.update(agent).values(last_seen_at=now() + timedelta(minutes=59)))
        await self.sweep(executor, 60)
        assert await executor.status(rerun) == "requested"
        await self.sweep(executor, 80)
        assert await executor.status(rerun) == "failed"
        assert token

    @ON_SQLITE
    async def test_one_that_ingest_refuses_holds_up_no_other(self, executor: Any, rerun: str) -> None:
        executor.neighbours.refuse = "batch.not_found"
        await self.sweep(executor, 11)
        assert [row.status for row in await executor.commands()] == ["expired"]

    @ON_SQLITE
    async def test_without_ingest_the_batch_hears_of_it_later(self, executor: Any, rerun: str) -> None:
        executor.nats.kill()
        await self.sweep(executor, 11)
        assert await executor.status(rerun) == "requested"
        executor.nats.start()
        await executor.platform.bus.wait_until_ready(15)
        await self.sweep(executor, 11)
        with clock.frozen(now() + timedelta(minutes=12)):
            await executor.pay()
        assert [row.status for row in await executor.commands()] == ["expired"]
        assert await executor.status(rerun) == "failed"

    async def _agent(self, executor: Any) -> tuple[str, str]:
        (found,) = await executor.rows(command)
        session = await add_session(executor.database, found.requested_by)
        agent_id, token = await executor.agent(session)
        assert await executor.poll(agent_id, token)
        return agent_id, token
