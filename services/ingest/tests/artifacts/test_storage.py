"""What a folder and an S3 bucket promise alike."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from argus_ingest.artifacts.storage import Storage
from argus_kit.clock import now

LARGE = 11 * 2**20


async def write(storage, path, *pieces):
    sink = await storage.run(storage.sink, path)
    for piece in pieces:
        await storage.run(sink.write, piece)
    return sink


async def content(storage, path, begin=0, end=None):
    size = await storage.size(path)
    return b"".join([piece async for piece in storage.read(path, begin, size if end is None else end)])


@pytest.mark.parametrize("size", [0, 1, 5000, LARGE])
async def test_a_file_appears_when_it_is_finished(storage, size):
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    sink = await write(storage, "7/a", data[: size // 2], data[size // 2 :])
    assert await storage.size("7/a") is None
    await storage.run(sink.finish)
    assert (await storage.size("7/a"), sink.size) == (size, size)
    assert sink.digest.hexdigest() == hashlib.sha256(data).hexdigest()
    assert await content(storage, "7/a") == data
    if size > 100:
        assert await content(storage, "7/a", 17, size - 3) == data[17 : size - 3]


@pytest.mark.parametrize("size", [10, LARGE])
async def test_what_is_abandoned_leaves_nothing(storage, size):
    sink = await write(storage, "7/a", b"x" * size)
    await storage.run(sink.abandon)
    del sink
    assert await storage.size("7/a") is None
    assert await storage.files("7") == []
    assert await storage.abort_unfinished(now() + timedelta(hours=1)) == 0
    late = await write(storage, "7/b", b"x" * size)
    await storage.run(late.finish)
    await storage.run(late.abandon)
    assert await storage.files("7") == []


async def test_files_are_listed_and_dropped(storage):
    for path in ("7/a", "7/b", "8/c"):
        await storage.run((await write(storage, path, b"abc")).finish)
    assert sorted(await storage.folders()) == ["7", "8"]
    found = await storage.files("7")
    assert sorted((file.path, file.size) for file in found) == [("7/a", 3), ("7/b", 3)]
    assert all(abs(now() - file.modified) < timedelta(minutes=5) for file in found)
    await storage.drop(["7/a", "7/b", "7/never"])
    await storage.drop_folder("7")
    await storage.drop_folder("8")
    assert (await storage.folders(), await storage.files("7")) == (["8"], [])


async def test_a_file_that_shrank_is_noticed_while_it_is_read(storage):
    await storage.run((await write(storage, "7/a", b"abc")).finish)
    with pytest.raises(OSError, match="shorter"):
        async for _ in storage.read("7/a", 0, 100):
            pass


async def test_parts_that_nobody_finished_are_given_back(s3_address):
    storage = Storage(s3_address)
    sink = await write(storage, "7/a", b"x" * LARGE)
    # moto says of every upload that it began in 2010.
    assert await storage.abort_unfinished(datetime(2005, 1, 1, tzinfo=UTC)) == 0
    assert await storage.abort_unfinished(now()) == 1
    assert await storage.abort_unfinished(now()) == 0
    sink._file.closed = True
