"""Bad events: each a clear answer, and no bad one costs its neighbours."""

from __future__ import annotations

import gzip
import json
import time
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

ONE, MANY = "/api/events", "/api/events/batch"

GARBAGE = {
    "nothing": b"",
    "zero bytes": b"\x00" * 1000,
    "not utf-8": b'{"\xff\xfe": 1}',
    "a random page": bytes(range(256)) * 40,
    "half of it": b'{"events": [{"event_id": "',
    "null": b"null",
    "a number": b"1e999",
    "a list": b"[]",
    "an empty object": b"{}",
    "events is no list": b'{"events": {}}',
    "no events": b'{"events": []}',
    "another key": b'{"events": [], "more": 1}',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a lone surrogate": b'{"events": "\\ud800"}',
    "two documents": b"{}{}",
    "a bom": b"\xef\xbb\xbf{}",
    "html": b"<html><body>not found</body></html>",
}


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, answer.text[:500]
    body: dict[str, Any] = answer.json()
    assert body["error"]["code"]
    assert body["error"]["message"]
    assert len(answer.content) < 20_000, "an answer that repeats the question"
    return body


class TestBodies:
    @pytest.mark.parametrize("name", GARBAGE)
    @pytest.mark.parametrize("path", [ONE, MANY])
    def test_garbage_is_refused_with_a_reason(self, wire: Any, path: str, name: str) -> None:
        refused(wire.raw(path, GARBAGE[name]), 400, 415, 422)

    @pytest.mark.parametrize("path", [ONE, MANY])
    def test_a_content_type_that_is_not_json(self, wire: Any, path: str, event: Any) -> None:
        for kind in ("text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data"):
            refused(wire.raw(path, json.dumps(event("batch_start", "b")), **{"Content-Type": kind}), 415, 422)

    def test_too_large_is_refused_early_also_without_a_length(self, wire: Any, server: Any, memory_mib: Any) -> None:
        before = memory_mib(server)
        refused(wire.raw(MANY, b"x" * (9 * 2**20)), 413)

        def endless() -> Iterator[bytes]:
            for _ in range(400):
                yield b"x" * 2**20

        begin = time.monotonic()
        try:
            refused(wire.raw(MANY, endless()), 413)
        except httpx.WriteError:
            pass  # the server hung up on us while we still wrote: as clear as it gets
        assert time.monotonic() - begin < 20
        assert memory_mib(server) - before < 150

    def test_gzip_bombs_unpack_no_further_than_allowed(self, wire: Any, server: Any, memory_mib: Any) -> None:
        before = memory_mib(server)
        zeros = gzip.compress(b" " * (300 * 2**20), 9)
        assert len(zeros) < 2**20
        begin = time.monotonic()
        refused(wire.raw(MANY, zeros, **{"Content-Encoding": "gzip"}), 413)
        refused(wire.raw(MANY, zeros * 20, **{"Content-Encoding": "gzip"}), 413)
        assert time.monotonic() - begin < 15
        assert memory_mib(server) - before < 300

    def test_encodings_that_cannot_be_read(self, wire: Any, event: Any) -> None:
        good = json.dumps({"events": [event("batch_start", "b")]}).encode()
        packed = gzip.compress(good)
        gzipped = {"Content-Encoding": "gzip"}
        refused(wire.raw(MANY, b"not gzip at all", **gzipped), 400)
        refused(wire.raw(MANY, packed[:-5], **gzipped), 400)
        refused(wire.raw(MANY, packed[:20] + b"\x00" * 20 + packed[40:], **gzipped), 400)
        refused(wire.raw(MANY, gzip.compress(packed), **gzipped), 400, 422)
        for other in ("br", "zstd", "deflate", "gzip, gzip", "x" * 500):
            refused(wire.raw(MANY, zlib.compress(good), **{"Content-Encoding": other}), 415)
        assert wire.raw(MANY, packed, **gzipped).status_code == 200

    def test_more_events_than_a_request_may_hold(self, wire: Any, event: Any) -> None:
        small = event("log_line", "many", line="x")
        body = json.dumps({"events": [small | {"event_id": f"many-{n:08}"} for n in range(5001)]})
        assert refused(wire.raw(MANY, body), 422)["error"]["code"] == "body.too_many_events"


