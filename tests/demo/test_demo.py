"""What `make demo` tells: the same for the same times, as real trainings would, and taken back to the last batch."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from demo_lab import lines
from demo_lab.events import Told
from demo_lab.plan import BatchPlan, Times, batches
from demo_lab.readings import Laboratory
from demo_lab.server import Refused, Server, State, accounts
from demo_lab.world import FIELDS, MACHINES

from argus_contracts.decoding import decode_batch

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TIMES = Times(NOW, NOW)


@pytest.fixture(scope="module")
def plans() -> list[BatchPlan]:
    return batches(TIMES)


def told(plan: BatchPlan, plans: list[BatchPlan], until: datetime = NOW):
    return Told(plan, Laboratory(plans, NOW), TIMES, until).all()


class TestThePlan:
    def test_has_three_projects_of_forty_batches_on_five_machines(self, plans):
        assert len(plans) == len({plan.id for plan in plans}) == 40
        assert {plan.project for plan in plans} == {field.project for field in FIELDS}
        assert {plan.host for plan in plans} == {machine.name for machine in MACHINES}

    def test_knows_every_way_in_which_a_job_fails_and_every_state_of_a_batch(self, plans):
        outcomes = {job.outcome for plan in plans for job in plan.jobs}
        assert outcomes == {*lines.FAILURES, "done", "pruned"}
        assert {plan.fate for plan in plans} == {"ended", "live", "idle", "stalled"}

    def test_has_batches_that_go_on_for_a_while(self, plans):
        live = [plan for plan in plans if plan.fate == "live"]
        assert len(live) == 4
        assert all(plan.start < NOW < plan.end - timedelta(hours=1.5) for plan in live)

    def test_gives_no_gpu_to_two_at_once(self, plans):
        spans = [(job.start, job.end, plan.host, gpu) for plan in plans for job in plan.jobs for gpu in job.gpus]
        by_gpu: dict[tuple[str, int], list[tuple[datetime, datetime]]] = {}
        for start, end, host, gpu in spans:
            by_gpu.setdefault((host, gpu), []).append((start, end))
        for held in by_gpu.values():
            held.sort()
            assert all(earlier[1] <= later[0] for earlier, later in pairwise(held))

    def test_is_the_same_for_the_same_times_and_new_where_the_generation_is(self, plans):
        assert batches(TIMES) == plans
        later = {plan.id for plan in batches(TIMES._replace(generation=1))}
        assert {plan.id for plan in plans if plan.fate == "ended"} < later
        assert not {plan.id for plan in plans if plan.fate != "ended"} & later


class TestTheEvents:
    def test_are_all_taken_by_the_decoder(self, plans):
        for plan in plans[::6]:
            events = told(plan, plans)
            decoded = decode_batch(json.dumps({"events": events[:500]}).encode())
            assert [one for one in decoded if isinstance(one, Exception)] == []

    def test_have_the_same_ids_when_they_are_told_again_later(self, plans):
        live = next(plan for plan in plans if plan.fate == "live")
        first, later = told(live, plans), told(live, plans, NOW + timedelta(minutes=30))
        ids = {event["event_id"] for event in later}
        assert {event["event_id"] for event in first} < ids
        assert len(ids) == len(later)

    def test_of_a_batch_that_fell_silent_end_before_now(self, plans):
        silent = next(plan for plan in plans if plan.fate == "stalled")
        last = told(silent, plans)[-1]["timestamp"]
        assert last < (NOW - timedelta(minutes=46)).isoformat()

    def test_say_what_each_failed_job_died_of(self, plans):
        for plan in plans:
            reasons = Counter(job.outcome for job in plan.jobs if job.outcome in lines.FAILURES)
            failed = [event for event in told(plan, plans) if event["event_type"] == "job_failed"]
            if plan.fate == "ended":
                assert len(failed) == reasons.total()
            assert all(event["data"]["reason"] for event in failed)


class TestTheReadings:
    def test_show_as_held_the_gpus_of_the_batch_that_reports(self, plans):
        plan = next(plan for plan in plans if plan.fate == "live")
        reading = Laboratory(plans, NOW).reading(plan, NOW - timedelta(minutes=1))
        held = {card["index"] for card in reading["gpus"] if card["proc_mem_mb"]}
        assert held
        assert held <= set(plan.gpus)

    def test_show_gpus_that_are_held_and_do_nothing(self, plans):
        plan = next(plan for plan in plans if plan.fate == "idle")
        cards = Laboratory(plans, NOW).reading(plan, NOW)["gpus"]
        assert all(card["util_pct"] < 2 and card["mem_mb"] > 10_000 for card in cards if card["proc_mem_mb"])
        assert any(card["proc_mem_mb"] for card in cards)


class TestAccounts:
    def test_are_made_on_this_machine_only(self, tmp_path):
        with pytest.raises(Refused, match="token"):
            accounts(Server("https://argus.example.org"), State(tmp_path / "state.json"), None)

    def test_are_kept_where_only_their_owner_reads_them(self, tmp_path):
        state = State(tmp_path / "deep" / "state.json")
        state.known["people"] = {"ada": {"password": "p"}}
        state.save()
        assert state.path.stat().st_mode & 0o777 == 0o600
        assert State(state.path).known == state.known
