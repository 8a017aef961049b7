"""The two routes as a reporter meets them."""

import asyncio
import gzip
import json

import pytest

from argus_contracts import vectors
from argus_ingest.events.callers import network_of
from argus_ingest.events.intake import Intake
from argus_ingest.testing import event
from argus_kit.clock import now
from argus_kit.testing import add_session, add_token, bearer_headers
from argus_schema import auth as auth_tables
from argus_schema import ingest as tables

JSON = {"Content-Type": "application/json"}


async def send(ingest, body, path="/api/events/batch", **headers):
    return await ingest.client.post(path, content=body, headers={**bearer_headers(ingest.token), **JSON, **headers})


def code(answer):
    return answer.json()["error"]["code"]


async def test_callers_are_checked_before_bodies(ingest):
    viewer = await add_token(ingest.database, ingest.user_id, prefix="em_view_")
    revoked = await add_token(ingest.database, ingest.user_id)
    session = await add_session(ingest.database, ingest.user_id)
    async with ingest.database.write() as connection:
        newest = auth_tables.api_token.c.id == (await ingest.rows(auth_tables.api_token))[-1].id
        await connection.execute(auth_tables.api_token.update().where(newest).values(revoked_at=now()))
    cases = [
        ({}, 401, "auth.required"),
        ({"Authorization": "Basic abc"}, 401, "auth.required"),
        ({"Authorization": "Bearer "}, 401, "auth.required"),
        (bearer_headers("nonsense"), 401, "auth.session_invalid"),
        (bearer_headers("em_live_" + "a" * 48), 401, "auth.token_invalid"),
        (bearer_headers(revoked), 401, "auth.token_invalid"),
        (bearer_headers(session), 403, "auth.api_token_required"),
        (bearer_headers(viewer), 403, "auth.scope_insufficient"),
    ]
    for path in ("/api/events", "/api/events/batch"):
        for headers, status, expected in cases:
            answer = await ingest.client.post(path, content=b"{", headers=headers)
            assert (answer.status_code, code(answer)) == (status, expected)
            assert isinstance(answer.json()["detail"], str)
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)


async def test_one_event_and_the_same_again(ingest):
    sent = event("batch_start", n_total_jobs=2)
    first, second = await ingest.one(sent), await ingest.one(sent)
    assert first.json() == {"accepted": True, "event_id": 1, "deduplicated": False}
    assert second.json() == {"accepted": True, "event_id": 1, "deduplicated": True}


async def test_results_come_in_the_order_of_the_request(ingest):
    known = event("log_line", line="a")
    await ingest.accept(known)
    new = event("log_line", line="b")
    found = await ingest.post(new, {"event_id": "12345678", "nonsense": 1}, known, new, event("job_epoch", epoch=1))
    assert (found["accepted"], found["rejected"]) == (3, 2)
    assert [(r["status"], r["db_id"], r["code"]) for r in found["results"]] == [
        ("accepted", 2, None),
        ("rejected", None, "event.invalid"),
        ("deduplicated", 1, None),
        ("deduplicated", 2, None),
        ("rejected", None, "event.job_id_required"),
    ]
    assert [r["event_id"] for r in found["results"][:3]] == [new["event_id"], "12345678", known["event_id"]]


async def test_every_vector_end_to_end(ingest):
    """Good ones are stored, bad ones give their own status and code, and cost no neighbour."""
    good = [v for v in vectors.load() if v.valid]
    bad = [v for v in vectors.load() if not v.valid]
    singles = await asyncio.gather(*(send(ingest, vector.body, "/api/events") for vector in bad))
    for vector, answer in zip(bad, singles, strict=True):
        assert (answer.status_code, code(answer)) == (vector.status, vector.error_code), vector.name
        assert answer.json()["detail"]
    # Single bad bytes may break a whole body; each travels with good neighbours of its own.
    good_one = b"," + json.dumps(event("log_line", "neighbour", line="x")).encode() + b"]}"
    pairs = await asyncio.gather(*(send(ingest, b'{"events":[' + vector.body + good_one) for vector in bad))
    for vector, answer in zip(bad, pairs, strict=True):
        assert answer.json()["results"][0]["status"] == "rejected", vector.name
        assert answer.json()["accepted"] == 1, vector.name
    bodies = [v.body.replace(b'"bench-0123456789ab"', f'"vector-{n}"'.encode()) for n, v in enumerate(good)]
    answers = await asyncio.gather(*(send(ingest, body, "/api/events") for body in bodies))
    for vector, answer in zip(good, answers, strict=True):
        assert answer.status_code == 200, (vector.name, answer.text)
    for body in vectors.load_bodies():
        answer = await send(ingest, body.body.encode())
        assert (answer.status_code, code(answer)) == (body.status, body.error_code), body.name


