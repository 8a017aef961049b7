"""Tells a server of the laboratory: first what was, then what goes on, as time passes."""

from __future__ import annotations

import bisect
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from demo_lab.events import Event, Told
from demo_lab.plan import BatchPlan, Times, batches
from demo_lab.readings import Laboratory
from demo_lab.server import Account, Server, State, Unreachable
from demo_lab.world import Person

_TICK_S = 2.0
_HORIZON = timedelta(hours=8)
# Others take the place of those that go on once they were seen for so long.
_GENERATION = timedelta(hours=2)

Say = Callable[[str], None]


class Story:
    """The laboratory on one server, at one time."""

    def __init__(self, server: Server, state: State, people: dict[Person, Account], say: Say) -> None:
        self._server, self._state, self.people, self._say = server, state, people, say
        self.times = times_of(state)
        self.batches = batches(self.times)
        self._laboratory = Laboratory(self.batches, self.times.live)
        # Of each batch that goes on, what is not reported yet, in the order of time.
        self._coming: list[tuple[BatchPlan, list[Event]]] = []

    def tell_past(self, now: datetime, *, goes_on: bool = False) -> list[BatchPlan]:
        """Everything until now that the server does not have yet. Returns the batches that were told of.

        What runs comes first; with `goes_on` it is reported on while the rest is told, which takes minutes on a slow
        machine: a host of which nothing is heard meanwhile is rightly called quiet.
        """
        self._end_generation(now)
        known: set[str] = set(self._state.known.get("told", ()))
        self._coming = self._coming_after(now) if goes_on else []
        told = []
        for number, batch in enumerate(sorted(self.batches, key=lambda batch: batch.fate == "ended"), 1):
            if batch.id in known and batch.fate == "ended":
                continue
            events = Told(batch, self._laboratory, self.times, now).all()
            self._server.report(self.people[batch.owner], events)
            self._say(f"{number:>2} of {len(self.batches)}  {batch.project}/{batch.id}: {len(events)} events")
            told.append(batch)
            known.add(batch.id)
            self._state.known["told"] = sorted(known)
            self._state.save()
            self.report_due({one.id for one in told})
        return told

    def go_on(self) -> None:
        """Report what happens after the past that was told, until interrupted."""
        while True:
            self.report_due()
            now = datetime.now(UTC)
            if now > self.times.live + _GENERATION:
                self.__init__(self._server, self._state, self.people, self._say)  # type: ignore[misc]
                self.tell_past(now, goes_on=True)
            time.sleep(_TICK_S)

    def report_due(self, of: set[str] | None = None) -> None:
        """Send what is due, of these batches or all.

        Where the server is away for a while, it is sent later, as a reporter would.
        """
        now = datetime.now(UTC)
        until = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"
        for batch, events in self._coming:
            due = bisect.bisect_right(events, until, key=lambda event: event["timestamp"])
            if due and (of is None or batch.id in of):
                try:
                    self._server.report(self.people[batch.owner], events[:due])
                except Unreachable:
                    return
                del events[:due]

    def _coming_after(self, since: datetime) -> list[tuple[BatchPlan, list[Event]]]:
        first, found = since.strftime("%Y-%m-%dT%H:%M:%S"), []
        for batch in self.batches:
            if batch.fate in {"live", "idle"}:
                told = Told(batch, self._laboratory, self.times, self.times.live + _HORIZON).all()
                coming = [event for event in told if event["timestamp"] > first]
                found.append((batch, sorted(coming, key=lambda event: event["timestamp"])))
        return found

    def _end_generation(self, now: datetime) -> None:
        """Those that went on long ago ended meanwhile, and others take their place."""
        if now < self.times.live + _GENERATION:
            return
        for batch in self.batches:
            if batch.fate != "ended" and batch.id in self._state.known.get("told", ()):
                told = Told(batch, self._laboratory, self.times, batch.silent_since or self.times.live + _HORIZON)
                events = told.all() if batch.fate == "live" else []
                if batch.fate != "live":
                    events = [
                        told.event("batch_failed", {"reason": "SIGTERM", "n_failed": 0}, self.times.live + _GENERATION)
                    ]
                self._server.report(self.people[batch.owner], events)
        self._state.known |= {"live": now.isoformat(), "generation": self.times.generation + 1}
        self._state.save()
        self.times = times_of(self._state)
        self.batches = batches(self.times)
        self._laboratory = Laboratory(self.batches, self.times.live)


def times_of(state: State) -> Times:
    now = datetime.now(UTC).isoformat()
    known: dict[str, Any] = state.known
    anchor = known.setdefault("anchor", now)
    live = known.setdefault("live", anchor)
    tag = known.setdefault("tag", secrets.token_hex(4))
    state.save()
    return Times(datetime.fromisoformat(anchor), datetime.fromisoformat(live), known.setdefault("generation", 0), tag)
