"""An agent written from the contract's page on agents alone, with nothing but the standard library.

`minimal_agent.py URL TOKEN HOSTNAME POLL_S GRACE_S`: registers, asks every POLL_S seconds (0: as the server says),
carries out what it is given, tells that it lives. It says on stdout what it does.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HEARTBEAT_S = 30.0


class Api:
    """JSON over HTTP with one token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON; None when it is empty."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._url + path, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=15) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class MinimalAgent:
    """Children by their batch, each begun once."""

    def __init__(self, api: Api, agent_id: str, grace_s: float) -> None:
        self._api = api
        self._path = f"/api/agents/{agent_id}"
        self._grace_s = grace_s
        self._begun: set[str] = set()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._kill_at: dict[str, float] = {}

    def poll(self) -> None:
        """Carry out what waits."""
        for command in self._api.call("GET", f"{self._path}/jobs")["jobs"]:
            if command["id"] not in self._begun:
                self._begun.add(command["id"])
                self._ack(command, *(self._rerun if command["kind"] == "rerun" else self._stop)(command))

    def beat(self) -> None:
        """A sign of life."""
        assert self._api.call("POST", f"{self._path}/heartbeat") is None

    def tend(self) -> None:
        """SIGKILL to who has had its time, and a word about who has ended."""
        for batch_id, child in list(self._children.items()):
            if self._kill_at.get(batch_id, float("inf")) < time.monotonic():
                del self._kill_at[batch_id]
                os.killpg(child.pid, signal.SIGKILL)
                print("killed", batch_id, flush=True)
            # A shell may end before what it began.
            if child.poll() is not None and not _is_there(child.pid):
                del self._children[batch_id]
                self._kill_at.pop(batch_id, None)
                print("ended", batch_id, child.returncode, flush=True)

    def _rerun(self, command: dict[str, Any]) -> tuple[str, int | None, str | None]:
        payload = command["payload"]
        words = [f"{key}={json.dumps(value).strip(chr(34))}" for key, value in payload["overrides"].items()]
        text = " ".join([payload["command"], *map(shlex.quote, words)])
        environment = {**os.environ, **(payload["env"] or {}), "ARGUS_BATCH_ID": command["batch_id"]}
        try:
            child = subprocess.Popen(text, shell=True, cwd=payload["cwd"], env=environment, start_new_session=True)
        except OSError as error:
            return "failed", None, str(error)
        self._children[command["batch_id"]] = child
        print("begun", command["batch_id"], child.pid, flush=True)
        return "started", child.pid, None

    def _stop(self, command: dict[str, Any]) -> tuple[str, int | None, str | None]:
        child = self._children.get(command["batch_id"])
        if child is None:
            return "failed", None, "no such batch runs here"
        self._kill_at[command["batch_id"]] = time.monotonic() + self._grace_s
        os.killpg(child.pid, signal.SIGTERM)
        return "started", child.pid, None

    def _ack(self, command: dict[str, Any], status: str, pid: int | None, error: str | None) -> None:
        body = {"status": status, "pid": pid, "error": error}
        answer = self._api.call("POST", f"{self._path}/jobs/{command['id']}/ack", body)
        assert answer == {"cmd_id": command["id"], "status": status}, answer


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main(url: str, token: str, hostname: str, poll_s: str, grace_s: str) -> None:
    """Go on until SIGTERM."""
    body = {"hostname": hostname, "version": "0", "capabilities": ["rerun", "stop"]}
    known = Api(url, token).call("POST", "/api/agents/register", body)
    cache = Path.home() / ".argus-agent" / "token.json"
    cache.parent.mkdir(exist_ok=True)
    kept = {key: known[key] for key in ("agent_id", "agent_token", "poll_interval_s")}
    cache.write_text(json.dumps({"argus_url": url, **kept}))
    print("registered", known["agent_id"], known["poll_interval_s"], flush=True)
    agent = MinimalAgent(Api(url, known["agent_token"]), known["agent_id"], float(grace_s))
    next_poll = next_beat = 0.0
    while True:
        now = time.monotonic()
        if now >= next_beat:
            agent.beat()
            next_beat = now + HEARTBEAT_S
        if now >= next_poll:
            agent.poll()
            next_poll = now + (float(poll_s) or known["poll_interval_s"])
        agent.tend()
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