def bad_events(event: Any) -> dict[str, Any]:
    good = event("job_epoch", "mixed", "j", epoch=1, train_loss=0.5)
    return {
        "a number": 7,
        "null": None,
        "a list": [],
        "nothing": {},
        "no id": {k: v for k, v in good.items() if k != "event_id"},
        "a short id": good | {"event_id": "x"},
        "an id that is a number": good | {"event_id": 12345678},
        "an unknown version": good | {"schema_version": "9.9"},
        "a version that is a number": good | {"schema_version": 1.1},
        "an unknown type": good | {"event_type": "job_explode"},
        "a time in words": good | {"timestamp": "yesterday"},
        "a time out of range": good | {"timestamp": "2026-13-45T99:99:99Z"},
        "no batch": good | {"batch_id": ""},
        "a long batch": good | {"batch_id": "b" * 200},
        "no job": good | {"job_id": None},
        "a long job": good | {"job_id": "j" * 300},
        "a source of another kind": good | {"source": "here"},
        "an unknown key": good | {"colour": "red"},
        "data of another kind": good | {"data": [1, 2]},
        "no epoch": good | {"data": {"train_loss": 1}},
        "an epoch in words": good | {"data": {"epoch": "first"}},
        "an epoch that is an object": good | {"data": {"epoch": {"value": 1}}},
        "a loss in words": good | {"data": {"epoch": 1, "train_loss": "low"}},
        "a nul in the batch": good | {"batch_id": "a\x00b"},
        "a nul in the job": good | {"job_id": "a\x00b"},
        "an epoch without end": good | {"data": {"epoch": 10**40}},
    }


class TestEvents:
    def test_one_bad_event_never_costs_its_neighbours(self, wire: Any, event: Any, ada: Any) -> None:
        bad = bad_events(event)
        sent: list[Any] = [event("batch_start", "mixed"), event("job_start", "mixed", "j")]
        expected = ["accepted", "accepted"]
        for number, item in enumerate(bad.values()):
            sent += [item, event("job_epoch", "mixed", "j", epoch=number, train_loss=float(number))]
            expected += ["rejected", "accepted"]
        answer = wire.batch(*sent)
        told = dict(
            zip(["start", "job", *(n for name in bad for n in (name, f"after {name}"))], answer["results"], strict=True)
        )
        wrong = {n: r for (n, r), status in zip(told.items(), expected, strict=True) if r["status"] != status}
        assert not wrong
        assert all(r["error"] for r in answer["results"] if r["status"] == "rejected")
        assert (answer["accepted"], answer["rejected"]) == (2 + len(bad), len(bad))
        points = ada.get("/api/jobs/mixed/j/epochs")
        assert [point["epoch"] for point in points] == list(range(len(bad)))

    def test_each_of_them_alone_is_a_clear_4xx(self, wire: Any, event: Any) -> None:
        for name, item in bad_events(event).items():
            answer = wire.http.post(ONE, json=item)
            assert 400 <= answer.status_code < 500, (name, answer.status_code, answer.text[:300])
            assert answer.json()["error"]["code"], name

    def test_numbers_at_the_edge_are_stored_or_refused_but_never_a_fault(self, wire: Any, event: Any) -> None:
        start = json.dumps(event("batch_start", "edge"))
        for number in ("NaN", "Infinity", "-Infinity", "1e308", "-0.0", "1e999", "9" * 400, "5e-324", str(2**63)):
            one = json.dumps(event("job_epoch", "edge", "j", epoch=1)).replace(
                '"epoch": 1', f'"epoch": 1, "x": {number}'
            )
            answer = wire.raw(MANY, f'{{"events": [{start}, {one}]}}')
            assert answer.status_code in {200, 422}, (number, answer.text[:300])

    def test_texts_of_every_kind_come_back_as_they_were(self, wire: Any, event: Any, ada: Any) -> None:
        texts = [
            "中文 ✓ 💥",
            "<script>alert(1)</script>",
            "'; drop table event; --",
            "\x1b[31mred",
            "\u202eltr",
            "a\tb",
        ]
        wire.batch(
            event("batch_start", "texts"),
            event("job_start", "texts", "j"),
            *(event("log_line", "texts", "j", line=t) for t in texts),
        )
        shown = json.dumps(ada.get("/api/jobs/texts/j/log-lines"), ensure_ascii=False)
        for text in texts:
            assert json.dumps(text, ensure_ascii=False)[1:-1] in shown

    def test_a_nul_or_a_lone_surrogate_in_free_text_is_never_a_fault(self, wire: Any, event: Any) -> None:
        for text in ("a\x00b", "\ud800", "\udfff\ud800"):
            log = event("log_line", "odd", "j", line=text)
            config = event("job_start", "odd", "j", model=text, config={text: [text]})
            body = json.dumps({"events": [event("batch_start", "odd", command=text), config, log]})
            answer = wire.raw(MANY, body)
            assert answer.status_code in {200, 422}, answer.text[:300]
            assert not [r for r in answer.json().get("results", []) if "internal" in (r["error"] or "")]

    def test_a_line_of_several_megabytes_is_stored_whole(self, wire: Any, event: Any, ada: Any) -> None:
        line = "x" * (5 * 2**20)
        assert wire.batch(event("batch_start", "huge"), event("log_line", "huge", "j", line=line))["accepted"] == 2
        assert wire.batch(event("log_line", "huge", "j", line="after"))["accepted"] == 1
        shown = json.dumps(ada.get("/api/batches/huge/log-lines"))
        assert "after" in shown
        assert line in shown

    def test_an_unknown_version_names_those_that_are_known(self, wire: Any, event: Any) -> None:
        answer = wire.http.post(ONE, json=event("batch_start", "v") | {"schema_version": "2.0"})
        detail = refused(answer, 415)["detail"]
        assert (detail["received"], detail["supported"]) == ("2.0", ["1.1"])

    def test_the_same_event_many_times_is_one(self, wire: Any, event: Any, ada: Any) -> None:
        one = event("job_epoch", "twice", "j", epoch=0, train_loss=1.0)
        answer = wire.batch(event("batch_start", "twice"), *[one] * 50)
        assert [r["status"] for r in answer["results"][1:]] == ["accepted", *["deduplicated"] * 49]
        assert len({r["db_id"] for r in answer["results"][1:]}) == 1
        assert len(ada.get("/api/jobs/twice/j/epochs")) == 1


