"""A server that keeps the interface of agents, with real signatures and faults, and agents with real processes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus.agent.agent import Agent
from argus.agent.api import AgentApi
from argus.agent.cli import main
from argus.agent.clock import ServerClock
from argus.agent.host import Host
from argus.agent.ledger import Ledger
from argus.agent.runs import Runs
from argus.agent.store import Registration

TOKEN = "ag_live_x"


class FakeExecutor:
    """Commands wait until they are acknowledged; reports are kept by their numbers; every registration kills the
    earlier token. With `is_of_contract` it knows no signatures, reports, waiting questions or new keys."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.key_id = "key-1"
        self.is_of_contract = False
        self.commands = {}  # waiting ones
        self.status = {}
        self.acks = {}
        self.reports = defaultdict(dict)
        self.heartbeats = []
        self.registrations = []
        self.polls = []
        self.token = TOKEN
        self.faults = []  # statuses for the next acknowledgements and reports, before anything is kept
        self.lose_answers = 0  # keep, then answer 503
        self.clock_ahead_s = 0.0
        self.statement = None  # of new keys
        self.changed = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        with self.changed:
            self.is_of_contract = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    @property
    def public_keys(self):
        raw = self.key.public_key().public_bytes_raw()
        return {self.key_id: base64.urlsafe_b64encode(raw).decode().rstrip("=")}

    def now(self):
        return datetime.now(UTC) + timedelta(seconds=self.clock_ahead_s)

    def command(self, kind, batch_id, *, requested_by_id=7, deadline_s=600, agent_id="agent-1", **payload):
        payload = {"requested_by": "lin", **payload}
        command_id = f"cmd-{len(self.status)}"
        raw = {"id": command_id, "kind": kind, "batch_id": batch_id, "payload": payload}
        raw["created_at"] = self.now().isoformat()
        if not self.is_of_contract:
            deadline = (self.now() + timedelta(seconds=deadline_s)).isoformat()
            people = {"owner_id": 7, "requested_by_id": requested_by_id}
            signed = {"v": 1, **raw, "agent_id": agent_id, "deadline": deadline, **people}
            raw |= {"deadline": deadline, **self.sign(json.dumps(signed))}
        with self.changed:
            self.commands[command_id] = raw
            self.status[command_id] = "pending"
            self.changed.notify_all()
        return command_id

    def sign(self, text):
        value = base64.urlsafe_b64encode(self.key.sign(text.encode())).decode().rstrip("=")
        return {"signed": text, "signature": {"key_id": self.key_id, "value": value}}

    def steps(self, command_id):
        return [report["step"] for _, report in sorted(self.reports[command_id].items())]

    def report(self, command_id, step):
        """The only report of a step."""
        (found,) = [report for report in self.reports[command_id].values() if report["step"] == step]
        return found

    def get(self, path, query, token):
        if path == "/api/auth/me":
            return 200, {"id": 7, "username": "lin"}
        if token != self.token:
            return 401, {"detail": "agent token unknown"}
        self.polls.append(query)
        if "wait_s" in query and not self.is_of_contract:
            with self.changed:
                self.changed.wait_for(lambda: self.commands or self.is_of_contract, float(query["wait_s"][0]))
        return 200, {"jobs": list(self.commands.values()), "command_keys": self.statement}

    def post(self, path, body, token):
        if path == "/api/agents/register":
            if self.is_of_contract and "user" in body:
                return 422, {"detail": "extra key"}
            self.registrations.append((body, token))
            self.token = f"ag_live_{len(self.registrations)}"
            keys = [{"key_id": name, "public_key": key} for name, key in self.public_keys.items()]
            more = {} if self.is_of_contract else {"command_keys": keys}
            return 201, {"agent_id": "agent-1", "agent_token": self.token, "poll_interval_s": 0.05, **more}
        if token != self.token:
            return 401, {"detail": "agent token unknown"}
        if path.endswith("/heartbeat"):
            if self.is_of_contract and set(body) - {"note"}:
                return 422, {"detail": "extra keys"}
            self.heartbeats.append(body)
            return 204, None
        command_id, verb = path.split("/")[-2:]
        if self.faults:
            return self.faults.pop(0), {"detail": "a fault"}
        with self.changed:
            answer = self._ack(command_id, body) if verb == "ack" else self._report(command_id, body)
        if self.lose_answers:
            self.lose_answers -= 1
            return 503, {"detail": "the answer was lost"}
        return answer

    def _ack(self, command_id, body):
        if self.commands.pop(command_id, None) is None:
            return 409, {"detail": "already acknowledged"}
        self.acks[command_id] = body
        self.status[command_id] = body["status"]
        return 200, {"cmd_id": command_id, "status": body["status"]}

    def _report(self, command_id, body):
        if self.is_of_contract or command_id not in self.status:
            return 404, {"detail": "Not Found"}
        body = dict(body)
        known = self.reports[command_id].setdefault(body["seq"], body)
        assert known == body, "a number was used twice"
        ends = {"refused": "failed", "inspected": "succeeded"}
        if body["step"] in ends and self.commands.pop(command_id, None):
            self.status[command_id] = ends[body["step"]]
        return 200, {"cmd_id": command_id, "status": self.status[command_id]}

    def _handler(fake):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def date_time_string(self, timestamp=None):
                return super().date_time_string(time.time() + fake.clock_ahead_s)

            @property
            def token(self):
                return self.headers["Authorization"].removeprefix("Bearer ")

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*fake.post(self.path, body, self.token))

            def do_GET(self):
                parts = urlsplit(self.path)
                self.answer(*fake.get(parts.path, parse_qs(parts.query), self.token))

            def answer(self, status, answer):
                data = b"" if answer is None else json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    self.close_connection = True  # the agent was killed while it waited

        return Handler


