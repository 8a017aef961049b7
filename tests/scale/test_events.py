"""Events over several replicas of ingest: each is stored once, each replica gets its share, and every replica of those
who read and tell knows.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import httpx
import pytest
from rig.page import Page
from rig.replicas import REPLICAS, Replicas
from rig.reports import epochs, event, post
from rig.systems import Stack
from rig.verdict import Rows

from argus_standalone.testing import Account

pytestmark = pytest.mark.slow
SENDERS = 8
REQUESTS = 12
SIZE = 20


def test_there_are_as_many_of_each_as_was_asked_for(stack: Stack, replicas: Replicas) -> None:
    running = stack.pids()
    for service in ("auth", "ingest", "catalog", "realtime", "executor", "notifier"):
        assert len(replicas.names(service)) == REPLICAS
        assert set(replicas.names(service)) <= set(running)
    for service in ("auth", "ingest", "catalog", "executor", "notifier"):
        assert len(replicas.names(f"{service}-worker")) == REPLICAS


def test_many_senders_into_one_batch(stack: Stack, replicas: Replicas, ada: Account) -> None:
    """All at once, over all replicas, with every third request sent twice at the same moment."""
    batch = "scale-shared"
    post(stack.url, ada.token, [event(batch, "batch_start", n_total_jobs=SENDERS)])
    before = replicas.counts("ingest", "argus_ingest_events_total")
    sent: list[str] = []
    lock = threading.Lock()

    def send(number: int) -> int:
        job, accepted = f"job-{number}", 0
        for request in range(REQUESTS):
            events = epochs(batch, job, request * SIZE, SIZE)
            with lock:
                sent.extend(one["event_id"] for one in events)
            times = 2 if request % 3 == 0 else 1
            with ThreadPoolExecutor(times) as both:
                answers = list(both.map(lambda events: post(stack.url, ada.token, events), [events] * times))
            for answer in answers:
                assert {one["status"] for one in answer["results"]} <= {"accepted", "deduplicated"}
            new = [sum(one["status"] == "accepted" for one in answer["results"]) for answer in answers]
            assert sum(new) == SIZE, "each event is new to one of both replicas"
            accepted += sum(new)
        return accepted

    with ThreadPoolExecutor(SENDERS) as pool:
        assert sum(pool.map(send, range(SENDERS))) == SENDERS * REQUESTS * SIZE
    rows = Rows(stack, batch)
    assert rows.types["job_epoch"] == len(sent)
    assert rows.doubles == 0
    assert set(sent) <= set(rows.ids)
    counted = stack.query(
        "select job_id, n_points from job join batch using (batch_key) where batch.id = :batch order by job_id",
        batch=batch,
    )
    assert [tuple(row) for row in counted] == [(f"job-{n}", REQUESTS * SIZE) for n in range(SENDERS)]
    _shares_are_even(before, replicas.counts("ingest", "argus_ingest_events_total"))


def _shares_are_even(before: dict[str, float], after: dict[str, float]) -> None:
    taken = {name: after[name] - before[name] for name in after}
    assert len(taken) == REPLICAS
    assert min(taken.values()) > 0.5 * max(taken.values()), taken


def test_what_is_acknowledged_is_read_from_every_replica(stack: Stack, replicas: Replicas, ada: Account) -> None:
    for number, url in enumerate(replicas.urls("ingest")):
        batch = f"scale-read-{number}"
        post(url, ada.token, [event(batch, "batch_start"), *epochs(batch, "job", 0, 3)])
        for reader in replicas.urls("catalog"):
            answer = httpx.get(
                f"{reader}/api/jobs/{batch}/job/epochs", headers={"Authorization": f"Bearer {ada.session}"}, timeout=30
            )
            assert [point["epoch"] for point in answer.json()] == [0, 1, 2]


def test_a_page_goes_on_at_another_replica(stack: Stack, replicas: Replicas, ada: Account) -> None:
    """A reader leaves one replica with its last id, misses something, and hears it from the next, in order."""
    batch = "scale-replay"
    post(stack.url, ada.token, [event(batch, "batch_start")])
    channel, last, heard = f"batch:{batch}", None, []
    rounds = [*replicas.urls("realtime"), *replicas.urls("realtime")]
    for number, url in enumerate(rounds):
        with _Reading(url, ada.session, channel, last) as reading:
            if number:
                heard += reading.until(f"missed-{number - 1}")
            post(stack.url, ada.token, [event(batch, "job_epoch", "job", epoch=number, said=f"live-{number}")])
            heard += reading.until(f"live-{number}")
            last = reading.last
        post(stack.url, ada.token, [event(batch, "job_epoch", "job", epoch=number, said=f"missed-{number}")])
    said = list(dict.fromkeys(heard))
    expected = [f"{kind}-{number}" for number in range(len(rounds)) for kind in ("live", "missed")][:-1]
    assert said == expected


class _Reading:
    """One stream at one replica."""

    def __init__(self, url: str, credential: str, channel: str, last: str | None) -> None:
        headers = {"Authorization": f"Bearer {credential}"} | ({"Last-Event-ID": last} if last else {})
        self._client = httpx.Client(timeout=60)
        self._stream = self._client.stream("GET", f"{url}/api/sse", params={"channels": channel}, headers=headers)
        self.last = last

    def __enter__(self) -> Self:
        self._lines = self._stream.__enter__().iter_lines()
        while "event: hello" not in next(self._lines):
            pass
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(None, None, None)
        self._client.close()

    def until(self, said: str) -> list[str]:
        """What was said, as far as this."""
        heard: list[str] = []
        for line in self._lines:
            if line.startswith("id: "):
                self.last = line.removeprefix("id: ")
            if '"said":"' in line:
                heard.append(line.partition('"said":"')[2].partition('"')[0])
                if heard[-1] == said:
                    return heard
        raise AssertionError(f"the stream ended before {said}: {heard}")


def test_a_page_misses_nothing_while_replicas_are_killed(stack: Stack, replicas: Replicas, ada: Account) -> None:
    batch = "scale-kills"
    page = Page(stack.url, ada.session, "dashboard")
    post(stack.url, ada.token, [event(batch, "batch_start")])
    for number, name in enumerate(replicas.names("realtime")):
        post(stack.url, ada.token, epochs(batch, "job", number * 20, 10))
        stack.kill(name)
        post(stack.url, ada.token, epochs(batch, "job", number * 20 + 10, 10))
    stack.wait_ready()
    stored = set(Rows(stack, batch).ids)
    assert len(stored) == 1 + 20 * REPLICAS
    try:
        _until_seen(page, stored)
    finally:
        page.close()


def _until_seen(page: Page, wanted: set[str]) -> None:
    arrived = threading.Event()
    for _ in range(600):
        if wanted <= page.seen:
            return
        arrived.wait(0.1)
    raise AssertionError(f"the page missed {len(wanted - page.seen)} of {len(wanted)}, resyncs {page.resyncs}")
