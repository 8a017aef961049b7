"""Batches that are reported, what is known of each, and what the database says of it."""

from __future__ import annotations

import time
import uuid
from typing import Any

from rig.systems import System

from argus_contracts.event_rows import TYPE_CODES

PROJECT = "rolling"
JOB = "job-1"


class Batch:
    """A batch whose events are numbered: `sent` of them were acknowledged, `seen` says which the page was shown."""

    def __init__(self, name: str) -> None:
        self.id = f"{name}-{uuid.uuid4().hex[:8]}"
        self.sent = 0
        self.seen = bytearray()
        self.repeated = 0

    def event(self, kind: str, **data: Any) -> dict[str, Any]:
        """A new event."""
        return {
            "schema_version": "1.1",
            "event_id": str(uuid.uuid4()),
            "event_type": kind,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "batch_id": self.id,
            "job_id": JOB if kind.startswith("job_") else None,
            "source": {"project": PROJECT, "host": "roll"},
            "data": data,
        }

    def next(self) -> dict[str, Any]:
        """Its next numbered event; count it in `sent` when it is acknowledged."""
        return self.event("job_epoch", epoch=self.sent, train_loss=1 / (self.sent + 1))

    def show(self, number: int) -> None:
        """The page was shown this one."""
        if number >= len(self.seen):
            self.seen.extend(bytes(number + 1 - len(self.seen)))
        self.repeated += self.seen[number]
        self.seen[number] = 1

    @property
    def missed(self) -> int:
        """Acknowledged events that the page was not shown."""
        return self.sent - sum(self.seen[: self.sent])


def broken(system: System, batches: list[Batch]) -> list[str]:
    """Each promise of the database's that was not kept, as a sentence. Two questions, however many batches."""
    stored = {
        name: (number, different)
        for name, number, different in system.query(
            "select b.id, count(*), count(distinct e.event_key) from event e join batch b using (batch_key) "
            "where b.project = :project and e.type_code = :epoch group by b.id",
            project=PROJECT,
            epoch=TYPE_CODES["job_epoch"],
        )
    }
    points = dict(
        system.query(
            "select b.id, j.n_points from job j join batch b using (batch_key) where b.project = :project",
            project=PROJECT,
        )
    )
    found = []
    for batch in batches:
        number, different = stored.get(batch.id, (0, 0))
        if not batch.sent == number == different:
            found.append(f"{batch.id}: {batch.sent} acknowledged, {number} stored, {different} different")
        if points.get(batch.id, 0) != batch.sent:
            found.append(f"{batch.id}: {batch.sent} acknowledged, its job counts {points.get(batch.id)} points")
    return found
