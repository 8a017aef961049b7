"""What one of many does: work under a lease runs at one replica, goes on at another when that dies, and what consumers
share is done once.
"""

from __future__ import annotations

import pytest
from rig.replicas import REPLICAS, Replicas
from rig.reports import epochs, event, post
from rig.systems import Stack

from argus_standalone.testing import Account

pytestmark = pytest.mark.slow
MERGED = "argus_ingest_merged_blocks_total"
HELD = "argus_lease_held"
BLOCKS = "select count(*) from metric_block join batch using (batch_key) where batch.id = :batch"


def ended(stack: Stack, ada: Account, batch: str) -> None:
    """A batch whose job ended, with three blocks of its curve to merge."""
    post(stack.url, ada.token, [event(batch, "batch_start"), event(batch, "job_start", "job")])
    for first in (0, 10, 20):
        post(stack.url, ada.token, epochs(batch, "job", first, 10))
    post(stack.url, ada.token, [event(batch, "job_done", "job"), event(batch, "batch_done")])


def test_curves_are_merged_at_one_replica_and_at_another_when_that_dies(
    stack: Stack, replicas: Replicas, ada: Account, eventually
) -> None:
    ended(stack, ada, "scale-merged")
    eventually(lambda: not stack.query(BLOCKS, batch="scale-merged")[0][0])
    working = [name for name, merged in replicas.counts("ingest-worker", MERGED).items() if merged]
    assert len(working) == 1
    stack.kill(working[0])
    ended(stack, ada, "scale-merged-again")
    eventually(lambda: not stack.query(BLOCKS, batch="scale-merged-again")[0][0])
    assert len(replicas.names("ingest-worker")) == REPLICAS
    for batch in ("scale-merged", "scale-merged-again"):
        points = ada.get(f"/api/jobs/{batch}/job/epochs")
        assert [point["epoch"] for point in points] == list(range(30))
    stack.wait_ready()


def test_every_lease_has_one_holder(replicas: Replicas, eventually) -> None:
    def holders() -> dict[str, float]:
        found: dict[str, float] = {}
        for app in ("auth-worker", "ingest-worker", "executor-worker", "notifier-worker"):
            for held in replicas.by_label(app, HELD).values():
                for lease, one in held.items():
                    found[lease] = found.get(lease, 0) + one
        return found

    # Those that are looked at all the time; others are taken when there is something to do.
    always = {"ingest-compaction", "command-expiry", "auth-cleanup"}
    eventually(lambda: {lease for lease, held in holders().items() if held} >= always)
    assert max(holders().values()) == 1


def test_a_failure_is_told_once(stack: Stack, replicas: Replicas, ada: Account, eventually) -> None:
    batch = "scale-failed"
    post(stack.url, ada.token, [event(batch, "batch_start"), event(batch, "job_start", "job")])
    failed = event(batch, "batch_failed", error="out of cheese")
    for _ in range(2 * REPLICAS):  # at each replica, and again
        post(stack.url, ada.token, [failed])

    def told() -> list[str]:
        return [one["rule_id"] for one in ada.get("/api/notifications", limit=200) if one["batch_id"] == batch]

    eventually(lambda: "batch_failed" in told())
    pending = "select count(*) from ingest_outbox"
    eventually(lambda: not stack.query(pending)[0][0])
    assert told().count("batch_failed") == 1