class TestCallers:
    def post(self, wire: Any, credential: str | None, event: Any) -> httpx.Response:
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        with httpx.Client(base_url=str(wire.http.base_url), timeout=15) as client:
            found: httpx.Response = client.post(ONE, json=event("batch_start", "callers"), headers=headers)
        return found

    def test_credentials_that_are_none(self, wire: Any, event: Any, ada: Any) -> None:
        forged = ada.token[:-1] + ("a" if ada.token[-1] != "a" else "b")
        for credential in (None, "x", forged, "em_live_short", "em_live_" + "0" * 48, "a.b.c", "e" * 7000):
            answer = self.post(wire, credential, event)
            refused(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert ada.token not in answer.text

    def test_a_session_and_a_viewer_may_not_report(self, wire: Any, event: Any, ada: Any) -> None:
        refused(self.post(wire, ada.session, event), 403)
        viewer, _ = ada.new_token("viewer")
        refused(self.post(wire, viewer, event), 403)

    def test_a_revoked_token_ends_within_a_second(self, wire: Any, event: Any, ada: Any) -> None:
        token, token_id = ada.new_token()
        assert self.post(wire, token, event).status_code == 200
        assert ada.http.delete(f"/api/tokens/{token_id}").status_code == 200
        deadline = time.monotonic() + 1
        while self.post(wire, token, event).status_code == 200:
            assert time.monotonic() < deadline
        refused(self.post(wire, token, event), 401)

    def test_an_expired_token_ends_at_its_time(self, wire: Any, event: Any, ada: Any) -> None:
        at = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"name": "short", "scope": "reporter", "expires_at": at}
        made = ada.http.post("/api/tokens", json=body)
        assert made.status_code == 201, made.text
        token = made.json()["token"]
        deadline = time.monotonic() + 10
        while self.post(wire, token, event).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        refused(self.post(wire, token, event), 401)

    def test_another_persons_batch_is_neither_written_nor_revealed(
        self, wire: Any, event: Any, ada: Any, bob: Any
    ) -> None:
        name = f"adas-{uuid.uuid4().hex[:6]}"
        wire.batch(event("batch_start", name), event("job_start", name, "j"))
        his = httpx.Client(base_url=bob.url, headers={"Authorization": f"Bearer {bob.token}"}, timeout=15)
        with his:
            mixed = [event("job_epoch", name, "j", epoch=0), event("batch_start", f"bobs-{name}")]
            answer = his.post(MANY, json={"events": mixed}).json()
            assert [r["status"] for r in answer["results"]] == ["rejected", "accepted"]
            refused(his.post(ONE, json=event("batch_failed", name, error="mine now")), 403)
            refused(his.post(f"/api/batches/{name}/stop"), 404)
        for path in (
            "",
            "/jobs",
            "/health",
            "/log-lines",
            "/epochs/latest",
            "/curves",
            "/resources",
            "/stop-requested",
        ):
            for who, status in ((bob, 404), (ada, 200)):
                answer = who.http.get(f"/api/batches/{name}{path}")
                assert answer.status_code == status, (path, status, answer.text[:200])
            unknown = bob.http.get(f"/api/batches/unknown{path}").json()
            assert unknown["detail"] == bob.http.get(f"/api/batches/{name}{path}").json()["detail"]
        assert name not in bob.http.get("/api/batches").text.replace(f"bobs-{name}", "")
        assert ada.get(f"/api/batches/{name}")["status"] == "running"
        assert ada.get(f"/api/jobs/{name}/j/epochs") == []
