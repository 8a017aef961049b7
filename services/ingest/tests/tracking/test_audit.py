"""What others ask of batches is written down in the transaction that does it: who asked, from where, for what."""

import pytest

from argus_contracts import bus as wire
from argus_ingest.testing import event
from argus_ingest.tracking import deletions, moves, reruns
from argus_kit.clock import now
from argus_schema import ingest as tables

WHO = {"actor_id": 7, "actor_ip": "203.0.113.7"}


async def lines(ingest, work):
    """What `work` promises the audit log."""
    async with ingest.platform.write(tables.OWNER) as tx:
        reply = await work(tx)
        promised = [wire.decode(wire.AuditEntry, m.payload) for m in tx.messages if m.subject == "argus.audit.ingest"]
    assert all((line.user_id, line.ip) == (7, "203.0.113.7") for line in promised)
    return reply, [(line.action, line.target_type, line.target_id) for line in promised]


async def delete(ingest, kind, **what):
    request = wire.TrackingDelete(kind=kind, at=now(), **WHO, **what)
    return await lines(ingest, lambda tx: deletions.delete(tx, request))


async def move(ingest, action, **who):
    request = wire.BatchTransition(batch_id="bench-1", action=action, at=now(), **who)
    return await lines(ingest, lambda tx: moves.move(tx, request))


@pytest.fixture
async def ended(ingest):
    await ingest.accept(event("batch_start"), event("job_start", job="j"), event("job_done", job="j"))
    await ingest.accept(event("batch_done"))
    return ingest


async def test_a_deletion_is_noted_once(ended):
    _, told = await delete(ended, "job", batch_id="bench-1", job_id="j")
    assert told == [("job_deleted", "job", "bench-1/j")]
    assert (await delete(ended, "job", batch_id="bench-1", job_id="j"))[1] == []
    assert (await delete(ended, "batch", batch_id="bench-1"))[1] == [("batch_deleted", "batch", "bench-1")]
    assert (await delete(ended, "batch", batch_id="bench-1"))[1] == []


async def test_one_that_is_hurried_is_noted_again(ended):
    await delete(ended, "batch", batch_id="bench-1")
    assert (await delete(ended, "batch", batch_id="bench-1", purge=True))[1] == [("batch_deleted", "batch", "bench-1")]


async def test_projects_and_hosts(ended):
    assert (await delete(ended, "project", project="vision"))[1] == [("project_deleted", "project", "vision")]
    assert (await delete(ended, "host", host="gone"))[1] == [("host_deleted", "host", "gone")]


async def test_what_is_refused_is_not_noted_as_done(ingest):
    await ingest.accept(event("batch_start"))
    reply, told = await delete(ingest, "batch", batch_id="bench-1")
    assert (reply.ok, told) == (False, [])


async def test_a_stop_is_noted_once_and_a_move_of_the_server_s_own_is_not(ingest):
    await ingest.accept(event("batch_start"))
    assert (await move(ingest, "stop", **WHO))[1] == [("batch_stop_requested", "batch", "bench-1")]
    assert (await move(ingest, "stop", **WHO))[1] == []
    await ingest.accept(event("batch_done"))
    assert (await move(ingest, "fail"))[1] == []


async def test_a_rerun_is_noted_once(ended):
    asked = {"new_batch_id": "rerun-1", "source_batch_id": "bench-1", "owner_id": 7, "requested_by": "ada"}
    request = wire.BatchCreate(**asked, actor_ip="203.0.113.7", at=now())
    _, told = await lines(ended, lambda tx: reruns.create(tx, request))
    assert told == [("batch_rerun_requested", "batch", "rerun-1")]
    assert (await lines(ended, lambda tx: reruns.create(tx, request)))[1] == []
