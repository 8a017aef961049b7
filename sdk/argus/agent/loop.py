"""The agent's round: heartbeat, ask for commands, carry them out, acknowledge."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from argus._delivery import backoff
from argus._transport import Unreachable
from argus.agent.api import Refused
from argus.agent.children import birth, rerun_command, rerun_environment, signal_group

if TYPE_CHECKING:
    from argus.agent.api import AgentApi
    from argus.agent.children import Children
    from argus.agent.store import Ledger, Registration

HEARTBEAT_S = 30.0
MOST_RUNS = 4
# How often ended children are collected and overdue ones killed.
_REAP_S = 0.5

log = logging.getLogger("argus.agent")


class Agent:
    """Carries out the commands of one registration until `stop()`."""

    def __init__(
        self,
        registration: Registration,
        api: AgentApi,
        children: Children,
        ledger: Ledger,
        most_runs: int = MOST_RUNS,
    ) -> None:
        self._registration = registration
        self._api = api
        self._children = children
        self._ledger = ledger
        self._most_runs = most_runs
        self._over = threading.Event()
        self._next_heartbeat = 0.0

    def stop(self) -> None:
        """End after the present round. Runs that were started go on."""
        self._over.set()

    def run(self) -> None:
        """Go round until stopped. Raises `Refused` when the server no longer knows this agent (401, 403)."""
        failures = 0
        while not self._over.is_set():
            try:
                self.round()
                failures = 0
                delay = self._registration.poll_interval_s
            except Unreachable as error:
                failures += 1
                delay = backoff(failures)
                log.warning("the server does not answer: %s", error)
            except Refused as refusal:
                if refusal.status in (401, 403):
                    raise
                failures += 1
                delay = backoff(failures)
                log.warning("the server refused: %s", refusal)
            self._rest(delay)

    def round(self) -> None:
        """One heartbeat if it is due, one poll, and what it brings. Raises `Unreachable`, `Refused`."""
        now = time.monotonic()
        if now >= self._next_heartbeat:
            self._api.heartbeat(self._registration.agent_id)
            self._next_heartbeat = now + HEARTBEAT_S
        self._reap()
        for command in self._api.commands(self._registration.agent_id):
            if command.get("kind") == "rerun":
                self._rerun(command)
            elif command.get("kind") == "stop":
                self._stop(command)
            else:
                self._fail(str(command.get("id")), f"this agent knows no command {command.get('kind')!r}")

    def _rerun(self, command: dict[str, Any]) -> None:
        """Start it at most once, whatever crashes: the ledger knows it before the process does."""
        command_id, batch_id = str(command["id"]), str(command["batch_id"])
        known = self._ledger.get(command_id)
        if known is not None:
            self._acknowledge_known(command_id, known)
            return
        if len(self._children) >= self._most_runs:
            return  # it stays pending on the server and comes again with the next poll
        payload = command.get("payload") or {}
        if not payload.get("command"):
            self._fail(command_id, "the batch has no recorded command")
            return
        line = rerun_command(str(payload["command"]), payload.get("overrides") or {})
        environment = rerun_environment(
            dict(os.environ),
            payload.get("env"),
            batch_id,
            self._registration.argus_url,
            os.environ.get("ARGUS_TOKEN") or self._registration.reporter_token,
        )
        self._ledger.note(command_id, batch_id=batch_id, state="starting")
        try:
            pid = self._children.start(batch_id, line, payload.get("cwd"), environment)
        except OSError as error:
            self._ledger.note(command_id, state="failed", error=str(error))
            self._fail(command_id, f"the command could not be started: {error}")
            return
        self._ledger.note(command_id, state="started", pid=pid, born=birth(pid))
        log.info("started batch %s as pid %d", batch_id, pid)
        self._api.acknowledge(self._registration.agent_id, command_id, "started", pid=pid)

    def _acknowledge_known(self, command_id: str, known: dict[str, Any]) -> None:
        """A command that comes again: its acknowledgement was lost, or the agent died while it began it."""
        if known.get("state") == "started":
            self._api.acknowledge(self._registration.agent_id, command_id, "started", pid=known.get("pid"))
        else:
            self._fail(command_id, str(known.get("error") or "the agent ended while it was starting this command"))

    def _stop(self, command: dict[str, Any]) -> None:
        command_id, batch_id = str(command["id"]), str(command["batch_id"])
        pid = self._pid_of(batch_id)
        if pid is None:
            self._fail(command_id, "this agent runs no such batch; its reporter asks for the stop itself")
            return
        self._children.stop_group(pid)
        log.info("stopping batch %s (pid %d)", batch_id, pid)
        self._api.acknowledge(self._registration.agent_id, command_id, "started", pid=pid)

    def _pid_of(self, batch_id: str) -> int | None:
        """The process of a batch, also of one that an earlier life of this agent started."""
        pid = self._children.pid_of(batch_id)
        if pid is not None:
            return pid
        run = self._ledger.run_of(batch_id)
        if run is None or not run.get("pid") or birth(run["pid"]) != run.get("born"):
            return None
        return int(run["pid"]) if signal_group(run["pid"], 0) else None

    def _fail(self, command_id: str, error: str) -> None:
        log.warning("command %s failed: %s", command_id, error)
        self._api.acknowledge(self._registration.agent_id, command_id, "failed", error=error)

    def _reap(self) -> None:
        for batch_id, code in self._children.reap():
            log.info("batch %s ended with exit code %d", batch_id, code)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._over.wait(min(left, _REAP_S)):
                return
            self._reap()
