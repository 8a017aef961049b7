"""However a stream is divided into flushes, the rows at its end are the same."""

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from argus_contracts.event_rows import event_key
from argus_contracts.events import Event, Source
from argus_ingest.fold.folding import fold
from argus_ingest.fold.state import Arrival, BatchState, Tracked
from argus_kit.actor import Actor

T0 = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ACTOR = Actor(1, "ada", is_admin=False, kind="token", scope="reporter")
JOBS = st.sampled_from(["a", "b", "c"])
LOSS = st.none() | st.floats(-5, 5) | st.sampled_from([float("nan"), float("inf")])
DATA = {
    "batch_start": st.fixed_dictionaries({}, optional={"n_total_jobs": st.none() | st.integers(0, 9)}),
    "batch_done": st.fixed_dictionaries({}, optional={"n_done": st.integers(0, 9)}),
    "batch_failed": st.fixed_dictionaries({}, optional={"reason": st.sampled_from(["", "boom"])}),
    "job_start": st.fixed_dictionaries({}, optional={"model": st.sampled_from(["", "m"]), "seed": st.integers(0, 3)}),
    "job_epoch": st.fixed_dictionaries({"epoch": st.integers(0, 6)}, optional={"val_loss": LOSS, "lr": LOSS}),
    "job_step": st.fixed_dictionaries({"step": st.integers(0, 60)}, optional={"val_loss": LOSS, "grad": LOSS}),
    "job_done": st.fixed_dictionaries({}, optional={"status": st.sampled_from(["DONE", "FAILED", "skipped"])}),
    "job_failed": st.fixed_dictionaries({}, optional={"error": st.just("oom"), "elapsed_s": LOSS}),
    "log_line": st.just({"line": "x"}),
    "resource_snapshot": st.just({"gpu_util_pct": 3.0}),
    "env_snapshot": st.just({"git_sha": "abc"}),
}


@st.composite
def events(draw):
    kind = draw(st.sampled_from(sorted(DATA)))
    job = draw(JOBS) if kind.startswith("job_") else draw(st.none() | JOBS)
    return kind, job, draw(st.integers(0, 90)), draw(DATA[kind])


def arrivals(stream):
    for place, (kind, job, minute, data) in enumerate(stream, 1):
        at = T0 + timedelta(minutes=minute)
        event = Event(f"event-{place}", kind, "", at, "b", job, Source("p"), dict(data))
        found = Arrival(event, ACTOR, event_key(event.event_id), at, None)
        found.db_id = place
        yield found


def saved(tracked):
    """What a flush leaves in the tables, read anew by the next one."""
    batch = replace(tracked.batch, new_env=None, stopped_by=None, job_statuses=Counter())
    seen = {"is_new": False, "is_touched": False, "has_new_head": False}
    jobs = {job.job_id: replace(job, **seen, points=[], blocks=[]) for job in tracked.jobs.values()}
    for job in jobs.values():
        batch.job_statuses[job.status] += 1
    return Tracked(batch, jobs, max((job.job_no for job in jobs.values()), default=0))


def run(stream, cuts):
    tracked = Tracked(BatchState(1, "b", is_placeholder=True))
    points = []
    everything = list(arrivals(stream))
    bounds = [0, *sorted(cut % (len(everything) + 1) for cut in cuts), len(everything)]
    for begin, end in pairwise(bounds):
        fold(tracked, everything[begin:end], T0 + timedelta(days=1))
        points += [(job.job_id, point) for job in tracked.jobs.values() for point in job.points]
        tracked = saved(tracked)
    return tracked, sorted(points, key=lambda found: found[1].db_id)


def shown(state):
    """All columns but how many blocks there are, which is one a flush."""
    return {field.name: repr(getattr(state, field.name)) for field in fields(state) if field.name != "n_blocks"}


@settings(max_examples=300, deadline=None)
@given(st.lists(events(), max_size=25), st.lists(st.integers(0, 25), max_size=6))
def test_any_division_into_flushes_gives_the_same_rows(stream, cuts):
    whole, all_points = run(stream, [])
    parts, same_points = run(stream, cuts)
    assert shown(parts.batch) == shown(whole.batch)
    assert {key: shown(job) for key, job in parts.jobs.items()} == {key: shown(job) for key, job in whole.jobs.items()}
    assert repr(same_points) == repr(all_points)


@settings(max_examples=200, deadline=None)
@given(st.lists(events(), max_size=25))
def test_what_always_holds(stream):
    tracked, points = run(stream, [])
    batch, jobs = tracked.batch, tracked.jobs
    assert batch.n_jobs == len(jobs)
    assert sorted(job.job_no for job in jobs.values()) == list(range(1, len(jobs) + 1))
    assert (batch.end_time is not None) == (batch.status in {"done", "failed", "stopped"})
    for job in jobs.values():
        assert (job.last_epoch is None) == (job.last_epoch_at is None)
        own = [point for name, point in points if name == job.job_id]
        assert job.n_blocks == len({point.kind for point in own})
        assert (job.summary is None) == (not own)
        assert len(job.val_loss_trace or []) <= 20
