"""What executor and catalog ask over the bus, answered by the worker's parts."""

from datetime import timedelta

from argus_contracts import bus as wire
from argus_contracts.event_rows import TYPES_BY_CODE
from argus_ingest.app import SERVICE
from argus_ingest.testing import event
from argus_ingest.tracking.answers import TrackingAnswers
from argus_kit.app import worker_app
from argus_kit.bus import BusUnavailable
from argus_kit.clock import iso, now
from argus_kit.platform import Platform
from argus_kit.testing import eventually, running_client
from argus_schema import ingest as tables


async def ask(ingest, subject, request, reply_type):
    return wire.decode(reply_type, await ingest.platform.bus.request(subject, wire.encode(request), timeout_s=10))


async def started(ingest):
    await TrackingAnswers(ingest.platform).start()

    async def answers():
        try:
            await move(ingest, "running", "no-such-batch")
        except BusUnavailable:
            return False
        return True

    await eventually(answers)


async def move(ingest, action, batch_id="bench-1", **more):
    request = wire.BatchTransition(batch_id=batch_id, action=action, actor_id=7, actor_name="ada", at=now(), **more)
    return await ask(ingest, wire.BATCH_TRANSITION, request, wire.BatchTransitionReply)


async def delete(ingest, kind, **what):
    request = wire.TrackingDelete(kind=kind, actor_id=7, at=now(), **what)
    return await ask(ingest, wire.TRACKING_DELETE, request, wire.TrackingDeleteReply)


async def kinds(ingest, batch_id="bench-1"):
    key = (await ingest.batch(batch_id)).batch_key
    return [TYPES_BY_CODE[row.type_code] for row in await ingest.rows(tables.event, batch_key=key)]


async def test_a_stop_from_asking_to_the_end(ingest):
    await started(ingest)
    assert (await move(ingest, "stop")).error_code == "batch.not_found"
    await ingest.accept(event("batch_start"), event("job_start", job="j"))
    assert await move(ingest, "stop") == wire.BatchTransitionReply(ok=True, status="stopping", changed=True)
    assert await move(ingest, "stop") == wire.BatchTransitionReply(ok=True, status="stopping", changed=False)
    batch = await ingest.batch()
    assert batch.stop_requested_by == "ada"
    # An event of the run that was asked to stop does not take the stop back; that run's own end does the rest.
    await ingest.accept(event("batch_start"), event("batch_done"))
    batch = await ingest.batch()
    assert (batch.status, (await ingest.job("j")).status) == ("stopped", "lost")
    assert await kinds(ingest) == [
        "batch_start", "job_start", "batch_stop_requested", "batch_start", "batch_done", "batch_stopped",
    ]  # fmt: skip
    refused = await move(ingest, "pause")
    assert (refused.ok, refused.error_code) == (False, "batch.state_conflict")
    await ingest.accept(event("batch_start", at=iso(now())))
    batch = await ingest.batch()
    assert (batch.status, batch.stop_requested_at, batch.stop_requested_by) == ("running", None, None)


async def test_pause_resume_and_failure(ingest):
    await started(ingest)
    await ingest.accept(event("batch_start"), event("job_start", job="j"))
    asked = wire.BatchTransitionReply(ok=True, status="running", changed=True, pause_requested=True)
    assert await move(ingest, "pause") == asked
    assert await move(ingest, "pause") == wire.BatchTransitionReply(ok=True, status="running", pause_requested=True)
    assert (await ingest.batch()).pause_requested_by == "ada"
    assert await move(ingest, "resume") == wire.BatchTransitionReply(ok=True, status="running", changed=True)
    assert (await ingest.batch()).pause_requested_at is None
    assert (await move(ingest, "fail", reason="no agent")).status == "failed"
    batch = await ingest.batch()
    assert (batch.error, batch.end_time is None, (await ingest.job("j")).status) == ("no agent", False, "lost")
    assert (await kinds(ingest))[2:] == ["batch_pause_requested"]


