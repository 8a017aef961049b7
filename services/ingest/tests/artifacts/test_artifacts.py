"""Files of jobs and batches."""

import hashlib
from pathlib import Path

import pytest

from argus_ingest.artifacts.service import Artifacts
from argus_ingest.testing import event
from argus_kit.testing import add_token, bearer_headers
from argus_schema import ingest as tables


def upload(ingest, path, content=b"png", name="a/b\\plot.png", token=None, **form):
    return ingest.client.post(
        f"/api/{path}/artifacts",
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
    file = Path(ingest.platform.get(Artifacts).storage.locate(row.path))
    assert file.read_bytes() == content
    for token, status in ((viewer, 403), (stranger, 404), (ingest.token, 204), (ingest.token, 404)):
        answer = await ingest.client.delete(f"/api/{path}", headers=bearer_headers(token))
        assert answer.status_code == status
    assert not file.exists()


async def test_uploads_that_are_refused(ingest):
    await ingest.accept(event("job_start", job="j"))
    settings = ingest.platform.get(Artifacts)._settings
    settings.max_file_mb, settings.max_job_mb = 0.5, 0.75
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
        (await upload(ingest, "jobs/j", large), 413, "artifact.too_large"),
        (await upload(ingest, "jobs/j", large * 4), 413, "artifact.too_large"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await upload(ingest, "jobs/j", large[:-1])).status_code == 201
    full = await upload(ingest, "jobs/j", large[:-1])
    assert (full.status_code, full.json()["error"]["code"]) == (413, "artifact.quota_exceeded")
    root = Path(ingest.platform.get(Artifacts).storage.locate(""))
    assert len([path for path in root.rglob("*") if path.is_file()]) == 1


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


@pytest.mark.parametrize("artifact_id", ["0", "999999", "-1", "x", str(2**70)])
async def test_odd_ids_are_answered(ingest, artifact_id):
    assert (await get(ingest, f"artifacts/{artifact_id}")).status_code in {404, 422}
