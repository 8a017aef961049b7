"""One batch that is looked into, paused and resumed while things die, and what has to hold of it afterwards."""

from __future__ import annotations

from typing import Any

from rig.agents import TrainingHost
from rig.person import Person
from rig.systems import Stack

# Where a resume came to nothing, a person reads why and clicks again.
_MOST_RESUMES = 4


class Pausing:
    """What a person does to a batch whose training saves itself after each epoch (`rerun.py ... saving`)."""

    def __init__(self, batch_id: str, person: Person, host: TrainingHost, system: Stack) -> None:
        self.batch_id = batch_id
        self._person = person
        self._host = host
        self._system = system
        self.asked = 0

    def inspect(self) -> None:
        """Look into the host while it trains; an agent that is away just then is asked again."""
        self._person.until(lambda: self._has_begun() or self._is_over())
        if not self._is_over():
            self.asked += 1
            self._person.until(lambda: self._click("inspect") is not None)

    def pause(self) -> None:
        """Ask until it is paused: a wish that came before the process said hello was for nobody."""
        if self._is_over():
            return
        self.asked += 1
        self._person.until(lambda: self._person.is_settled(self.batch_id) or not self._ask_for_pause())

    def resume(self) -> None:
        """Until it has come to its end, or a batch that failed says why."""
        for _ in range(_MOST_RESUMES):
            if self._person.status(self.batch_id) != "paused":
                return
            self.asked += 1
            self._person.until(lambda: (self._click("resume") or {}).get("command_id") or not self._is_paused())
            self._person.until(lambda: not self._is_open() and self._person.is_settled(self.batch_id))

    def broken(self) -> list[str]:
        """What does not hold, each as a sentence."""
        rows = self._commands()
        inspections = [row for row in rows if row.kind == "inspect"]
        resumes = [row for row in rows if row.kind == "resume"]
        begun = self._host.executions()[f"{self.batch_id}/resumed"]
        found = [f"{self.batch_id}: an inspection is {row}" for row in inspections if not _was_told(row)]
        if begun > len(resumes):
            found.append(f"{self.batch_id} was resumed {begun} times by {len(resumes)} commands")
        if not begun and not all(_was_told(row) for row in resumes):
            found.append(f"{self.batch_id}: a resume was neither executed nor told why not: {resumes}")
        if begun:
            found += self._broken_curve()
        return found

    @property
    def lost(self) -> int:
        """Commands that nobody ever heard of again."""
        return sum(row.status in {"pending", "delivered", "started"} for row in self._commands())

    @property
    def double(self) -> int:
        """Executions beyond one for each command that asks for one."""
        resumes = sum(row.kind == "resume" for row in self._commands())
        return max(self._host.executions()[f"{self.batch_id}/resumed"] - resumes, 0)

    def _broken_curve(self) -> list[str]:
        told = self._host.epochs(self.batch_id)
        points = self._person.account.get(f"/api/jobs/{self.batch_id}/job/epochs", limit=10_000)
        found = []
        if [point["epoch"] for point in points] != list(range(told)):
            found.append(f"{self.batch_id}: {told} epochs were told, and {len(points)} are stored, or not in order")
        status = self._person.status(self.batch_id)
        if status != "done":
            found.append(f"{self.batch_id} is {status} after it was resumed")
        return found

    def _ask_for_pause(self) -> bool:
        """True where it has to be asked again later."""
        rows = self._system.query("select pause_requested_at from batch where id = :batch", batch=self.batch_id)
        if rows and rows[0][0] is None:
            self._click("pause")
        return True

    def _click(self, what: str) -> dict[str, Any] | None:
        return self._person.click(f"/api/batches/{self.batch_id}/{what}", None, what)

    def _has_begun(self) -> bool:
        statement = (
            "select 1 from job join batch on batch.batch_key = job.batch_key"
            " where batch.id = :batch and job.last_epoch is not null"
        )
        return bool(self._system.query(statement, batch=self.batch_id))

    def _is_paused(self) -> bool:
        return self._person.status(self.batch_id) == "paused"

    def _is_over(self) -> bool:
        return self._person.is_settled(self.batch_id) and not self._is_paused()

    def _is_open(self) -> bool:
        return any(row.kind == "resume" and not _was_told(row) for row in self._commands())

    def _commands(self) -> list[Any]:
        statement = "select kind, status, exit_code, error from command where batch_id = :batch"
        return self._system.query(statement, batch=self.batch_id)


def _was_told(row: Any) -> bool:
    """Whether a command has ended, and says why where it did not end well."""
    return row.status == "succeeded" or (row.status in {"failed", "expired", "cancelled"} and bool(row.error))