async def test_a_rerun_is_cloned_once(ingest):
    await started(ingest)
    await ingest.accept(
        event("batch_start", experiment_type="grid", n_total_jobs=3),
        event("env_snapshot", cwd="/x"),
        event("batch_done"),
    )
    request = wire.BatchCreate(
        new_batch_id="rerun-1", source_batch_id="bench-1", owner_id=ingest.user_id, name="again",
        overrides_json='{"lr":0.1}', requested_by="ada", at=now(),
    )  # fmt: skip
    first = await ask(ingest, wire.BATCH_CREATE, request, wire.BatchCreateReply)
    second = await ask(ingest, wire.BATCH_CREATE, request, wire.BatchCreateReply)
    assert (first.ok, first.status, first.created, second.ok, second.created) == (True, "requested", True, True, False)
    child = await ingest.batch("rerun-1")
    assert (child.project, child.host, child.command, child.n_total) == ("vision", "gpu-01", "python train.py", 3)
    assert (child.env_snapshot, child.experiment_type, child.name) == ({"cwd": "/x"}, None, "again")
    assert (child.source_batch_id, child.overrides_json, child.rerun_requested_by) == ("bench-1", '{"lr":0.1}', "ada")
    assert await kinds(ingest, "rerun-1") == ["rerun_requested"]
    assert (await move(ingest, "running", "rerun-1")).changed
    await ingest.accept(event("batch_start", "rerun-1"))
    assert (await ingest.batch("rerun-1")).status == "running"
    request.new_batch_id, request.source_batch_id = "rerun-2", "nothing"
    assert (await ask(ingest, wire.BATCH_CREATE, request, wire.BatchCreateReply)).error_code == "batch.not_found"


async def test_deletions_and_what_forbids_them(ingest):
    await started(ingest)
    await ingest.accept(event("batch_start"), event("job_start", job="a"), event("job_done", job="b"))
    assert (await delete(ingest, "batch", batch_id="nothing")).error_code == "batch.not_found"
    assert (await delete(ingest, "batch", batch_id="bench-1")).error_code == "batch.active"
    assert (await delete(ingest, "job", batch_id="bench-1", job_id="a")).error_code == "job.active"
    assert (await delete(ingest, "job", batch_id="bench-1", job_id="x")).error_code == "job.not_found"
    assert (await delete(ingest, "job", batch_id="bench-1", job_id="b")).deleted == 1
    batch = await ingest.batch()
    assert (batch.n_jobs, batch.n_done) == (1, 0)
    # Numbers of deleted jobs are not given again.
    await ingest.accept(event("job_start", job="c"))
    assert (await ingest.job("c")).job_no == 3
    await ingest.accept(event("batch_failed"))
    assert (await delete(ingest, "batch", batch_id="bench-1")).deleted == 1
    assert (await delete(ingest, "batch", batch_id="bench-1")) == wire.TrackingDeleteReply(ok=True, deleted=0)
    assert (await ingest.batch()).deleted_by == 7
    await ingest.accept(event("batch_start", "second"))
    assert (await delete(ingest, "project", project="vision")).deleted == 1
    assert (await delete(ingest, "project", project="nothing")).error_code == "project.not_found"


async def test_a_host_is_deleted_when_it_is_silent(ingest):
    await started(ingest)
    await ingest.accept(event("resource_snapshot", at=iso(now())))
    assert (await delete(ingest, "host", host="gpu-01")).error_code == "host.active"
    async with ingest.database.write() as connection:
        long_ago = tables.host.update().values(last_seen=(await ingest.batch()).created_at.replace(year=2020))
        await connection.execute(long_ago)
    assert (await delete(ingest, "host", host="gpu-01")).deleted == 1
    assert (await delete(ingest, "host", host="never-seen")).ok
    assert all(row.deleted_at for row in await ingest.rows(tables.host))


