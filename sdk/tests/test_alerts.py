"""Alerts from code: what is sent, and what is not sent again."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

import pytest

import argus
from argus import _alerts


@pytest.fixture
def told(ingest):
    """All alerts so far, each with its job."""
    return lambda: [(event["job_id"], event["data"]) for event in ingest.of_type("alert")]


class OfAnotherTracker(Enum):
    WARN = "WARN"


def test_a_job_tells_its_watchers(reporter, told):
    with reporter() as r, r.job("j1") as job:
        job.alert("Loss spike", "train_loss 12.5", "warn")
    assert told() == [("j1", {"title": "Loss spike", "text": "train_loss 12.5", "level": "warn", "wait_s": 60.0})]


def test_a_reporter_tells_of_its_batch_and_a_run_of_its_job(ingest, reporter, told):
    with reporter() as r:
        r.alert("Half way")
    with argus.init("vision", monitor_url=ingest.url, stop_polling=False, capture_environment=False) as run:
        run.alert("From the run")
        argus.alert("From anywhere", level="error")
    assert [(job_id, data["title"]) for job_id, data in told()] == [
        (None, "Half way"),
        (run.id, "From the run"),
        (run.id, "From anywhere"),
    ]


def test_from_anywhere_it_goes_through_the_reporter_that_is_open(reporter, told, caplog):
    argus.alert("too early")
    with reporter():
        argus.alert("Half way")
    assert [data["title"] for _, data in told()] == ["Half way"]
    assert "nobody hears of it" in caplog.text


def test_the_same_title_is_not_sent_again_within_its_time(reporter, told, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_alerts, "monotonic", lambda: now[0])
    with reporter() as r, r.job("j1") as job, r.job("j2") as other:
        job.alert("Loss spike", "1")
        now[0] += 59
        job.alert("Loss  spike\n", "2")
        other.alert("Loss spike", "3")
        job.alert("Another", "4")
        now[0] += 2
        job.alert("Loss spike", "5")
        job.alert("Loss spike", "6", wait_s=0)
        job.alert("Loss spike", "7", wait_s=timedelta(minutes=5))
        now[0] += 301
        job.alert("Loss spike", "8", wait_s=timedelta(minutes=5))
    assert [data["text"] for _, data in told()] == ["1", "3", "4", "5", "6", "8"]


def test_what_does_not_fit_is_cut_and_what_is_no_level_counts_as_info(reporter, told):
    with reporter() as r:
        r.alert("t" * 500, "x" * 9000, OfAnotherTracker.WARN)
        r.alert("", None, "fatal")
        r.alert(ValueError("out of memory"), 3.5, "WARNING")
    (_, first), (_, second), (_, third) = told()
    assert (len(first["title"]), len(first["text"]), first["level"]) == (200, 4000, "warn")
    assert (second["title"], second["text"], second["level"]) == ("Alert", "", "info")
    assert (third["title"], third["text"], third["level"]) == ("out of memory", "3.5", "warn")


def test_nothing_of_it_reaches_the_training(reporter, told):
    class Unprintable:
        def __str__(self):
            raise RuntimeError("no")

    with reporter() as r, r.job("j1") as job:
        job.alert(Unprintable())
        job.alert("x", wait_s="soon")
    r.alert("after the end")
    assert told() == []


def test_titles_that_are_all_different_do_not_fill_the_memory(reporter):
    with reporter() as r:
        for number in range(2000):
            r.alert(f"step {number}")
    assert len(_alerts._said) <= 1000
