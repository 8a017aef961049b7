"""The agent's calls to the server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from argus._delivery import detail
from argus._transport import HttpTransport, Reply, Unreachable
from argus._version import __version__

_TIMEOUT_S = 15.0


class Refused(Exception):
    """The server answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"HTTP {status}: {words}")
        self.status = status


class AgentApi:
    """One server, one token. Every method raises `Unreachable` or `Refused`."""

    def __init__(self, url: str, token: str) -> None:
        self._transport = HttpTransport(url, lambda: token, _TIMEOUT_S)

    def register(self, hostname: str) -> dict[str, Any]:
        """Register this host; the answer has `agent_id`, `agent_token`, `poll_interval_s`."""
        body = {"hostname": hostname, "version": __version__, "capabilities": ["rerun", "stop"]}
        return self._call("POST", "/api/agents/register", body)

    def commands(self, agent_id: str) -> list[dict[str, Any]]:
        """Commands that wait for an acknowledgement, oldest first."""
        jobs = self._call("GET", f"/api/agents/{quote(agent_id, safe='')}/jobs").get("jobs")
        return [job for job in jobs if isinstance(job, dict)] if isinstance(jobs, list) else []

    def acknowledge(
        self, agent_id: str, command_id: str, status: str, pid: int | None = None, error: str | None = None
    ) -> None:
        """Tell that a command was `started` or has `failed`. One that is settled already (404, 409) stays so."""
        path = f"/api/agents/{quote(agent_id, safe='')}/jobs/{quote(command_id, safe='')}/ack"
        try:
            self._call("POST", path, {"status": status, "pid": pid, "error": error})
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise

    def heartbeat(self, agent_id: str) -> None:
        """Tell that this host is alive."""
        self._call("POST", f"/api/agents/{quote(agent_id, safe='')}/heartbeat", {})

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        encoded = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        reply = self._transport.request(method, path, encoded, headers)
        if not reply.ok:
            raise Refused(reply.status, detail(reply))
        return _object(reply)


def _object(reply: Reply) -> dict[str, Any]:
    if not reply.body:
        return {}
    try:
        answer = json.loads(reply.body)
    except ValueError as error:
        raise Unreachable("the answer is not an Argus server's") from error
    return answer if isinstance(answer, dict) else {}
