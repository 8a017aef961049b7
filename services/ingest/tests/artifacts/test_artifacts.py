"""Files of jobs and batches."""

import asyncio
import hashlib
import uuid

import msgspec
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_ingest.artifacts.service import Artifacts
from argus_ingest.testing import event
from argus_kit.bus import Tail
from argus_kit.clock import now
from argus_kit.testing import add_token, bearer_headers, eventually
from argus_schema import ingest as tables


def upload(ingest, path, content=b"png", name="a/b\\plot.png", token=None, **form):
    path, _, query = path.partition("?")
    return ingest.client.post(
        f"/api/{path}/artifacts?{query}",
        files={"file": (name, content, "application/x-declared")},
        data={"kind": "image", **form},
        headers=bearer_headers(token or ingest.token),
    )


def get(ingest, path, token=None, **headers):
    return ingest.client.get(f"/api/{path}", headers={**bearer_headers(token or ingest.token), **headers})


async def test_a_file_there_and_back(ingest):
    await ingest.accept(event("job_start", job="res/net"))
    content = bytes(range(256)) * 400
    answer = await upload(ingest, "jobs/res/net", content, label="curve", meta='{"epoch": 3}')
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown == {
        "id": shown["id"], "job_id": "res/net", "batch_id": "bench-1", "filename": "a/b\\plot.png", "mime": "image/png",
        "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "label": "curve",
        "meta": {"epoch": 3}, "created_at": shown["created_at"],
    }  # fmt: skip
    assert (await get(ingest, "jobs/res/net/artifacts")).json() == [shown]
    path = f"artifacts/{shown['id']}"
    whole = await get(ingest, path)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-disposition"] == 'attachment; filename="plot.png"'
    assert (whole.headers["content-type"], whole.headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert whole.headers["last-modified"]
    part = await get(ingest, path, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, content[10:20])
    assert (await get(ingest, path, **{"If-None-Match": whole.headers["etag"]})).status_code == 304

    _, stranger = await ingest.person("eve")
    viewer = await add_token(ingest.database, ingest.user_id, prefix="em_view_")
    assert (await get(ingest, path, stranger)).status_code == 404
    assert (await get(ingest, "jobs/res/net/artifacts", stranger)).status_code == 404
    assert (await upload(ingest, "jobs/res/net", token=stranger)).status_code == 404
    assert (await get(ingest, path, viewer)).status_code == 200
    assert (await upload(ingest, "jobs/res/net", token=viewer)).status_code == 403

    (row,) = await ingest.rows(tables.artifact)
    storage = ingest.platform.get(Artifacts).storage
    assert [(file.path, file.size) for file in await storage.files(str(row.batch_key))] == [(row.path, len(content))]
    for token, status in ((viewer, 403), (stranger, 404), (ingest.token, 204), (ingest.token, 404)):
        answer = await ingest.client.delete(f"/api/{path}", headers=bearer_headers(token))
        assert answer.status_code == status
    assert await storage.files(str(row.batch_key)) == []


async def stored(ingest):
    storage = ingest.platform.get(Artifacts).storage
    return [file.path for folder in await storage.folders() for file in await storage.files(folder)]


async def test_uploads_that_are_refused_leave_nothing(ingest, limits):
    await ingest.accept(event("job_start", job="j"))
    limits.max_file_mb, limits.max_job_mb = 0.5, 0.75
    large = b"x" * (2**19 + 1)
    missing = await ingest.client.post(
        "/api/jobs/j/artifacts", data={"label": "x"}, headers=bearer_headers(ingest.token)
    )
    assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["body", "file"])
    cases = [
        (await upload(ingest, "jobs/none"), 404, "job.not_found"),
        (await upload(ingest, "batches/none"), 404, "batch.not_found"),
        (await upload(ingest, "jobs/j", meta="not json"), 400, "artifact.meta_invalid"),
        (await upload(ingest, "jobs/j", meta="[1]"), 400, "artifact.meta_invalid"),
        (await upload(ingest, "jobs/j", sha256="abc"), 422, "request.invalid"),
        (await upload(ingest, "jobs/j", sha256="a" * 64), 422, "artifact.checksum_mismatch"),
        (await upload(ingest, "jobs/j", large), 413, "artifact.too_large"),
        (await upload(ingest, "jobs/j", large * 4), 413, "artifact.too_large"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert cases[-1][0].json()["error"]["details"] == {"max_bytes": 2**19}
    assert await stored(ingest) == []


async def test_a_job_and_a_batch_hold_only_so_much(ingest, limits):
    await ingest.accept(event("job_start", job="j"), event("job_start", job="k"))
    limits.max_job_mb, limits.max_batch_mb = 0.75, 1.25
    half = b"x" * 2**19
    assert (await upload(ingest, "jobs/j", half)).status_code == 201
    full = await upload(ingest, "jobs/j", half)
    assert (full.status_code, full.json()["error"]["code"]) == (413, "artifact.quota_exceeded")
    assert full.json()["error"]["details"] == {"scope": "job", "max_bytes": 786432, "used_bytes": 2**19}
    assert (await upload(ingest, "batches/bench-1", half)).status_code == 201
    full = await upload(ingest, "jobs/k", half)
    assert full.json()["error"]["details"] == {"scope": "batch", "max_bytes": 1310720, "used_bytes": 2**20}
    assert (await upload(ingest, "jobs/k", b"x" * 2**18)).status_code == 201
    # Nothing fits any more, so nothing is read.
    assert (await upload(ingest, "jobs/k", b"x")).json()["error"]["details"]["used_bytes"] == 1310720
    assert len(await stored(ingest)) == len(await ingest.rows(tables.artifact)) == 3


async def test_uploads_at_once_do_not_pass_the_limit_together(ingest, limits):
    await ingest.accept(event("job_start", job="j"))
    limits.max_job_mb = 0.5
    answers = await asyncio.gather(*(upload(ingest, "jobs/j", b"x" * 2**17) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [413] * 6
    assert sum(row.size_bytes for row in await ingest.rows(tables.artifact)) == 2**19
    assert len(await stored(ingest)) == 4


async def test_what_the_sender_computed_is_compared(ingest):
    await ingest.accept(event("job_start", job="j"))
    good = hashlib.sha256(b"png").hexdigest()
    assert (await upload(ingest, "jobs/j", sha256=good.upper())).json()["sha256"] == good
    for digest, status in ((good, 201), ("0" * 64, 422)):
        answer = await ingest.client.post(
            "/api/jobs/j/artifacts",
            files={"file": ("a", b"png")},
            headers={**bearer_headers(ingest.token), "Content-SHA256": digest},
        )
        assert answer.status_code == status


async def test_a_batch_lists_its_own_files_and_those_of_its_jobs(ingest):
    await ingest.accept(event("job_start", job="j"), event("job_start", job="gone"))
    ids = [(await upload(ingest, path)).json()["id"] for path in ("batches/bench-1", "jobs/j", "jobs/gone", "jobs/j")]
    async with ingest.database.write() as connection:
        gone = sa.update(tables.job).where(tables.job.c.job_id == "gone")
        await connection.execute(gone.values(deleted_at=now()))

    async def listed(query=""):
        return [row["id"] for row in (await get(ingest, f"batches/bench-1/artifacts{query}")).json()]

    assert await listed() == ids[:1]
    assert await listed("?jobs=true") == [ids[0], ids[1], ids[3]]
    assert await listed(f"?jobs=true&after={ids[0]}") == [ids[1], ids[3]]
    _, stranger = await ingest.person("eve")
    assert (await get(ingest, "batches/bench-1/artifacts", stranger)).status_code == 404


NAMES = [
    ("a/b\\c.txt", "a/b\\c.txt", 'filename="c.txt"'),
    ("Größe.txt", "Größe.txt", "filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt"),
    ("图.txt", "图.txt", "filename=\"_.txt\"; filename*=UTF-8''%E5%9B%BE.txt"),
    ("a\u202etxt.exe", "a\u202etxt.exe", 'filename="a_txt.exe"'),
    ("../..", "../..", 'filename="file"'),
    ("x" * 300, "x" * 255, f'filename="{"x" * 255}"'),
    ("50%.txt", "50%.txt", "filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
]


async def test_names_of_any_kind(ingest):
    await ingest.accept(event("job_start", job="j"))
    for name, kept, saved in NAMES:
        found = (await upload(ingest, "jobs/j", b"1", name=name)).json()
        assert found["filename"] == kept
        answer = await get(ingest, f"artifacts/{found['id']}")
        assert answer.headers["content-disposition"] == f"attachment; {saved}"


async def test_only_plain_pictures_are_shown_in_a_browser(ingest):
    await ingest.accept(event("job_start", job="j"))
    for name, kind in (("a.png", "inline"), *((f"a.{end}", "attachment") for end in ("svg", "html", "pdf", "js"))):
        found = (await upload(ingest, "jobs/j", b"<svg onload=alert(1)>", name=name)).json()
        answer = await get(ingest, f"artifacts/{found['id']}?inline=1")
        assert answer.headers["content-disposition"].startswith(kind), name
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_ranges_conditions_and_heads(ingest):
    await ingest.accept(event("job_start", job="j"))
    content = bytes(range(256)) * 5000
    path = f"artifacts/{(await upload(ingest, 'jobs/j', content)).json()['id']}"
    whole = await get(ingest, path)
    assert whole.headers["content-length"] == str(len(content))
    assert whole.headers["accept-ranges"] == "bytes"
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(content).hexdigest()}"'
    head = await ingest.client.head(f"/api/{path}", headers=bearer_headers(ingest.token))
    same = ("etag", "content-length", "content-type", "last-modified", "content-disposition")
    assert (head.status_code, head.content) == (200, b"")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]
    for wanted, begin, end in (("0-0", 0, 1), ("5-", 5, None), ("-7", -7, None), ("1000000-99999999", 1000000, None)):
        part = await get(ingest, path, Range=f"bytes={wanted}")
        assert (part.status_code, part.content) == (206, content[begin:end])
        assert part.headers["content-range"].endswith(f"/{len(content)}")
    beyond = await get(ingest, path, Range="bytes=99999999-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    assert beyond.json()["error"]["code"] == "artifact.range_invalid"
    assert (await get(ingest, path, Range="bytes=0-1,4-5")).status_code == 200
    for condition, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200), (whole.headers["last-modified"], 206)):
        assert (await get(ingest, path, Range="bytes=1-2", **{"If-Range": condition})).status_code == status
    unchanged = await get(ingest, path, **{"If-Modified-Since": whole.headers["last-modified"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_a_file_that_is_gone_is_said_to_be(ingest, artifacts):
    await ingest.accept(event("job_start", job="j"))
    found = (await upload(ingest, "jobs/j")).json()
    (row,) = await ingest.rows(tables.artifact)
    await artifacts.storage.drop([row.path])
    for path in (f"artifacts/{found['id']}", f"artifacts/{found['id']}/thumbnail"):
        answer = await get(ingest, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "artifact.file_missing")
    assert (
        await ingest.client.delete(f"/api/artifacts/{found['id']}", headers=bearer_headers(ingest.token))
    ).is_success


async def test_a_batch_that_is_deleted_meanwhile_takes_no_file(ingest, artifacts, monkeypatch):
    await ingest.accept(event("job_start", job="j"))
    record = artifacts._record

    async def delete_first(*args):
        async with ingest.database.write() as connection:
            await connection.execute(sa.update(tables.batch).values(deleted_at=now()))
        return await record(*args)

    monkeypatch.setattr(artifacts, "_record", delete_first)
    assert (await upload(ingest, "jobs/j")).json()["error"]["code"] == "batch.not_found"
    assert await stored(ingest) == []


async def test_storage_that_fails_is_said_to_be(ingest, artifacts, monkeypatch):
    await ingest.accept(event("job_start", job="j"))
    found = (await upload(ingest, "jobs/j")).json()

    def fail(*_args, **_more):
        raise OSError("no space left on device")

    for name in ("info", "open"):
        monkeypatch.setattr(artifacts.storage._system, name, fail)
    answer = await get(ingest, f"artifacts/{found['id']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "artifact.storage_unavailable")
    assert answer.headers["retry-after"]


async def test_a_job_id_in_two_batches_means_the_callers_newest(ingest):
    await ingest.accept(event("job_start", "one", "j"), event("job_start", "two", "j"))
    _, other = await ingest.person("eve")
    await ingest.accept(event("job_start", "three", "j"), token=other)
    assert (await upload(ingest, "jobs/j")).json()["batch_id"] == "two"
    named = await ingest.client.post(
        "/api/jobs/j/artifacts?batch_id=one", files={"file": ("", b"")}, headers=bearer_headers(ingest.token)
    )
    assert named.status_code in {201, 422}
    assert (await upload(ingest, "jobs/j", token=other)).json()["batch_id"] == "three"
    whole = (await upload(ingest, "batches/one", b"", name="empty")).json()
    assert (whole["job_id"], whole["batch_id"], whole["size_bytes"]) == (None, "one", 0)
    assert whole["mime"] == "application/x-declared"
    assert [row["batch_id"] for row in (await get(ingest, "jobs/j/artifacts?batch_id=two")).json()] == ["two"]


async def test_odd_ids_are_answered(ingest):
    for artifact_id in ("0", "999999", "-1", "x", str(2**70)):
        assert (await get(ingest, f"artifacts/{artifact_id}")).status_code in {404, 422}


async def test_a_file_that_came_is_told_to_open_pages(ingest):
    batch = f"files-{uuid.uuid4().hex}"
    bundles = []

    async def on_message(message):
        bundle = wire.decode(wire.EventBundle, message.data)
        if bundle.batch_id == batch and bundle.heads[0].event_type == "artifact_added":
            bundles.append(bundle)

    async def on_reset():
        pass

    await ingest.accept(event("job_start", batch, "j"))
    tail = Tail(on_message, on_reset)
    tail.last_sequence = 0
    await ingest.platform.bus.tail(wire.LIVE_STREAM, [wire.ALL_EVENTS], tail)
    shown = (await upload(ingest, f"jobs/j?batch_id={batch}", b"12345", label="curve")).json()

    async def arrived():
        return len(bundles) == 1

    await eventually(arrived)
    told = msgspec.json.decode(bundles[0].events[0])
    assert (bundles[0].heads[0].job_id, told["batch_id"], told["job_id"]) == ("j", batch, "j")
    assert told["data"] == {
        "artifact_id": shown["id"], "filename": "a/b\\plot.png", "mime": "image/png", "size_bytes": 5, "label": "curve"
    }  # fmt: skip