@pytest.fixture
def executor():
    fake = FakeExecutor()
    yield fake
    fake.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "agent"
    monkeypatch.setenv("ARGUS_AGENT_HOME", str(folder))
    yield folder
    _end_supervisors(folder)


@pytest.fixture
def registration(executor):
    def make():
        contract = executor.is_of_contract
        return Registration(
            executor.url, "agent-1", TOKEN, 0.05, "em_live_run", hostname="gpu-1", owner="lin", owner_id=7,
            command_keys={} if contract else executor.public_keys, allow_unsigned=contract,
        )  # fmt: skip

    return make


@pytest.fixture
def make_agent(registration, home):
    """Agents as they are after a start; each new one is the same agent restarted. `round()`: ask, watch, tell."""
    apis, started = [], []

    def make(grace_s=5.0, flag_s=0.0, most_runs=4):
        clock = ServerClock()
        known = registration()
        connections = [AgentApi(known.argus_url, known.agent_token, clock) for _ in range(2)]
        apis.extend(connections)
        ledger = Ledger(str(home))
        runs = Runs(str(home / "runs"))
        started.append(runs)
        host = Host(known, ledger, runs, clock, str(home), most_runs=most_runs, flag_s=flag_s, grace_s=grace_s)
        agent = Agent(known, *connections, host, ledger)

        def round_():
            agent.ask()
            agent.watch()
            agent.tell()

        def settle():
            agent.watch()
            agent.tell()

        return SimpleNamespace(agent=agent, host=host, ledger=ledger, runs=runs, round=round_, settle=settle)

    yield make
    for api in apis:
        api.close()
    _end_supervisors(home)
    for runs in started:
        for shim in runs._shims:
            shim.wait(10)


@pytest.fixture
def agent_process(executor, registration, home):
    """`argus-agent run` as a process, or another program in its place."""
    processes = []

    def start(*command, **environment):
        registration().save(str(home))
        words = command or (
            sys.executable,
            "-W",
            "error",
            "-m",
            "argus.agent.cli",
            "run",
            "--flag-grace=0",
            "--grace=1",
        )
        process = subprocess.Popen(
            words, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _end_supervisors(folder):
    """Nothing that a test started outlives it."""
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "argus.agent.shim" in line and any(str(folder) in word for word in line):
            below = process.children(recursive=True)
            for one in (process, *below):
                try:
                    one.send_signal(signal.SIGKILL)
                    one.wait(5)
                except psutil.Error:
                    continue


@pytest.fixture
def agent(ada, home, wait_until):
    """An agent process that is registered with a real server, and ends well; the process."""
    assert main(["register", "--url", ada.url, "--token", ada.token]) == 0
    command = [sys.executable, "-m", "argus.agent.cli", "run", "--flag-grace=10", "--grace=2"]
    environment = {**os.environ, "ARGUS_TOKEN": ada.token}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    wait_until(lambda: any(one["is_online"] for one in ada.get("/api/agents")))
    yield process
    process.send_signal(signal.SIGTERM)
    print(process.communicate(timeout=30)[0])
    assert process.returncode == 0
