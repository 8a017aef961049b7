"""The agent's calls to the server."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from argus._delivery import detail
from argus._transport import HttpTransport, Reply, Unreachable
from argus._version import __version__

if TYPE_CHECKING:
    from argus.agent.clock import ServerClock

_TIMEOUT_S = 15.0
# What this agent carries out; a server gives no other command to it.
CAPABILITIES = ["inspect", "rerun", "resume", "stop"]
# What the contract does not know yet; servers of the contract refuse such keys.
_REFUSED_KEYS = 422


class Refused(Exception):
    """The server answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"HTTP {status}: {words}")
        self.status = status


class Waiting(NamedTuple):
    """Commands, oldest first, and what the server says of its keys."""

    commands: list[dict[str, Any]]
    keys: Any


class AgentApi:
    """One server, one token, one thread. Every method raises `Unreachable` or `Refused`."""

    def __init__(self, url: str, token: str, clock: ServerClock | None = None) -> None:
        self._transport = HttpTransport(url, lambda: token, _TIMEOUT_S)
        self._clock = clock
        self._is_of_contract = False

    def me(self) -> dict[str, Any]:
        """The person whose token this is."""
        return self._call("GET", "/api/auth/me")

    def register(self, hostname: str) -> dict[str, Any]:
        """Register this host and user; the answer has `agent_id`, `agent_token`, `poll_interval_s`, `command_keys`."""
        body = {"hostname": hostname, "version": __version__, "capabilities": CAPABILITIES}
        return self._call_with(body, {"user": getpass.getuser()}, "/api/agents/register")

    def poll(self, agent_id: str, wait_s: int = 0, known_keys: int = 0) -> Waiting:
        """What waits. The server holds the question up to `wait_s` seconds if there is nothing.

        `known_keys`: the number of the list of keys that is known here; a newer one comes with the answer.
        """
        query = f"?known_keys={known_keys}" + (f"&wait_s={wait_s}" if wait_s else "")
        self._transport.timeout_s = _TIMEOUT_S + wait_s
        answer = self._call("GET", f"{_path(agent_id)}/jobs{query}")
        jobs = answer.get("jobs")
        commands = [job for job in jobs if isinstance(job, dict) and job.get("id")] if isinstance(jobs, list) else []
        return Waiting(commands, answer.get("command_keys"))

    def acknowledge(
        self, agent_id: str, command_id: str, status: str, pid: int | None = None, error: str | None = None
    ) -> None:
        """Tell that a command was `started` or has `failed`. One that is settled already (404, 409) stays so."""
        try:
            self._call("POST", f"{_path(agent_id, command_id)}/ack", {"status": status, "pid": pid, "error": error})
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise

    def report(self, agent_id: str, command_id: str, body: dict[str, Any]) -> str | None:
        """Tell a step of a command, with its `seq`. Returns the command's status."""
        status = self._call("POST", f"{_path(agent_id, command_id)}/report", body).get("status")
        return str(status) if status is not None else None

    def heartbeat(self, agent_id: str, facts: dict[str, Any] | None = None) -> None:
        """Tell that this host is alive, and what runs on it."""
        self._call_with({}, facts or {}, f"{_path(agent_id)}/heartbeat")

    def interrupt(self) -> None:
        """End a question that waits, from another thread."""
        self._transport.abort()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _call_with(self, body: dict[str, Any], more: dict[str, Any], path: str) -> dict[str, Any]:
        """POST with keys that servers of the contract refuse; then without them."""
        if not self._is_of_contract:
            try:
                return self._call("POST", path, {**body, **more})
            except Refused as refusal:
                if refusal.status != _REFUSED_KEYS or not more:
                    raise
        answer = self._call("POST", path, body)
        self._is_of_contract = True
        return answer

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        encoded = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        reply = self._transport.request(method, path, encoded, headers)
        if self._clock is not None:
            self._clock.hear(reply.headers.get("date"))
        if reply.status == 404 and not reply.body.lstrip().startswith(b"{"):
            raise Unreachable("a gateway answers that does not know the server yet")
        if not reply.ok:
            raise Refused(reply.status, detail(reply))
        return _object(reply)


def _path(agent_id: str, command_id: str | None = None) -> str:
    path = f"/api/agents/{quote(agent_id, safe='')}"
    return path if command_id is None else f"{path}/jobs/{quote(command_id, safe='')}"


def _object(reply: Reply) -> dict[str, Any]:
    if not reply.body:
        return {}
    try:
        answer = json.loads(reply.body)
    except ValueError as error:
        raise Unreachable("the answer is not an Argus server's") from error
    return answer if isinstance(answer, dict) else {}
