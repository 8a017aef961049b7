"""The activity of a batch: what happened to it and its jobs, the newest first, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argus_contracts.event_rows import TYPE_CODES, event_key
from argus_kit.clock import now
from argus_schema import ingest

STORY = [
    ("batch_start", None, {}),
    ("job_start", "j-1", {"model": "resnet"}),
    ("job_epoch", "j-1", None),
    ("log_line", "j-1", None),
    ("resource_snapshot", None, {}),
    ("job_failed", "j-1", {"status": "FAILED", "reason": "CUDA out of memory " + "x" * 400, "elapsed_s": 12.7}),
    ("batch_stop_requested", None, {"requested_by": "bob"}),
    ("batch_failed", None, {"error": "stopped"}),
]


@pytest.fixture
async def told(world):
    """A batch with a story."""
    key = await world.batch("a")
    await world.job("a", "j-1", status="failed")
    begin = now() - timedelta(hours=1)
    for number, (kind, job_id, data) in enumerate(STORY):
        await world.insert(
            ingest.event,
            batch_key=key,
            id=world.next_id("a"),
            event_key=event_key(f"e-{number}"),
            type_code=TYPE_CODES[kind],
            job_id=job_id,
            at=begin + timedelta(minutes=number),
            data=data,
        )
    return world


async def test_what_happened_the_newest_first(told):
    found = await told.read("/api/batches/a/activity")
    kinds = [one["event_type"] for one in found["items"]]
    assert kinds == ["batch_failed", "batch_stop_requested", "job_failed", "job_start", "batch_start"]
    assert found["next_before"] is None
    failed = found["items"][2]
    assert (failed["job_id"], failed["model"], failed["dataset"]) == ("j-1", "resnet", "cifar")
    assert (failed["status"], failed["elapsed_s"], len(failed["detail"])) == ("FAILED", 12, 300)
    assert found["items"][1]["by"] == "bob"


async def test_an_alert_of_a_script_is_told_with_its_level(told):
    for number, data in enumerate(({"title": "Half way"}, {"title": "Spike", "text": "12.5", "level": "warn"})):
        await told.insert(
            ingest.event,
            batch_key=told.keys["a"],
            id=told.next_id("a"),
            event_key=event_key(f"alert-{number}"),
            type_code=TYPE_CODES["alert"],
            job_id=None,
            at=now(),
            data=data,
        )
    found = (await told.read("/api/batches/a/activity", jobs="false"))["items"][:2]
    assert [(one["event_type"], one["status"], one["detail"]) for one in found] == [
        ("alert", "warn", "Spike: 12.5"),
        ("alert", "info", "Half way"),
    ]


async def test_page_by_page(told):
    first = await told.read("/api/batches/a/activity", limit=2)
    rest = await told.read("/api/batches/a/activity", limit=2, before=first["next_before"])
    last = await told.read("/api/batches/a/activity", limit=2, before=rest["next_before"])
    ids = [one["id"] for page in (first, rest, last) for one in page["items"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), last["next_before"]) == (5, None)


async def test_without_jobs(told):
    found = await told.read("/api/batches/a/activity", jobs="false")
    assert [one["event_type"] for one in found["items"]] == ["batch_failed", "batch_stop_requested", "batch_start"]


async def test_only_for_those_who_see_the_batch(told):
    await told.person("eve")
    assert (await told.get("/api/batches/a/activity", "eve")).status_code == 404
    assert (await told.client.get("/api/batches/a/activity")).status_code == 401
