"""The status machine, case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from argus_ingest import lifecycle

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(minutes=5), NOON + timedelta(minutes=5)

ANY_STATUS = [None, *lifecycle.BatchStatus, "divergent", "something-else"]


class TestBatchStart:
    @pytest.mark.parametrize(
        "status", [None, "requested", "pending", "running", "stalled", "paused", "failed", "stopped"]
    )
    def test_brings_a_batch_to_work(self, status):
        start = lifecycle.on_batch_start(status, began_at=AFTER, known_start=NOON, stop_asked_at=None)
        assert (start.status, start.goes_on) == ("running", True)

    def test_leaves_a_done_batch_done(self):
        start = lifecycle.on_batch_start("done", began_at=AFTER, known_start=NOON, stop_asked_at=None)
        assert start == ("done", False, False)

    def test_clears_a_stop_that_was_asked_before_it_began(self):
        start = lifecycle.on_batch_start("stopping", began_at=AFTER, known_start=BEFORE, stop_asked_at=NOON)
        assert start == ("running", True, True)

    def test_keeps_a_stop_that_was_asked_after_it_began(self):
        start = lifecycle.on_batch_start("stopping", began_at=BEFORE, known_start=BEFORE, stop_asked_at=NOON)
        assert start == ("stopping", False, False)

    def test_within_the_second_of_the_stop_counts_as_later(self):
        asked = NOON + timedelta(microseconds=700_000)
        assert lifecycle.on_batch_start("stopping", began_at=NOON, known_start=BEFORE, stop_asked_at=asked).clears_stop

    def test_that_tells_parts_of_a_second_is_believed(self):
        asked = NOON + timedelta(microseconds=700_000)
        for began, clears in ((NOON + timedelta(milliseconds=300), False), (NOON + timedelta(milliseconds=900), True)):
            start = lifecycle.on_batch_start("stopping", began_at=began, known_start=BEFORE, stop_asked_at=asked)
            assert start.clears_stop is clears

    def test_that_another_overtook_clears_no_stop(self):
        known = NOON + timedelta(milliseconds=100)
        start = lifecycle.on_batch_start("stopping", began_at=NOON, known_start=known, stop_asked_at=known)
        assert start == ("stopping", False, False)

    def test_that_was_late_on_its_way_revives_nothing(self):
        start = lifecycle.on_batch_start("failed", began_at=BEFORE, known_start=NOON, stop_asked_at=None)
        assert start == ("failed", False, False)

    def test_in_the_second_of_the_known_start_resumes(self):
        assert lifecycle.on_batch_start("failed", began_at=NOON, known_start=NOON, stop_asked_at=None).goes_on


def test_a_run_that_is_resumed_on_purpose_runs_again_though_it_was_done_or_to_stop():
    known = {"began_at": AFTER, "known_start": BEFORE, "known_end": NOON, "resumes": True}
    assert lifecycle.on_batch_start("done", stop_asked_at=None, **known) == ("running", False, True)
    assert lifecycle.on_batch_start("stopping", stop_asked_at=NOON, **known) == ("running", True, True)
    late = {**known, "began_at": BEFORE}
    assert lifecycle.on_batch_start("done", stop_asked_at=None, **late) == ("done", False, False)


class TestJoining:
    """One more process of a batch that several share."""

    def start(self, status, began_at=AFTER, **known):
        known = {"known_start": BEFORE, "known_end": NOON, "stop_asked_at": None, **known}
        return lifecycle.on_batch_start(status, began_at=began_at, joins=True, **known)

    @pytest.mark.parametrize("status", ["done", "failed", "stopped", "stalled", "running", "requested", None])
    def test_opens_what_the_others_ended(self, status):
        assert self.start(status) == ("running", False, True)

    def test_in_the_second_of_the_end_opens_too(self):
        assert self.start("done", NOON, known_end=NOON + timedelta(microseconds=900_000)).goes_on

    def test_that_was_late_on_its_way_opens_nothing(self):
        assert self.start("done", NOON - timedelta(seconds=1)) == ("done", False, False)

    def test_does_not_undo_a_stop_that_is_meant_for_all(self):
        assert self.start("stopping", stop_asked_at=NOON) == ("stopping", False, False)

    def test_after_a_stop_that_was_carried_out_runs_again(self):
        assert self.start("stopped", stop_asked_at=NOON) == ("running", True, True)


@pytest.mark.parametrize(
    ("status", "outcome", "asked", "expected"),
    [
        ("running", "done", False, "done"),
        ("running", "failed", False, "failed"),
        ("done", "failed", False, "failed"),
        ("failed", "done", False, "done"),
        ("stopping", "done", True, "stopped"),
        ("stopping", "failed", True, "stopped"),
        ("stalled", "done", True, "stopped"),
        ("stopped", "done", False, "stopped"),
        ("stalled", "done", False, "done"),
        (None, "done", False, "done"),
    ],
)
def test_batch_end(status, outcome, asked, expected):
    assert lifecycle.on_batch_end(status, outcome, stop_asked=asked) == expected


@pytest.mark.parametrize("status", ANY_STATUS)
def test_a_sign_of_life_changes_a_stalled_batch_only(status):
    running = lifecycle.on_sign_of_life(status, stop_asked=False)
    assert running == ("running" if status == "stalled" else status)
    assert lifecycle.on_sign_of_life("stalled", stop_asked=True) == "stopping"


COMMANDS = {
    "stop": dict.fromkeys(["running", "stalled", "requested", "pending", "divergent", None], "stopping")
    | {"paused": "stopped"},
    "pause": {"running": "running", "stalled": "stalled"},
    "resume": {},
    "running": dict.fromkeys(["requested", "pending"], "running"),
    "paused": dict.fromkeys(["requested", "pending", "running", "stalled", None], "failed") | {"stopping": "stopped"},
    "fail": dict.fromkeys(["requested", "pending", "running", "stalled", None], "failed")
    | {"stopping": "stopped", "paused": "paused"},
    "stall": dict.fromkeys(["running", "stopping"], "stalled"),
}
REFUSED = {
    "stop": {"something-else"},
    "pause": {*ANY_STATUS} - {"running", "stalled", "paused"},
    "resume": {*ANY_STATUS} - {"running", "stalled", "paused"},
}


@pytest.mark.parametrize("status", ANY_STATUS)
@pytest.mark.parametrize("action", COMMANDS)
def test_command(action, status):
    move = lifecycle.on_command(status, action)
    assert move.status == COMMANDS[action].get(status, status)
    assert move.changed == (status in COMMANDS[action])
    assert move.allowed == (status not in REFUSED.get(action, ()))


# The same where a pause was asked for, as far as that matters.
WITH_A_WISH = {
    "pause": {},
    "resume": {"running": "running", "stalled": "stalled"},
    "paused": dict.fromkeys(["requested", "pending", "running", "stalled", None], "paused") | {"stopping": "stopped"},
}


@pytest.mark.parametrize("status", ANY_STATUS)
@pytest.mark.parametrize("action", COMMANDS)
def test_command_while_a_pause_is_asked_for(action, status):
    move = lifecycle.on_command(status, action, pause_asked=True)
    known = WITH_A_WISH.get(action, COMMANDS[action])
    assert (move.status, move.changed) == (known.get(status, status), status in known)
    assert move.allowed == (status not in REFUSED.get(action, ()))


@pytest.mark.parametrize("status", ANY_STATUS)
def test_a_process_that_saved_itself_pauses_what_goes_on_and_stops_what_was_to_stop(status):
    after = lifecycle.on_batch_paused(status, stop_asked=False)
    if status in lifecycle.ENDED:
        assert after == status
    else:
        assert after == ("stopped" if status == "stopping" else "paused")
        assert lifecycle.on_batch_paused(status, stop_asked=True) == "stopped"


class TestResuming:
    def start(self, began_at, paused_at=NOON, **known):
        return lifecycle.on_batch_start(
            "paused", began_at=began_at, known_start=BEFORE, stop_asked_at=None, paused_at=paused_at, **known
        )

    def test_a_process_that_began_after_the_pause_goes_on(self):
        assert self.start(AFTER) == ("running", False, True)
        assert self.start(NOON, NOON + timedelta(microseconds=900_000)).goes_on

    @pytest.mark.parametrize("more", [{}, {"joins": True}, {"resumes": True}])
    def test_one_that_began_before_it_was_late_on_its_way(self, more):
        assert self.start(BEFORE, **more) == ("paused", False, False)

    def test_a_start_ends_the_wish_that_was_there_before_it(self):
        start = self.start(AFTER)
        ends = [
            lifecycle.clears_pause(start, began_at=AFTER, pause_asked_at=asked, joins=joins)
            for asked, joins in ((NOON, False), (NOON, True), (AFTER + timedelta(minutes=1), False), (None, False))
        ]
        assert ends == [True, False, False, False]


@pytest.mark.parametrize("status", ANY_STATUS)
def test_only_a_batch_at_work_is_kept_from_deletion(status):
    assert lifecycle.is_deletable(status) == (status not in {"running", "pending", "stopping", "paused"})


@pytest.mark.parametrize(
    ("said", "expected"),
    [(None, "done"), ("", "done"), ("DONE", "done"), ("FAILED", "failed"), (" Skipped ", "skipped")],
)
def test_job_end_status(said, expected):
    assert lifecycle.job_end_status(said) == expected
