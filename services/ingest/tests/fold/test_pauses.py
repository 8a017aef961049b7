"""What pauses do to batch and jobs, and that no order of clicks, processes and late events leads astray."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.event_rows import event_key
from argus_contracts.events import Event, Source
from argus_ingest import lifecycle
from argus_ingest.fold import batches
from argus_ingest.fold.folding import fold
from argus_ingest.fold.state import Arrival, BatchState, Tracked
from argus_kit.actor import Actor

T0 = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ACTOR = Actor(1, "ada", is_admin=False, kind="token", scope="reporter")


def arrival(kind, job=None, minute=0, **data):
    event = Event(f"{kind}-{minute}-{job}", kind, at(minute).isoformat(), at(minute), "b", job, Source("vision"), data)
    return Arrival(event, ACTOR, event_key(event.event_id), event.at, None)


def folded(*arrivals, batch=None):
    tracked = Tracked(batch or BatchState(1, "b", is_placeholder=True))
    for place, one in enumerate(arrivals, 1):
        batches_fold(tracked, one, place)
    return tracked


def at(minute):
    return T0 + timedelta(minutes=minute)


def training(*more, epochs=3):
    """A job that reports an epoch a minute, from minute 1 on."""
    points = [arrival("job_epoch", "j", 1 + n, epoch=n, loss=1.0) for n in range(epochs)]
    return (arrival("batch_start"), arrival("job_start", "j"), *points, *more)


SAVED = arrival("job_checkpoint", "j", 3, path="/data/2.pt", epoch=2)
PAUSED = arrival("batch_paused", None, 4, checkpoint={"job_id": "j", "path": "/data/2.pt"}, jobs=["j"])


class TestAPause:
    def test_freezes_the_clock_of_batch_and_job(self):
        tracked = folded(*training(SAVED, PAUSED))
        batch, job = tracked.batch, tracked.jobs["j"]
        assert (batch.status, batch.paused_at, batch.end_time) == ("paused", at(4), None)
        assert (job.status, job.end_time, job.elapsed_s) == ("paused", at(4), 240)
        assert batch.elapsed_s == 240
        assert batch.checkpoint == {"job_id": "j", **job.checkpoint}
        assert (job.checkpoint["path"], job.checkpoint["epoch"]) == ("/data/2.pt", 2)

    def test_ends_with_the_next_process_and_counts_nowhere(self):
        again = [arrival("batch_start", None, 60, resumed=True), arrival("job_start", "j", 60, model="m")]
        again += [arrival("job_epoch", "j", 61, epoch=3, loss=0.5), arrival("job_done", "j", 62, elapsed_s=120.0)]
        tracked = folded(*training(SAVED, PAUSED, *again, arrival("batch_done", None, 63)))
        batch, job = tracked.batch, tracked.jobs["j"]
        assert (batch.status, batch.paused_s, batch.paused_at, batch.has_resumed) == ("done", 56 * 60, None, True)
        assert (job.status, job.start_time, job.paused_s) == ("done", at(0), 56 * 60)
        assert (job.elapsed_s, batch.elapsed_s) == (360, 360)
        assert (job.n_points, job.last_epoch, job.first_epoch_at) == (4, 3, at(1))

    def test_epochs_that_come_again_after_it_count_once(self):
        again = [arrival("batch_start", None, 60), arrival("job_start", "j", 60)]
        again += [arrival("job_epoch", "j", 61 + n, epoch=n, loss=0.5) for n in range(1, 5)]
        assert folded(*training(PAUSED, *again)).jobs["j"].n_points == 5

    def test_of_a_batch_that_was_to_stop_stops_it(self):
        batch = BatchState(1, "b", status="stopping", start_time=T0, stop_requested_at=at(3))
        found = folded(PAUSED, batch=batch).batch
        assert (found.status, found.end_time, found.paused_at) == ("stopped", at(4), None)

    def test_that_comes_after_its_batch_went_on_is_late(self):
        tracked = folded(*training(arrival("batch_start", None, 60), PAUSED))
        assert (tracked.batch.status, tracked.jobs["j"].status) == ("running", "running")

    def test_is_not_ended_by_what_began_before_it(self):
        assert folded(*training(PAUSED, arrival("batch_start", None, 2))).batch.status == "paused"

    @pytest.mark.parametrize("last", ["batch_paused", "batch_done"])
    def test_of_several_processes_comes_with_the_last(self, last):
        both = training(arrival("job_start", "k", 1), epochs=1)
        first = arrival("batch_paused", None, 4, jobs=["j"], joined=True)
        tracked = folded(*both, first)
        assert (tracked.batch.status, tracked.jobs["j"].status, tracked.jobs["k"].status) == (
            "running",
            "paused",
            "running",
        )
        end = arrival("job_done", "k", 5) if last == "batch_done" else arrival("log_line", "k", 5, line="x")
        second = arrival(last, None, 6, jobs=["k"], joined=True)
        assert folded(*both, first, end, second).batch.status == "paused"


KINDS = ("start", "joined", "resumed", "epoch", "checkpoint", "paused", "done", "failed")
ACTIONS = ("stop", "pause", "resume", "running", "paused", "fail", "stall")
THINGS = st.tuples(st.sampled_from(KINDS + ACTIONS), st.integers(0, 30))


def happen(tracked, thing, minute, place):
    """An event that its sender stamped with `minute`, or a command that comes now."""
    if thing in KINDS and thing != "paused":
        kind = {"start": "batch_start", "joined": "batch_start", "resumed": "batch_start", "epoch": "job_epoch"}
        data = {"joined": {"joined": True}, "resumed": {"resumed": True}, "epoch": {"epoch": minute}}
        data |= {"checkpoint": {"path": f"/{minute}"}}
        kind |= {"checkpoint": "job_checkpoint", "done": "batch_done", "failed": "batch_failed"}
        job = "j" if thing in ("epoch", "checkpoint") else None
        batches_fold(tracked, arrival(kind[thing], job, minute, **data.get(thing, {})), place)
    elif thing == "paused" and minute % 2:
        batches_fold(tracked, arrival("batch_paused", None, minute), place)
    else:
        command(tracked.batch, thing, at(minute))


def batches_fold(tracked, one, place):
    one.db_id = place
    fold(tracked, [one], at(600))


def command(batch, action, now):
    """What `tracking.moves` does to the batch itself."""
    move = lifecycle.on_command(batch.status, action, pause_asked=batch.pause_requested_at is not None)
    assert not (move.changed and not move.allowed)
    if not move.changed:
        assert move.status == batch.status
        return
    batch.status = move.status
    if action == "stop":
        batch.stop_requested_at = now
    if action in ("stop", "pause", "resume"):
        batch.pause_requested_at = now if action == "pause" else None
    if batch.status in lifecycle.ENDED:
        batch.end_time, batch.pause_requested_at = now, None
        batches.end_pause(batch, now)
    elif action == "paused":
        batches.begin_pause(batch, now)


@given(st.lists(THINGS, max_size=30))
def test_whatever_races_a_batch_is_in_one_place(things):
    tracked = Tracked(BatchState(1, "b", is_placeholder=True))
    batches_fold(tracked, arrival("batch_start"), 1)
    batch = tracked.batch
    for place, (thing, minute) in enumerate(things, 2):
        before = batch.status
        happen(tracked, thing, minute, place)
        # A pause has a beginning, and only a pause has one.
        assert (batch.paused_at is not None) == (batch.status == "paused")
        # Nobody waits for a pause of what has paused or ended.
        assert batch.pause_requested_at is None or batch.status not in {"paused", *lifecycle.ENDED}
        assert batch.paused_s >= 0
        assert batch.end_time is None or batch.status != "paused"
        # Only a process makes a paused batch run; a click, a report or the watchdog never does.
        if before == "paused" and batch.status == "running":
            assert thing in ("start", "joined", "resumed")
        if before == "paused" and thing in ("fail", "stall", "paused", "pause", "resume", "running"):
            assert batch.status == "paused"
        if before == "paused" and thing == "stop":
            assert batch.status == "stopped"
        # What is to stop does not become paused.
        assert not (before == "stopping" and batch.status == "paused")


@given(st.lists(THINGS, max_size=20), st.sampled_from(ACTIONS))
def test_a_command_that_comes_twice_changes_the_status_once(things, action):
    tracked = Tracked(BatchState(1, "b", is_placeholder=True))
    batches_fold(tracked, arrival("batch_start"), 1)
    for place, (thing, minute) in enumerate(things, 2):
        happen(tracked, thing, minute, place)
    command(tracked.batch, action, at(40))
    once = (tracked.batch.status, tracked.batch.pause_requested_at is None, tracked.batch.paused_at)
    if action not in ("fail", "paused"):  # the same report comes once, by its number
        command(tracked.batch, action, at(40))
        assert (tracked.batch.status, tracked.batch.pause_requested_at is None, tracked.batch.paused_at) == once
