"""Files that nothing names are removed when they are old, and no others."""

import os
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_ingest.artifacts.orphans import OrphanSweep
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.testing import event
from argus_kit.clock import frozen, now
from argus_kit.testing import bearer_headers
from argus_schema import ingest as tables


@pytest.fixture
async def orphans(ingest):
    part = OrphanSweep(ingest.platform, ArtifactSettings())
    yield part
    await part.stop()


async def put(storage, path):
    sink = await storage.run(storage.sink, path)
    await storage.run(sink.write, b"x")
    await storage.run(sink.finish)


async def upload(ingest):
    answer = await ingest.client.post(
        "/api/batches/bench-1/artifacts", files={"file": ("a", b"1")}, headers=bearer_headers(ingest.token)
    )
    assert answer.status_code == 201


async def test_what_no_row_names_goes(ingest, artifacts, orphans):
    await ingest.accept(event("batch_start"))
    await upload(ingest)
    (row,) = await ingest.rows(tables.artifact)
    storage = artifacts.storage
    for path in (f"{row.batch_key}/lost", f"{row.batch_key}/lost.256.webp", f"{row.path}.256.webp", "99/a", "notes/b"):
        await put(storage, path)
    assert await orphans.look(now() - timedelta(hours=1)) == 0
    assert await orphans.look(now() + timedelta(hours=1)) == 3
    left = [file.path for folder in ("99", "notes", str(row.batch_key)) for file in await storage.files(folder)]
    assert sorted(left) == sorted(["notes/b", row.path, f"{row.path}.256.webp"])


async def test_a_crash_before_the_commit_leaves_a_file_that_is_swept(ingest, artifacts, orphans, monkeypatch):
    await ingest.accept(event("batch_start"))

    async def die(*_args):
        raise SystemExit

    # As if the process were killed: neither the row is written nor the file removed.
    monkeypatch.setattr(artifacts, "_record", die)
    monkeypatch.setattr("argus_ingest.artifacts.uploads.Receiver.abandon", lambda _self: _nothing())
    with pytest.raises(SystemExit):
        await upload(ingest)
    assert await ingest.rows(tables.artifact) == []
    (folder,) = await artifacts.storage.folders()
    assert len(await artifacts.storage.files(folder)) == 1
    assert await orphans.look(now() + timedelta(hours=1)) == 1
    assert await artifacts.storage.files(folder) == []


async def _nothing():
    pass


async def test_it_waits_for_its_time_and_for_the_age_of_a_file(ingest, artifacts, orphans):
    await put(artifacts.storage, "99/a")
    start = now()
    await orphans._round()
    with frozen(start + timedelta(hours=2)):
        await orphans._round()
    assert len(await artifacts.storage.files("99")) == 1
    with frozen(start + timedelta(hours=30)):
        await orphans._round()
    assert await artifacts.storage.files("99") == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_unfinished_file_of_a_killed_process_goes_too(ingest, artifacts, orphans):
    storage = artifacts.storage
    sink = await storage.run(storage.sink, "99/a")
    await storage.run(sink.write, b"x")
    sink._file.close()
    (found,) = await storage.files("99")
    old = (now() - timedelta(days=2)).timestamp()
    os.utime(storage.locate(found.path), (old, old))
    assert await orphans.look(now() - timedelta(days=1)) == 1


async def test_a_row_that_is_committed_while_files_are_listed_keeps_its_file(ingest, artifacts, orphans, monkeypatch):
    await ingest.accept(event("batch_start"))
    key = (await ingest.batch()).batch_key
    await put(artifacts.storage, f"{key}/late")
    good = orphans._storage.files

    async def files(folder):
        found = await good(folder)
        async with ingest.database.write() as connection:
            row = {"batch_key": key, "filename": "a", "mime": "a/b", "size_bytes": 1, "path": f"{key}/late"}
            await connection.execute(sa.insert(tables.artifact).values({**row, "created_at": now()}))
        return found

    monkeypatch.setattr(orphans._storage, "files", files)
    assert await orphans.look(now() + timedelta(hours=1)) == 0