async def test_bodies_that_are_refused_whole(ingest):
    one = json.dumps({"events": [event("log_line", line="x")]}).encode()
    bomb = gzip.compress(b" " * (65 * 2**20))
    cases = [
        (await send(ingest, one, **{"Content-Type": "text/plain"}), 422, "body.content_type"),
        (await send(ingest, one, **{"Content-Type": ""}), 422, "body.content_type"),
        (await send(ingest, b"x" * (8 * 2**20 + 1)), 413, "body.too_large"),
        (await send(ingest, bomb, **{"Content-Encoding": "gzip"}), 413, "body.too_large"),
        (await send(ingest, one, **{"Content-Encoding": "br"}), 415, "body.encoding_unsupported"),
        (await send(ingest, one, **{"Content-Encoding": "gzip"}), 400, "body.encoding_invalid"),
        (await send(ingest, gzip.compress(one)[:-9], **{"Content-Encoding": "gzip"}), 400, "body.encoding_invalid"),
        (await send(ingest, b"\xff\xfe\x00garbage"), 422, "body.json_invalid"),
        (await send(ingest, b'{"events":' + b"[" * 100_000), 422, None),
        (await send(ingest, json.dumps({"events": [{}] * 5001}).encode()), 422, "body.too_many_events"),
    ]  # fmt: skip
    for answer, status, expected in cases:
        assert answer.status_code == status, answer.text[:200]
        assert expected in (None, code(answer))
        assert answer.json()["error"]["trace_id"]
    wrong_version = await ingest.one({**event("log_line", line="x"), "schema_version": "2.0"})
    assert wrong_version.status_code == 415
    assert wrong_version.json()["detail"]["received"] == "2.0"
    assert wrong_version.json()["detail"]["supported"] == ["1.1"]
    without_job = await ingest.one(event("job_done"))
    assert (without_job.status_code, without_job.json()["detail"]) == (400, '"job_done" needs a job_id.')
    assert await ingest.rows(tables.event) == []


async def test_gzip_and_large_bodies_are_taken(ingest):
    lines = [event("log_line", line="y" * 1200) for _ in range(5000)]
    body = json.dumps({"events": lines}).encode()
    assert len(body) < 8 * 2**20
    answer = await send(ingest, gzip.compress(body), **{"Content-Encoding": "gzip"})
    assert answer.json()["accepted"] == 5000
    again = await send(ingest, body)
    assert {r["status"] for r in again.json()["results"]} == {"deduplicated"}
    assert (await ingest.one(event("log_line", line="z" * 6_000_000))).status_code == 200
    assert (await ingest.rows(tables.log_line))[-1].line == "z" * 6_000_000


async def test_concurrent_duplicates_are_stored_once(ingest):
    same = [event("job_epoch", job="j", epoch=n, loss=1.0) for n in range(20)]
    answers = await asyncio.gather(*(ingest.post(*same) for _ in range(8)), *(ingest.one(same[0]) for _ in range(8)))
    statuses = [r["status"] for answer in answers[:8] for r in answer["results"]]
    single = [answer.json()["deduplicated"] for answer in answers[8:]]
    assert statuses.count("accepted") + single.count(False) == 20
    assert {r["db_id"] for a in answers[:8] for r in a["results"][:1]} == {answers[8].json()["event_id"]}
    assert len(await ingest.rows(tables.event)) == 20
    assert (await ingest.job("j")).n_points == 20


async def test_many_clients_and_batches_lose_nothing(ingest):
    ids = [f"batch-{n}" for n in range(12)]
    streams = [[event("job_epoch", batch, "j", epoch=n) for batch in ids] for n in range(15)]
    await asyncio.gather(*(ingest.accept(*stream[:: 1 - 2 * (n % 2)]) for n, stream in enumerate(streams)))
    for batch in ids:
        row = await ingest.batch(batch)
        events = await ingest.rows(tables.event, batch_key=row.batch_key)
        assert [found.id for found in events] == list(range(1, 16))
        assert row.event_seq == 15


async def test_the_rate_of_a_token_is_limited(ingest):
    buckets = ingest.platform.get(Intake)._gate.by_token
    buckets.capacity, buckets.per_second = 2, 0.5
    answers = [await ingest.one(event("log_line", line="x")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) in {1, 2}
    assert code(answers[2]) == "rate.limited"


async def test_the_rate_of_an_address_is_limited_before_its_credential_is_looked_up(ingest):
    buckets = ingest.platform.get(Intake)._gate.by_address
    buckets.capacity, buckets.per_second = 2, 0.5
    answers = [await ingest.one(event("log_line", line="x"), token="em_live_" + "a" * 48) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8::1", "2001:0db8:0000:0000::/64"),
        ("2001:db8::ffff:2", "2001:0db8:0000:0000::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80:0000:0000:0000::/64"),
        ("a:b", "a:b"),
    ],
)
def test_what_stands_for_an_address(host, expected):
    assert network_of(host) == expected


@pytest.mark.parametrize("event_id", ["5F0C6B1E-8F3C-4B0B-9B7E-2A61D6E0C9A4", "job-7/epoch 3", "ключ-αβγ-鍵"])
async def test_an_event_id_need_not_be_a_uuid(ingest, event_id):
    sent = {**event("log_line", line="x"), "event_id": event_id}
    assert (await ingest.post(sent, sent))["results"][1] == {
        "event_id": event_id, "status": "deduplicated", "db_id": 1, "error": None, "code": None,
    }  # fmt: skip


async def test_a_page_and_a_traced_sender_get_the_whole_route(ingest):
    """The shortcut is for senders that ask for no more than an answer; the others get CORS headers, and the same."""
    sent = event("log_line", line="x")
    plain = await send(ingest, json.dumps(sent).encode(), "/api/events")
    page = await send(ingest, json.dumps(sent).encode(), "/api/events", Origin="http://localhost:5173")
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    traced = await send(ingest, b"{", "/api/events", traceparent=f"00-{trace_id}-b7ad6b7169203331-01")
    assert (plain.json()["event_id"], plain.json()["deduplicated"]) == (1, False)
    assert (page.json()["event_id"], page.json()["deduplicated"]) == (1, True)
    assert page.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert traced.json()["error"]["trace_id"] == trace_id
