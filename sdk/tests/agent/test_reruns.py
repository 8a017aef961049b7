"""Reruns: real processes, started once, told with all that is known of their end."""

from __future__ import annotations

import os
import sys
import time

import pytest

from argus.agent.policy import Policy
from argus.agent.runs import rerun_environment


def until_ended(agent, executor, command_id, wait_until):
    wait_until(lambda: [agent.settle(), "ended" in executor.steps(command_id)][1])
    return executor.report(command_id, "ended")


class TestStart:
    def test_it_runs_in_its_folder_with_overrides_and_the_new_batch(
        self, executor, make_agent, home, tmp_path, wait_until
    ):
        command_id = executor.command(
            "rerun",
            "rerun-1",
            command=f"{sys.executable} -c 'import os, sys; print(os.getcwd(), sys.argv[1:], dict(os.environ))' base",
            cwd=str(tmp_path),
            env={"SEED": "3", "HF_TOKEN": "***", "LD_PRELOAD": "/evil.so"},
            overrides={"lr": 0.1, "name": "a b", "flag": None, "on": True},
        )
        agent = make_agent()
        agent.round()
        assert executor.acks[command_id]["status"] == "started"
        ended = until_ended(agent, executor, command_id, wait_until)
        assert ended["exit_code"] == 0
        assert executor.acks[command_id]["pid"] == ended["pid"]
        said = (home / "runs" / command_id / "output.log").read_text()
        assert said.startswith(f"{tmp_path} ['base', 'lr=0.1', 'name=a b', 'flag=null', 'on=true']")
        for part in ("'ARGUS_BATCH_ID': 'rerun-1'", f"'ARGUS_URL': '{executor.url}'", "'SEED': '3'"):
            assert part in said
        assert "HF_TOKEN" not in said
        assert "evil" not in said
        assert executor.steps(command_id) == ["spawned", "ended"]

    def test_what_it_was_given_lies_nowhere_on_the_disk(self, executor, make_agent, home):
        executor.command("rerun", "rerun-1", command="sleep 60", env={"SEED": "only-in-the-environment"})
        make_agent().round()
        kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        assert b"em_live_run" not in kept
        assert b"only-in-the-environment" not in kept

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [({"command": "true", "cwd": "/no/such/place"}, "could not be started"), ({}, "no recorded command")],
    )
    def test_what_cannot_start_is_acknowledged_as_failed(self, executor, make_agent, payload, reason):
        command_id = executor.command("rerun", "rerun-1", **payload)
        make_agent().round()
        assert executor.status[command_id] == "failed"
        told = [executor.acks.get(command_id, {}).get("error"), *map(str, executor.reports[command_id].values())]
        assert any(reason in str(words) for words in told)

    def test_a_lost_acknowledgement_starts_nothing_twice(self, executor, make_agent, tmp_path, wait_until):
        marker = tmp_path / "runs"
        command_id = executor.command("rerun", "rerun-1", command=f"echo x >> {marker}")
        agent = make_agent()
        agent.agent.ask()
        for _ in range(3):
            agent.agent.ask()  # it comes again as long as it is not acknowledged
        until_ended(agent, executor, command_id, wait_until)
        assert marker.read_text() == "x\n"

    def test_a_command_that_is_unknown_is_refused(self, executor, make_agent):
        command_id = executor.command("format-disk", "rerun-1")
        make_agent().round()
        assert executor.report(command_id, "refused")["detail"] == "This agent knows no command 'format-disk'."


class TestQueue:
    def test_more_than_the_limit_waits_and_runs_when_there_is_room(self, executor, make_agent, tmp_path, wait_until):
        go = tmp_path / "go"
        ids = [executor.command("rerun", f"r-{n}", command=f"until [ -e {go} ]; do sleep 0.05; done") for n in range(3)]
        agent = make_agent(most_runs=2)
        agent.round()
        agent.round()
        assert sorted(executor.acks) == ids[:2]
        assert executor.steps(ids[2]) == ["queued"]
        go.touch()
        wait_until(lambda: [agent.round(), ids[2] in executor.acks][1])

    def test_one_that_the_server_took_back_never_runs(self, executor, make_agent, home):
        (home).mkdir()
        (home / "policy.toml").write_text("max_runs = 0")
        command_id = executor.command("rerun", "rerun-1", command="true")
        agent = make_agent()
        agent.round()
        assert executor.steps(command_id) == ["queued"]
        del executor.commands[command_id]
        agent.round()
        (home / "policy.toml").unlink()
        agent.round()
        assert agent.ledger.get(command_id)["state"] == "withdrawn"
        assert not (home / "runs" / command_id).exists()

    def test_a_draining_agent_takes_no_new_runs_and_still_stops(self, executor, make_agent, home, wait_until):
        first = executor.command("rerun", "rerun-1", command="sleep 60")
        agent = make_agent()
        agent.round()
        (home / "drain").touch()
        second = executor.command("rerun", "rerun-2", command="true")
        executor.command("stop", "rerun-1")
        agent.round()
        assert executor.steps(second) == ["queued"]
        until_ended(agent, executor, first, wait_until)
        (home / "drain").unlink()
        agent.round()
        assert second in executor.acks


