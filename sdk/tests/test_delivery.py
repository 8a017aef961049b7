"""What an answer of the server means."""

from __future__ import annotations

import json
import time

import pytest

from argus._delivery import HOLD, READ, SPLIT, WAIT, backoff, is_all_stored, judge, read_results
from argus._transport import Reply


def reply(status, body=None, **headers):
    return Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (400, SPLIT), (401, HOLD), (403, HOLD), (404, HOLD), (405, HOLD), (408, WAIT), (409, SPLIT), (413, SPLIT),
        (415, SPLIT), (422, SPLIT), (429, WAIT), (301, HOLD), (308, HOLD), (500, WAIT), (502, WAIT), (504, WAIT),
    ],
)  # fmt: skip
def test_every_status_has_its_consequence(status, action):
    assert judge(reply(status, {"detail": "x"})).action == action


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"ok"', b'{"status": "ok"}'])
def test_a_2xx_that_is_no_acknowledgement_is_none(body):
    assert judge(reply(200, body)).action == WAIT


def test_a_gateway_that_just_started_is_waited_for():
    assert judge(reply(404, b"404 page not found\n")).action == WAIT


def test_an_acknowledgement_is_read():
    assert judge(reply(200, {"accepted": 1, "rejected": 0, "results": []})).action == READ


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("0", 0.05), ("999999", 300.0), ("soon", 2.0), ("nan", 2.0)]
)
def test_retry_after_is_kept_within_reason(header, seconds):
    assert judge(reply(429, {}, **{"retry-after": header})).wait_s == seconds


def test_retry_after_may_be_a_date():
    from email.utils import formatdate

    wait_s = judge(reply(503, {}, **{"retry-after": formatdate(time.time() + 20, usegmt=True)})).wait_s
    assert 17 < wait_s <= 20


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (b'{"accepted":2,"results":[{"event_id":"a","status":"accepted","db_id":1},{"status":"accepted"}]}', True),
        (b'{"accepted":2,"results":[{"status":"accepted"},{"status":"deduplicated"}]}', False),
        (b'{"accepted":1,"results":[{"status":"accepted"}]}', False),
        (b'{"results":[{"status":"accepted"},{"status":"rejected","error":"no \\"status\\":\\"accepted\\""}]}', False),
        (b'{"accepted": 2, "results": [{"status": "accepted"}, {"status": "accepted"}]}', False),
    ],
)
def test_the_usual_answer_is_told_without_being_read(body, whole):
    assert is_all_stored(reply(200, body), 2) is whole
    if whole:
        results = read_results(reply(200, body), 2)
        assert (results.duplicates, results.rejected, results.transient) == ([], [], [])


def test_results_are_sorted_by_what_is_to_be_done():
    items = [
        {"status": "accepted"},
        {"status": "deduplicated"},
        {"status": "rejected", "error": "bad epoch"},
        {"status": "rejected", "error": "internal: race"},
    ]
    results = read_results(reply(200, {"results": items}), 6)
    assert results.duplicates == [1]
    assert results.rejected == [(2, "bad epoch")]
    assert sorted(results.transient) == [3, 4, 5]


def test_backoff_grows_within_bounds():
    assert all(0.1 <= backoff(1) <= 0.2 for _ in range(50))
    assert all(15 <= backoff(40) <= 30 for _ in range(50))
