"""In which order the demo tells: nothing that runs falls silent while the past is told."""

from datetime import UTC, datetime, timedelta

import pytest
from demo_lab import telling
from demo_lab.plan import batches
from demo_lab.server import Account, State
from demo_lab.telling import Story
from demo_lab.world import PEOPLE


class Slow:
    """A server that takes what it gets: the batch of each report, and the newest time that it told."""

    def __init__(self):
        self.reports = []

    def report(self, _, events):
        if events:
            batch_ids = {event["batch_id"] for event in events}
            assert len(batch_ids) == 1
            self.reports.append((batch_ids.pop(), max(event["timestamp"] for event in events)))


def one_of_each(times):
    """A small laboratory: the ended one first, as in the whole one."""
    found = {}
    for batch in sorted(batches(times), key=lambda batch: len(batch.jobs)):
        found.setdefault(batch.fate, batch)
    return [found[fate] for fate in ("ended", "live", "stalled", "idle")]


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What a server was told that took ten minutes until now."""
    monkeypatch.setattr(telling, "batches", one_of_each)
    monkeypatch.setattr(telling, "_HORIZON", timedelta(minutes=30))

    def tell(*, goes_on):
        server, begun = Slow(), datetime.now(UTC) - timedelta(minutes=10)
        state = State(tmp_path / "state.json")
        state.known |= {"anchor": begun.isoformat()}
        people = {person: Account(person.username, "token") for person in PEOPLE}
        story = Story(server, state, people, lambda _: None)
        story.tell_past(begun, goes_on=goes_on)
        return story, server.reports, begun.strftime("%Y-%m-%dT%H:%M:%S")

    return tell


def test_what_runs_comes_first_and_goes_on_before_the_rest_is_told(told):
    story, reports, begun = told(goes_on=True)
    ended = {batch.id for batch in story.batches if batch.fate == "ended"}
    first = next(place for place, (batch_id, _) in enumerate(reports) if batch_id in ended)
    assert ended.isdisjoint(batch_id for batch_id, _ in reports[:first])
    assert {batch_id for batch_id, _ in reports} == {batch.id for batch in story.batches}
    late = {batch_id: at for batch_id, at in reports[:first] if at > begun}
    assert late.keys() == {batch.id for batch in story.batches if batch.fate in {"live", "idle"}}
    soon = (datetime.now(UTC) - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S")
    assert min(late.values()) > soon


def test_told_once_nothing_goes_on(told):
    _, reports, begun = told(goes_on=False)
    assert max(at for _, at in reports)[:19] <= begun
