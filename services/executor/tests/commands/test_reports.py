"""Reports of agents: a history that is written once, and how a command ends by them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.commands.debts import has_paused_since, is_still_owed
from argus_executor.commands.reports import ending
from argus_executor.commands.schemas import CommandReport
from argus_kit import clock
from argus_kit.clock import iso, now
from argus_kit.testing import eventually
from argus_schema.executor import agent, command_step
from argus_schema.ingest import batch

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


class Begun:
    """A rerun or a stop that its agent began."""

    def __init__(self, executor: Any, agent_id: str, token: str, job: dict[str, Any]) -> None:
        self.executor, self.agent_id, self.token = executor, agent_id, token
        self.id, self.batch = job["id"], job["batch_id"]

    async def send(self, what: str, **body: Any) -> Any:
        path = f"/api/agents/{self.agent_id}/jobs/{self.id}/{what}"
        return await self.executor.ask("POST", path, self.token, json=body)

    async def ack(self, status: str = "started") -> Any:
        return await self.send("ack", status=status, pid=7)

    async def report(self, seq: int, step: str, **more: Any) -> Any:
        return await self.send("report", **{"seq": seq, "step": step, "at": iso(now())} | more)

    async def row(self) -> Any:
        return next(row for row in await self.executor.commands() if row.id == self.id)

    async def steps(self) -> list[tuple[int | None, str]]:
        rows = await self.executor.rows(command_step)
        return [(row.seq, row.step) for row in sorted(rows, key=lambda row: row.id) if row.command_id == self.id]


async def begin(executor: Any, *, kind: str = "rerun") -> Begun:
    ada_id, ada = await executor.person("ada")
    agent_id, token = await executor.agent(ada)
    await executor.batch(ada_id, status="done" if kind == "rerun" else "running")
    answer = await executor.ask("POST", f"/api/batches/b-1/{kind}", ada, json={} if kind == "rerun" else None)
    assert answer.is_success
    (job,) = await executor.poll(agent_id, token)
    return Begun(executor, agent_id, token, job)


class TestHistory:
    async def test_it_holds_all_that_happened_in_order(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        for seq, step in enumerate(("spawned", "note", "ended")):
            answer = await one.report(seq, step, exit_code=0, pid=4711)
            assert answer.status_code == 200
        assert answer.json() == {"cmd_id": one.id, "status": "succeeded"}
        assert await one.steps() == [
            (None, "requested"),
            (None, "delivered"),
            (None, "started"),
            (0, "spawned"),
            (1, "note"),
            (2, "ended"),
        ]
        row = await one.row()
        assert (row.pid, row.exit_code, row.error) == (4711, 0, None)
        assert row.finished_at is not None

    async def test_one_that_comes_again_even_at_once_is_written_once(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        answers = await asyncio.gather(*(one.report(0, "ended", exit_code=code) for code in (1, 1, 1, 1, 1)))
        assert {answer.status_code for answer in answers} == {200}
        assert (await one.report(0, "ended", exit_code=0)).json()["status"] == "failed"
        assert [step for step in await one.steps() if step[0] == 0] == [(0, "ended")]
        assert (await one.row()).exit_code == 1

    @ON_SQLITE
    async def test_another_agents_command_does_not_exist(self, executor: Any) -> None:
        one = await begin(executor)
        _, bob = await executor.person("bob")
        one.agent_id, one.token = await executor.agent(bob)
        assert (await one.report(0, "note")).json()["error"]["code"] == "command.not_found"
        assert (None, "note") not in await one.steps()

    @ON_SQLITE
    @pytest.mark.parametrize(
        "body",
        [
            {"seq": -1},
            {"seq": 10_000},
            {"step": "else"},
            {"at": "2026-01-01T00:00:00"},
            {"x": 1},
            {"last_lines": ["x"] * 51},
            {"result": {"x": "y" * 300_000}},
            {"result": {"x": json.loads("[" * 200 + "]" * 200)}},
            {"pid": -1},
        ],
    )
    async def test_a_body_that_does_not_fit(self, executor: Any, body: dict[str, Any]) -> None:
        one = await begin(executor)
        assert (await one.send("report", **{"seq": 0, "step": "note", "at": iso(now())} | body)).status_code == 422

    async def test_whatever_stands_in_the_last_lines_the_end_is_not_lost(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        lines = ["a\x00b", "x" * 5000]
        answer = await one.report(0, "ended", exit_code=1, last_lines=lines, detail="d" * 3000)
        assert answer.status_code == 200, answer.text
        (step,) = [row for row in await executor.rows(command_step) if row.seq == 0]
        assert step.facts["last_lines"] == ["a\ufffdb", "x" * 2000]
        assert len(step.detail) == 2000


class TestTheEndOfARerun:
    async def test_a_process_that_died_fails_its_batch_with_how_it_died(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        lines = ["epoch 3", "MemoryError", ""]
        await one.report(1, "ended", exit_code=-9, signal=9, oom="Out of memory: Killed process 7", last_lines=lines)
        assert (await one.row()).status == "failed"
        assert await executor.status(one.batch) == "failed"
        reason = executor.neighbours.moves[-1].reason
        assert reason == "The process was ended by SIGKILL.\nOut of memory: Killed process 7\nMemoryError"

    @ON_SQLITE
    async def test_one_that_ended_well_has_a_minute_to_say_so(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        await one.report(1, "ended", exit_code=0)
        await executor.pay()
        assert (await one.row()).status == "succeeded"
        assert await executor.status(one.batch) == "running"
        with clock.frozen(now() + timedelta(seconds=61)):
            await executor.pay()
        assert await executor.status(one.batch) == "failed"
        assert "exit code 0" in executor.neighbours.moves[-1].reason

    @ON_SQLITE
    async def test_a_launcher_that_ended_while_its_run_reports_is_left_alone(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        await one.report(1, "ended", exit_code=0)
        async with executor.database.write() as connection:
            later = now() + timedelta(seconds=30)
            await connection.execute(sa.update(batch).where(batch.c.id == one.batch).values(last_event_at=later))
        with clock.frozen(now() + timedelta(seconds=61)):
            await executor.pay()
        assert await executor.status(one.batch) == "running"
        assert (await one.row()).owed_move is None

    @ON_SQLITE
    async def test_an_end_counts_even_if_the_word_that_it_started_was_lost(self, executor: Any) -> None:
        one = await begin(executor)
        assert (await one.report(0, "ended", exit_code=1)).json()["status"] == "failed"
        answer = await one.ack()
        assert (answer.status_code, answer.json()["error"]["details"]) == (409, {"status": "failed"})
        assert await executor.status(one.batch) == "failed"

    async def test_what_the_host_refuses_fails_the_batch_and_is_audited(self, executor: Any) -> None:
        heard: list[wire.AuditEntry] = []

        async def hear(_: str, data: bytes) -> None:
            heard.append(wire.decode(wire.AuditEntry, data))

        await executor.platform.bus.listen(wire.audit_subject("executor"), hear)
        one = await begin(executor)
        answer = await one.report(0, "refused", detail="the directory /etc is not allowed")
        assert answer.json()["status"] == "failed"
        row = await one.row()
        assert (row.status, row.error) == ("failed", "The host refused: the directory /etc is not allowed")
        assert await executor.status(one.batch) == "failed"

        async def told() -> list[tuple[str, str | None]]:
            return [(line.action, line.target_id) for line in heard if line.action == "command_refused"]

        assert await eventually(told) == [("command_refused", one.id)]

    @ON_SQLITE
    async def test_after_the_end_reports_are_kept_and_change_nothing(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        await one.report(0, "ended", exit_code=0)
        assert (await one.report(1, "ended", exit_code=1)).json()["status"] == "succeeded"
        assert (await one.report(2, "note")).json()["status"] == "succeeded"
        assert [seq for seq, _ in await one.steps() if seq is not None] == [0, 1, 2]


class TestTheEndOfAStop:
    async def test_a_killed_process_stops_its_batch(self, executor: Any) -> None:
        one = await begin(executor, kind="stop")
        await one.ack()
        for seq, step in enumerate(("sigterm", "sigkill")):
            assert (await one.report(seq, step)).json()["status"] == "started"
        assert (await one.report(2, "ended", signal=9)).json()["status"] == "succeeded"
        assert (executor.neighbours.moves[-1].action, executor.neighbours.moves[-1].batch_id) == ("fail", "b-1")

    @ON_SQLITE
    async def test_a_batch_that_goes_on_by_then_is_left_alone(self, executor: Any) -> None:
        one = await begin(executor, kind="stop")
        await one.ack()
        async with executor.database.write() as connection:
            await connection.execute(sa.update(batch).where(batch.c.id == "b-1").values(status="running"))
        await one.report(0, "ended")
        assert [move.action for move in executor.neighbours.moves] == ["stop"]
        assert (await one.row()).owed_move is None

    @ON_SQLITE
    async def test_a_run_that_is_stopped_before_it_began_ends(self, executor: Any) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.agent(ada)
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        assert (await executor.ask("POST", f"/api/batches/{new}/stop", ada)).status_code == 200
        assert [(move.action, move.batch_id) for move in executor.neighbours.moves] == [("stop", new), ("fail", new)]

    @ON_SQLITE
    async def test_a_stop_goes_to_the_agent_that_began_the_run(self, executor: Any) -> None:
        one = await begin(executor)
        await one.ack()
        (row,) = await executor.agents()
        async with executor.database.write() as connection:
            other = {"id": "agent-2", "owner_id": row.owner_id, "hostname": row.hostname, "os_user": "other"}
            await connection.execute(sa.insert(agent).values(**other, created_at=now(), last_seen_at=now()))
        _, root = await executor.person("root", is_admin=True)
        assert (await executor.ask("POST", f"/api/batches/{one.batch}/stop", root)).status_code == 200
        (stop,) = [row for row in await executor.commands() if row.kind == "stop"]
        assert stop.agent_id == one.agent_id


def told(**values: Any) -> CommandReport:
    return CommandReport.model_validate({"seq": 0, "step": "ended", "at": iso(now())} | values)


def test_half_a_character_is_kept_as_a_question_mark() -> None:
    assert told(last_lines=["\ud800"]).last_lines == ["?"]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (told(exit_code=1), "The process ended with exit code 1."),
        (told(signal=15), "The process was ended by SIGTERM."),
        (told(signal=200), "The process was ended by signal 200."),
        (told(), "The process is gone."),
        (told(exit_code=75), "The process ended to be resumed (exit code 75)."),
        (
            told(exit_code=1, gpu_errors=["Xid 79", "Xid 31"], last_lines=["a", " b "]),
            "The process ended with exit code 1.\nXid 79\nb",
        ),
    ],
)
def test_an_end_is_told_in_words(report: CommandReport, words: str) -> None:
    assert ending(report) == words


@pytest.mark.parametrize(
    ("kind", "exit_code", "status", "is_owed"),
    [
        ("rerun", 1, "running", True),
        ("rerun", 75, "paused", False),
        ("rerun", 75, "running", True),
        ("stop", None, "stopping", True),
        ("stop", None, "done", False),
        ("stop", None, None, False),
    ],
)
def test_a_move_that_makes_no_sense_any_more_is_not_made(
    kind: str, exit_code: int | None, status: str | None, is_owed: bool
) -> None:
    assert is_still_owed(kind, exit_code, status, finished_at=now(), last_event_at=None) is is_owed


@pytest.mark.parametrize(
    ("kind", "paused_s_after", "skew_s", "has_paused"),
    [
        ("resume", 5, 0, True),
        ("resume", -5, 0, False),  # the pause that it was to end
        ("resume", 25, 30, False),  # the host's clock is ahead
        ("resume", -25, -30, True),  # and behind
        ("rerun", -5, 0, True),  # a batch of its own
    ],
)
def test_a_run_that_ended_well_may_have_paused(kind: str, paused_s_after: int, skew_s: float, has_paused: bool) -> None:
    began = now()
    paused = began + timedelta(seconds=paused_s_after)
    assert has_paused_since(kind, began, paused, skew_s) is has_paused
    assert (
        is_still_owed(kind, 0, "paused", finished_at=now(), last_event_at=None, has_paused_since=has_paused)
        is not has_paused
    )


def test_without_a_begin_or_a_pause_nothing_has_paused_since() -> None:
    assert not has_paused_since("rerun", None, now(), 0)
    assert not has_paused_since("resume", now(), None, 0)
