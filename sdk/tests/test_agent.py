"""The host agent against a real HTTP server that keeps the agents contract, with real child processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from argus.agent.api import AgentApi, Refused
from argus.agent.children import Children, rerun_command, rerun_environment
from argus.agent.cli import main
from argus.agent.loop import Agent
from argus.agent.store import Ledger, Registration


class FakeExecutor:
    """Commands wait until they are acknowledged; every registration kills the earlier token."""

    def __init__(self):
        self.commands = {}
        self.acks = {}
        self.heartbeats = 0
        self.registrations = []
        self.token = ""
        self.lose_acks = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def command(self, kind, batch_id, **payload):
        command_id = f"cmd-{len(self.commands)}"
        self.commands[command_id] = {"id": command_id, "kind": kind, "batch_id": batch_id, "payload": payload}
        return command_id

    def post(self, path, body, token):
        if path == "/api/agents/register":
            self.registrations.append((body, token))
            self.token = f"ag_live_{len(self.registrations)}"
            return 201, {"agent_id": "agent-1", "agent_token": self.token, "poll_interval_s": 0.05}
        if token != self.token:
            return 401, {"detail": "agent token unknown"}
        if path.endswith("/heartbeat"):
            self.heartbeats += 1
            return 204, None
        command_id = path.split("/")[-2]
        if self.lose_acks:
            self.lose_acks -= 1
            return 503, {"detail": "busy"}
        if self.commands.pop(command_id, None) is None:
            return 409, {"detail": "already acknowledged"}
        self.acks[command_id] = body
        return 200, {"cmd_id": command_id, "status": body["status"]}

    def _handler(fake):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*fake.post(self.path, body, self.headers["Authorization"].removeprefix("Bearer ")))

            def do_GET(self):
                if self.headers["Authorization"] != f"Bearer {fake.token}":
                    self.answer(401, {"detail": "agent token unknown"})
                else:
                    self.answer(200, {"jobs": list(fake.commands.values())})

            def answer(self, status, answer):
                data = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler


@pytest.fixture
def executor():
    fake = FakeExecutor()
    yield fake
    fake.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ARGUS_AGENT_HOME", str(tmp_path / "agent"))
    return tmp_path / "agent"


@pytest.fixture
def make_agent(executor, home):
    """Agents as they are after a start; each new one is the same agent restarted."""
    apis, started = [], []
    executor.token = "ag_live_x"

    def make(grace_s=5.0, most_runs=4):
        api = AgentApi(executor.url, "ag_live_x")
        apis.append(api)
        children = Children(str(home / "logs"), grace_s)
        started.append(children)
        registration = Registration(executor.url, "agent-1", "ag_live_x", 0.05, "em_live_run")
        return Agent(registration, api, children, Ledger(str(home)), most_runs)

    yield make
    for api in apis:
        api.close()
    for children in started:
        for child in children._running.values():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


class TestRegistration:
    def test_it_is_kept_for_its_owner_alone_and_status_uses_it(self, executor, home, capsys):
        assert main(["register", "--url", executor.url, "--token", "em_live_me", "--hostname", "gpu-1"]) == 0
        assert executor.registrations[0][0]["hostname"] == "gpu-1"
        kept = home / "token.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert json.loads(kept.read_text())["agent_token"] == "ag_live_1"
        assert json.loads(kept.read_text())["reporter_token"] == "em_live_me"
        assert main(["status"]) == 0
        assert executor.heartbeats == 1
        assert "agent-1" in capsys.readouterr().out

    def test_without_it_nothing_runs(self, home, capsys):
        assert main(["run"]) == 2
        assert "argus-agent register" in capsys.readouterr().err

    def test_a_token_that_died_is_said(self, executor, home, capsys):
        main(["register", "--url", executor.url, "--token", "em_live_me"])
        executor.token = "another host registered"
        assert main(["status"]) == 1
        assert "Register this host again" in capsys.readouterr().err


class TestRerun:
    def test_it_runs_in_its_folder_with_overrides_and_the_new_batch(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command(
            "rerun",
            "rerun-1",
            command=f"{sys.executable} -c 'import os, sys; print(os.getcwd(), sys.argv[1:], dict(os.environ))' base",
            cwd=str(tmp_path),
            env={"SEED": "3", "HF_TOKEN": "***"},
            overrides={"lr": 0.1, "name": "a b", "flag": None, "on": True},
        )
        agent = make_agent()
        agent.round()
        assert executor.acks[command_id]["status"] == "started"
        log = tmp_path / "agent" / "logs" / "rerun-1.log"
        wait_until(lambda: log.read_text().endswith("\n"))
        said = log.read_text()
        assert said.startswith(f"{tmp_path} ['base', 'lr=0.1', 'name=a b', 'flag=null', 'on=true']")
        for part in ("'ARGUS_BATCH_ID': 'rerun-1'", f"'ARGUS_URL': '{executor.url}'", "'SEED': '3'"):
            assert part in said
        assert "HF_TOKEN" not in said

    def test_a_lost_acknowledgement_starts_nothing_twice(self, executor, make_agent, tmp_path, wait_until):
        marker = tmp_path / "runs"
        command_id = executor.command("rerun", "rerun-1", command=f"echo x >> {marker}")
        executor.lose_acks = 1
        agent = make_agent()
        with pytest.raises(Refused):
            agent.round()
        agent.round()
        assert executor.acks[command_id]["status"] == "started"
        wait_until(marker.exists)
        time.sleep(0.1)
        assert marker.read_text() == "x\n"

    def test_an_agent_that_died_while_starting_does_not_start_again(self, executor, make_agent, home):
        command_id = executor.command("rerun", "rerun-1", command="echo never")
        Ledger(str(home)).note(command_id, batch_id="rerun-1", state="starting")
        make_agent().round()
        assert executor.acks[command_id]["status"] == "failed"
        assert not (home / "logs").exists()

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [({"command": "true", "cwd": "/no/such/place"}, "could not be started"), ({}, "no recorded command")],
    )
    def test_what_cannot_start_is_acknowledged_as_failed(self, executor, make_agent, payload, reason):
        command_id = executor.command("rerun", "rerun-1", **payload)
        make_agent().round()
        assert executor.acks[command_id]["status"] == "failed"
        assert reason in executor.acks[command_id]["error"]

    def test_more_than_its_limit_waits_on_the_server(self, executor, make_agent, wait_until):
        for number in range(3):
            executor.command("rerun", f"rerun-{number}", command="sleep 0.3")
        agent = make_agent(most_runs=2)
        agent.round()
        assert len(executor.acks) == 2
        agent.round()
        assert len(executor.acks) == 2
        time.sleep(0.4)
        agent.round()
        assert len(executor.acks) == 3


class TestStop:
    def test_the_whole_group_ends(self, executor, make_agent, wait_until):
        executor.command("rerun", "rerun-1", command="sleep 60 & sleep 60; true")
        agent = make_agent()
        agent.round()
        pid = agent._children.pid_of("rerun-1")
        command_id = executor.command("stop", "rerun-1")
        agent.round()
        assert executor.acks[command_id]["status"] == "started"
        wait_until(lambda: [agent._reap(), len(agent._children)][1] == 0)
        wait_until(lambda: not _alive(pid))

    def test_what_ignores_the_request_is_killed_after_the_grace(self, executor, make_agent, wait_until):
        code = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
        )
        executor.command("rerun", "rerun-1", command=f'exec {sys.executable} -c "{code}"')
        agent = make_agent(grace_s=0.3)
        agent.round()
        time.sleep(0.5)
        executor.command("stop", "rerun-1")
        agent.round()
        assert len(agent._children) == 1
        wait_until(lambda: [agent._reap(), len(agent._children)][1] == 0)

    def test_a_run_of_an_earlier_life_of_the_agent_can_be_stopped(self, executor, make_agent, wait_until):
        executor.command("rerun", "rerun-1", command="sleep 60")
        first = make_agent()
        first.round()
        command_id = executor.command("stop", "rerun-1")
        make_agent().round()
        assert executor.acks[command_id]["status"] == "started"
        wait_until(lambda: [first._reap(), len(first._children)][1] == 0)

    def test_a_batch_that_is_not_its_own_is_said_so(self, executor, make_agent):
        command_id = executor.command("stop", "somebody-elses")
        make_agent().round()
        assert executor.acks[command_id]["status"] == "failed"


def test_the_command_line_agent_runs_and_ends_by_signal(executor, home, tmp_path, wait_until):
    main(["register", "--url", executor.url, "--token", "em_live_me"])
    process = subprocess.Popen([sys.executable, "-W", "error", "-m", "argus.agent.cli", "run"])
    try:
        command_id = executor.command("rerun", "rerun-1", command=f"echo $ARGUS_TOKEN > {tmp_path / 'token'}")
        wait_until(lambda: command_id in executor.acks)
        wait_until(lambda: (tmp_path / "token").exists() and (tmp_path / "token").read_text() == "em_live_test\n")
        assert executor.heartbeats >= 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
        process.wait()


def test_overrides_stay_one_word_each():
    assert rerun_command("python t.py", {"a": "x; rm -rf /", "b": [1, 2]}) == "python t.py 'a=x; rm -rf /' 'b=[1,2]'"


def test_the_agents_own_variables_do_not_reach_the_run():
    base = {"ARGUS_AGENT_HOME": "/x", "HOME": "/h", "ARGUS_TOKEN": "em_live_a"}
    assert rerun_environment(base, None, "b", "u", None) == {
        "HOME": "/h", "ARGUS_TOKEN": "em_live_a", "ARGUS_BATCH_ID": "b", "ARGUS_URL": "u",
    }  # fmt: skip


def _alive(group):
    """Whether any process of the group still runs; one that only waits for its parent to notice does not."""
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False
