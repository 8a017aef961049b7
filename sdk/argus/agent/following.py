"""What happens to runs and stops that were begun: read from the supervisors' folders, told to the server once."""

from __future__ import annotations

import logging
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argus.agent.ledger import Ledger
    from argus.agent.runs import Run, Runs

# A run that was begun and that no supervisor claims, because the agent died: given up when it comes no more.
_UNCLAIMED_S = 600.0
_MOST_DETAIL = 2000

LAUNCHES = ("rerun", "resume")
"""Kinds that begin a process here."""

log = logging.getLogger("argus.agent")


class Follower:
    """Follows what the ledger has open. Belongs to one thread at a time."""

    def __init__(self, ledger: Ledger, runs: Runs, *, flag_s: float, grace_s: float) -> None:
        self._ledger = ledger
        self._runs = runs
        self._flag_s = flag_s
        self._grace_s = grace_s

    def tend(self) -> None:
        """Look at every run and stop that is not over, and tell what happened to it."""
        self._runs.reap()
        for entry in self._ledger.open(*LAUNCHES):
            if entry["state"] in ("begun", "started"):
                self.follow(entry["id"])
        for entry in self._ledger.open("stop"):
            run = self.running(entry["batch_id"])
            if run is None:
                self._ledger.note(entry["id"], report("ended", detail="Nothing of the run is left."), state="over")
            elif not run.is_stopping:
                run.stop(flag_s=self._flag_s, grace_s=self._grace_s)  # the agent died before it could

    def slots(self) -> list[dict[str, Any]]:
        """The runs that go on; not those of which only something that they left behind does."""
        entries = self._ledger.open(*LAUNCHES)
        return [entry for entry in entries if entry["state"] in ("begun", "started") and not entry.get("ended")]

    def running(self, batch_id: str) -> Run | None:
        """The run of a batch that goes on here."""
        for entry in reversed(self._ledger.open(*LAUNCHES)):
            if entry["batch_id"] == batch_id and entry["state"] in ("begun", "started"):
                return self._runs.run(entry["id"])
        return None

    def fail(self, command_id: str, error: str) -> None:
        """A command that was begun comes to nothing; no supervisor that is late may begin it now."""
        self._runs.run(command_id).forbid()
        log.warning("command %s failed: %s", command_id, error)
        self._ledger.note(command_id, {"ack": "failed", "error": error}, state="failed", error=error)

    def follow(self, command_id: str) -> None:
        """Turn what the supervisor has written into messages, each once."""
        run = self._runs.run(command_id)
        # In this order: one that ends in between has written its last word before.
        is_supervised = run.is_supervised
        entry = self._ledger.get(command_id) or {}
        events = run.events(entry.get("events", 0))
        for place, event in enumerate(events, entry.get("events", 0) + 1):
            self._hear(command_id, entry["batch_id"], event, place)
        entry = self._ledger.get(command_id) or {}
        if entry.get("state") not in ("begun", "started") or is_supervised:
            return
        if run.is_claimed:
            self._follow_orphan(entry, run)
        elif time.time() - entry["begun_at"] > _UNCLAIMED_S:
            self.fail(command_id, "The agent died while it began this command, and the server asked for it no more.")

    def _hear(self, command_id: str, batch_id: str, event: dict[str, Any], place: int) -> None:
        step = event["step"]
        if step == "spawned":
            facts = {"state": "started", "pid": event["pid"], "started_at": time.time(), "events": place}
            self._ledger.note(command_id, {"ack": "started", "pid": event["pid"]}, report(**event), **facts)
            log.info("started batch %s as pid %d", batch_id, event["pid"])
        elif step == "failed":
            error = event["detail"]
            self._ledger.note(command_id, {"ack": "failed", "error": error}, state="failed", error=error, events=place)
            log.warning("command %s failed: %s", command_id, error)
        elif step == "over":
            self._ledger.note(command_id, state="over", events=place)
        else:
            if step in ("sigterm", "sigkill"):
                self._tell_stops(batch_id, event)
            facts = {key: event[key] for key in ("exit_code", "signal") if key in event}
            ended = {"ended": True, **facts} if step == "ended" else {}
            self._ledger.note(command_id, report(**event), events=place, **ended)
            log.info("batch %s: %s %s", batch_id, step, event.get("exit_code", event.get("signal", "")))

    def _follow_orphan(self, entry: dict[str, Any], run: Run) -> None:
        """A run whose supervisor was killed: its exit status is lost, but it can be watched and stopped."""
        if entry["state"] == "begun":
            process = run.process
            if process is None:
                self.fail(entry["id"], "The supervisor was killed while it began the command; it may have run.")
            else:
                event = {"step": "spawned", "at": iso(process["at"]), "pid": process["pid"]}
                self._hear(entry["id"], entry["batch_id"], event, 0)
            return
        if not run.is_alive:
            detail = "Its supervisor was killed: how it ended is not known."
            last = [] if entry.get("ended") else [report("ended", pid=entry["pid"], detail=detail)]
            self._ledger.note(entry["id"], *last, state="over")
        elif run.is_stopping:
            self._stop_orphan(entry, run)

    def _stop_orphan(self, entry: dict[str, Any], run: Run) -> None:
        """What its supervisor would have done: SIGTERM to the process group, and SIGKILL after the grace period."""
        asked = entry.get("orphan_sigterm")
        if asked is None:
            step, number = "sigterm", signal.SIGTERM
        elif not entry.get("orphan_sigkill") and time.monotonic() - asked >= self._grace_s:
            step, number = "sigkill", signal.SIGKILL
        else:
            return
        event = {"step": step, "at": iso(time.time()), "pid": entry["pid"]}
        self._ledger.note(entry["id"], report(**event), **{f"orphan_{step}": time.monotonic()})
        self._tell_stops(entry["batch_id"], event)
        run.signal(number)

    def _tell_stops(self, batch_id: str, event: dict[str, Any]) -> None:
        for stop in self._ledger.open("stop"):
            if stop["batch_id"] == batch_id and event["step"] not in stop.get("told", ()):
                self._ledger.note(stop["id"], report(**event), told=[*stop.get("told", ()), event["step"]])


def report(step: str, **facts: Any) -> dict[str, Any]:
    """A message for the report route; its `seq` is its number in the command's outbox."""
    told = {key: value for key, value in facts.items() if value is not None}
    told.setdefault("at", iso(time.time()))
    if "detail" in told:
        told["detail"] = told["detail"][:_MOST_DETAIL]
    return {"report": {"step": step, **told}}


def iso(moment: float) -> str:
    """Seconds since 1970 as an ISO instant."""
    return datetime.fromtimestamp(moment, UTC).isoformat()
