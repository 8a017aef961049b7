"""Folds the new events of one batch, in order, into the batch and its jobs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from argus_contracts.events import EventType
from argus_ingest.fold import batches, curves, jobs
from argus_ingest.fold.state import Arrival, Tracked
from argus_ingest.lifecycle import BatchStatus

_BY_TYPE = {**jobs.BY_TYPE, **batches.BY_TYPE}


def fold(tracked: Tracked, arrivals: Iterable[Arrival], received_at: datetime) -> None:
    """Apply events that are new to the batch. `tracked.jobs` must hold every job that they name and that exists, and
    every running job of the batch when one of them ends it; `batch.job_statuses` the count of its jobs by status.
    """
    batch = tracked.batch
    for arrival in arrivals:
        event = arrival.event
        batches.touch(batch, arrival, received_at)
        if event.event_type == EventType.RESOURCE_SNAPSHOT:
            if batch.is_placeholder:
                batches.claim_for_snapshots(batch, event.source)
            elif event.job_id:
                jobs.on_mention(tracked, arrival)
            continue
        if batch.is_placeholder:
            batches.make_real(batch, event, arrival.at)
        before = batch.status
        _BY_TYPE[event.event_type](tracked, arrival)
        if batch.status == BatchStatus.STOPPED != before:
            batch.stopped_by = event.event_type
    for job in tracked.jobs.values():
        curves.close(job)
    batches.count_elapsed(tracked)
