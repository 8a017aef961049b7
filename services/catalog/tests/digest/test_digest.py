"""What a person's day was: hours within it, why jobs failed, what was best, and only of what they may see."""

from datetime import timedelta

import pytest

from argus_catalog.digest.service import digest
from argus_contracts import bus as wire
from argus_kit.clock import now

DAY = timedelta(days=1)
OOM = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"


@pytest.fixture
def told(world):
    async def of(who="ada", *, begin=DAY, end=timedelta()):
        at = now()
        ask = wire.DigestAsk(user_id=world.people[who], since=at - begin, until=at - end)
        async with world.database.read() as connection:
            return await digest(connection, ask)

    return of


async def test_hours_count_as_far_as_they_lie_within_the_day_and_without_pauses(world, told):
    at = now()
    await world.batch("a")
    ended = {"end_time": at - timedelta(hours=2), "status": "done"}
    # Three days long, twenty-two hours of it within; two GPUs.
    long = {**ended, "start_time": at - 3 * DAY, "elapsed_s": 3 * 86_400, "metrics": {"gpu_count": 2}}
    await world.job("a", "long", **long)
    # Two of three hours were a pause.
    await world.job("a", "paused", **ended, start_time=at - timedelta(hours=5), elapsed_s=3600)
    failed = {"status": "failed", "reason": OOM, "start_time": at - timedelta(hours=3), "elapsed_s": 7200}
    await world.job("a", "failed", **failed, end_time=at - timedelta(hours=1))
    await world.job("a", "runs", start_time=at - timedelta(hours=4), is_idle_flagged=True)
    await world.job("a", "old", status="done", start_time=at - 3 * DAY, end_time=at - 2 * DAY, elapsed_s=86_400)
    found = await told()
    assert (found.n_done, found.n_failed, found.running, found.idle_jobs) == (2, 1, 1, 1)
    assert found.gpu_hours_used == pytest.approx(44 + 1 + 2 + 4, abs=0.05)
    assert found.gpu_hours_wasted == pytest.approx(2, abs=0.05)
    assert [(one.kind, one.jobs, one.job_id) for one in found.causes] == [("cuda_oom", 1, "failed")]
    assert [(one.id, one.n_done, one.n_failed) for one in found.batches] == [("a", 2, 1)]


async def test_the_best_of_a_day_and_whether_it_is_the_best_of_all(world, told):
    await world.batch("a")
    await world.batch("b", project="speech")
    done = {"status": "done", "elapsed_s": 60}
    for job_id, accuracy, end in (("old", 0.90, now() - 2 * DAY), ("new", 0.93, now()), ("worse", 0.80, now())):
        await world.job("a", job_id, **done, end_time=end, metrics={"accuracy": accuracy, "epochs": 9})
    for job_id, wer, end in (("old", 0.10, now() - 2 * DAY), ("new", 0.12, now())):
        await world.job("b", job_id, **done, end_time=end, metrics={"wer": wer})
    found = {one.project: one for one in (await told()).results}
    assert (found["vision"].job_id, found["vision"].metric, found["vision"].value) == ("new", "accuracy", 0.93)
    assert found["vision"].is_record is True
    assert (found["speech"].job_id, found["speech"].is_record) == ("new", False)


async def test_the_first_result_of_a_project_is_no_record(world, told):
    await world.batch("a")
    await world.job("a", "one", status="done", end_time=now(), elapsed_s=60, metrics={"accuracy": 0.5})
    (result,) = (await told()).results
    assert result.is_record is False


async def test_only_of_what_one_may_see_also_as_an_administrator(world, told):
    await world.person("bob")
    await world.person("root", is_admin=True)
    for batch_id, owner in (("hers", "ada"), ("his", "bob"), ("shared", "bob")):
        await world.batch(batch_id, owner=owner)
        await world.job(batch_id, "j", status="failed", end_time=now(), elapsed_s=60, reason=OOM)
    await world.share("shared", "ada")
    assert {one.id for one in (await told()).batches} == {"hers", "shared"}
    assert (await told()).n_failed == 2
    assert await told("root") == wire.DigestReply()


async def test_many_batches_are_counted_and_the_worst_shown(world, told):
    for number in range(12):
        await world.batch(f"b{number:02}")
        status = "failed" if number == 11 else "done"
        await world.job(f"b{number:02}", "j", status=status, end_time=now(), elapsed_s=60, reason=OOM)
    found = await told()
    assert (len(found.batches), found.more_batches, found.batches[0].id) == (8, 4, "b11")


async def test_nothing_ran(world, told):
    assert await told() == wire.DigestReply()


async def test_hours_that_passed_idle_are_told_beside_those_of_failed_jobs(world, told):
    at = now()
    ended = {"start_time": at - timedelta(hours=5), "end_time": at - timedelta(hours=1), "elapsed_s": 4 * 3600}
    await world.batch("a")
    await world.job("a", "good", status="done", **ended)
    await world.batch("lost")
    await world.job("lost", "bad", status="failed", reason=OOM, **ended)
    for minutes, util in ((70, 0.0), (120, 3.0), (180, 80.0), (240, 97.0), (250, None), (3 * 1440, 0.0)):
        for batch_id in ("a", "lost"):
            await world.snapshot(batch_id, at=at - timedelta(minutes=minutes), gpu_util_pct=util)
    found = await told()
    assert found.gpu_hours_used == pytest.approx(8, abs=0.05)
    assert found.gpu_hours_wasted == pytest.approx(4, abs=0.05)
    # Two of four readings of the good batch; what failed is wasted as a whole already.
    assert found.gpu_hours_idle == pytest.approx(2, abs=0.05)