async def test_a_batch_is_stalled_only_if_it_was_silent_and_until_it_is_heard_of(ingest):
    await started(ingest)
    await ingest.accept(event("batch_start", "old"), event("batch_start", "new", at=iso(now())))
    since = now() - timedelta(minutes=15)
    for _ in range(2):
        replies = [await move(ingest, "stall", name, silent_since=since) for name in ("old", "new")]
    assert [reply.status for reply in replies] == ["stalled", "running"]
    assert await kinds(ingest, "old") == ["batch_start", "batch_stalled"]
    await ingest.accept(event("resource_snapshot", "old", at=iso(now())))
    assert (await ingest.batch("old")).status == "running"


async def flag(ingest, name, *, is_set=True, batch_id="bench-1", **more):
    request = wire.BatchFlag(batch_id=batch_id, flag=name, is_set=is_set, at=now(), **more)
    return await ask(ingest, wire.BATCH_FLAG, request, wire.BatchFlagReply)


async def test_divergence_is_a_flag_that_is_told_once_and_taken_back(ingest):
    await started(ingest)
    assert (await flag(ingest, "divergent")).error_code == "batch.not_found"
    await ingest.accept(event("batch_start"), event("job_start", job="j"))
    told = {"reason": "ratio", "ratio": 2.5, "window": 3}
    changes = [(await flag(ingest, "divergent", job_id="j", data=told)).changed for _ in range(2)]
    assert changes == [1, 0]
    batch = await ingest.batch()
    assert (batch.is_divergent, batch.status) == (True, "running")
    rows = await ingest.rows(tables.event, batch_key=batch.batch_key)
    assert [row.data for row in rows if row.type_code == 105] == [{**told, "job_id": "j"}]
    assert (await flag(ingest, "divergent", is_set=False)).changed == 1
    assert not (await ingest.batch()).is_divergent
    # A batch that ended is left as it is.
    await ingest.accept(event("batch_done"))
    assert await flag(ingest, "divergent") == wire.BatchFlagReply(ok=True, changed=0)


async def test_idle_is_a_flag_of_running_jobs_on_that_card(ingest):
    await started(ingest)
    await ingest.accept(
        event("batch_start"),
        event("job_start", job="first", gpu_id=0),
        event("job_start", job="second", gpu_ids=[1, 2]),
        event("job_start", job="silent"),
        event("job_start", job="over"),
        event("job_done", job="over"),
        event("job_start", job="young", at=iso(now())),
    )
    since = now() - timedelta(minutes=5)
    data = {"gpu_util_pct": 1.0, "minutes": 10.0}
    changes = [(await flag(ingest, "idle", gpu="1", since=since, data=data)).changed for _ in range(2)]
    assert changes == [2, 0]
    names = ("first", "second", "silent", "over", "young")
    flagged = {name: (await ingest.job(name)).is_idle_flagged for name in names}
    assert [name for name in names if flagged[name]] == ["second", "silent"]
    assert (await ingest.batch()).is_idle
    assert (await kinds(ingest)).count("job_idle_flagged") == 2
    assert (await flag(ingest, "idle", is_set=False, job_id="second")).changed == 1
    assert (await ingest.batch()).is_idle
    assert (await flag(ingest, "idle", is_set=False)).changed == 1
    assert not (await ingest.batch()).is_idle
    assert (await kinds(ingest)).count("job_idle_recovered") == 2


async def test_a_request_that_cannot_be_read_gets_an_answer(ingest):
    await started(ingest)
    reply = await ingest.platform.bus.request(wire.BATCH_TRANSITION, b"{}", timeout_s=10)
    assert wire.decode(wire.BatchTransitionReply, reply).error_code == "request.invalid"


async def test_the_worker_app_starts_and_says_that_it_is_ready(settings):
    async with running_client(worker_app(SERVICE, Platform(settings))) as client:
        assert (await client.get("/readyz")).json()["waiting_for"] == []
        assert (await client.post("/api/events")).status_code == 404