class TestEnds:
    @pytest.mark.parametrize(
        ("command", "facts"),
        [
            ("exit 3", {"exit_code": 3}),
            ("exit 75", {"exit_code": 75}),
            ("kill -SEGV $$", {"signal": 11}),
            ("no-such-program", {"exit_code": 127}),
        ],
    )
    def test_exit_code_and_signal_are_told(self, executor, make_agent, wait_until, command, facts):
        command_id = executor.command("rerun", "rerun-1", command=command)
        agent = make_agent()
        agent.round()
        ended = until_ended(agent, executor, command_id, wait_until)
        assert {key: ended[key] for key in ("exit_code", "signal") if key in ended} == facts

    def test_the_last_lines_are_told_without_secrets(self, executor, make_agent, wait_until):
        lines = "for i in $(seq 1 80); do echo line $i; done; echo em_live_0123456789abcdefghijklmnop >&2; exit 1"
        command_id = executor.command("rerun", "rerun-1", command=lines)
        agent = make_agent()
        agent.round()
        last = until_ended(agent, executor, command_id, wait_until)["last_lines"]
        assert len(last) == 50
        assert last[-2] == "line 80"
        assert "em_live_0" not in last[-1]

    def test_a_flood_stays_within_its_bound(self, home, tmp_path):
        from argus.agent.output import RotatingFile, last_lines

        path = str(tmp_path / "output.log")
        file = RotatingFile(path, part_bytes=10_000)
        for number in range(3_000):
            file.write(b"%08d\n" % number)
        assert sum(part.stat().st_size for part in tmp_path.glob("output.log*")) <= 20_000
        assert last_lines(path, 2) == ["00002998", "00002999"]

    def test_a_run_that_floods_its_output_goes_on(self, executor, make_agent, home, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="yes | head -c 60000000; echo done")
        agent = make_agent()
        agent.round()
        wait_until(lambda: [agent.settle(), "ended" in executor.steps(command_id)][1], 60)
        assert executor.report(command_id, "ended")["last_lines"][-1] == "done"
        parts = list((home / "runs" / command_id).glob("output.log*"))
        assert sum(part.stat().st_size for part in parts) <= 2 * 16 * 1024 * 1024

    def test_the_kernels_word_is_told(self, executor, make_agent, wait_until, tmp_path, monkeypatch):
        tools = tmp_path / "bin"
        tools.mkdir()
        (tools / "journalctl").write_text(
            f"#!/bin/sh\necho 'Out of memory: Killed process 99 (python) total-vm:1kB UID:{os.getuid()} x'\n"
            "echo 'NVRM: Xid (PCI:0000:65:00): 79, pid=99, GPU has fallen off the bus.'\n"
        )
        (tools / "journalctl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        command_id = executor.command("rerun", "rerun-1", command="kill -9 $$")
        agent = make_agent()
        agent.round()
        ended = until_ended(agent, executor, command_id, wait_until)
        assert ended["oom"].startswith("Out of memory: Killed process 99")
        assert ended["gpu_errors"] == ["NVRM: Xid (PCI:0000:65:00): 79, pid=99, GPU has fallen off the bus."]

    def test_one_that_left_a_daemon_goes_on_until_that_ends(self, executor, make_agent, tmp_path, wait_until):
        go = tmp_path / "go"
        daemon = f"(setsid sh -c 'until [ -e {go} ]; do sleep 0.05; done; echo trained' &) ; exit 0"
        command_id = executor.command("rerun", "rerun-1", command=daemon)
        agent = make_agent()
        agent.round()
        wait_until(lambda: [agent.settle(), "note" in executor.steps(command_id)][1])
        assert "ended" not in executor.steps(command_id)
        assert len(agent.host.facts()["children"]) == 1
        go.touch()
        assert until_ended(agent, executor, command_id, wait_until)["last_lines"] == ["trained"]

    def test_one_that_failed_has_ended_whatever_it_left(self, executor, make_agent, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="(setsid sleep 60 &) ; exit 4")
        agent = make_agent()
        agent.round()
        ended = until_ended(agent, executor, command_id, wait_until)
        assert ended["exit_code"] == 4
        assert "left processes" in ended["detail"]
        assert agent.host.facts()["children"] == []
        stop = executor.command("stop", "rerun-1")
        agent.round()
        assert executor.acks[stop]["status"] == "started"
        until_ended(agent, executor, stop, wait_until)


def test_the_agents_own_variables_do_not_reach_the_run():
    base = {"ARGUS_AGENT_HOME": "/x", "HOME": "/h", "ARGUS_TOKEN": "em_live_a"}
    assert rerun_environment(base, None, Policy(), batch_id="b", url="u", token=None) == {
        "HOME": "/h", "ARGUS_TOKEN": "em_live_a", "ARGUS_BATCH_ID": "b", "ARGUS_URL": "u",
    }  # fmt: skip


def test_a_command_starts_within_a_second_of_the_click(executor, agent_process, tmp_path, wait_until):
    process = agent_process()
    wait_until(lambda: executor.polls)
    clicked = time.monotonic()
    command_id = executor.command("rerun", "rerun-1", command=f"touch {tmp_path / 'there'}")
    wait_until(lambda: command_id in executor.acks)
    wait_until(lambda: "ended" in executor.steps(command_id))
    # What was handed to an agent that is gone is given at once to a question that is not held.
    wait_until(lambda: len(executor.polls) > 1)
    assert [query.get("wait_s") for query in executor.polls[:2]] == [None, ["25"]]
    assert len(executor.polls) < 6, "it waits with questions that the server holds, not by asking often"
    print(f"from click to started: {time.monotonic() - clicked:.3f} s")
    process.terminate()
    assert process.wait(10) == 0


def test_a_question_that_is_freed_early_is_asked_again_soon_but_not_for_ever(executor, make_agent):
    agent = make_agent().agent
    agent._registration.poll_interval_s = 10
    executor.is_of_contract = True  # answers at once, as a server does that ends or holds no more
    assert [agent.ask(25) for _ in range(4)] == [1.0, 1.0, 10, 10]
    executor.is_of_contract = False
    assert agent.ask(1) == 0.0, "held to its end"
    executor.is_of_contract = True
    assert agent.ask(25) == 1.0
