"""Artifacts in a bucket: fetched into a backup once, and brought into the bucket of the new server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus_ingest.artifacts.storage import Storage
from argus_kit.ports import free_port
from argus_kit.settings import Settings
from argus_kit.testing import Child, binary
from argus_standalone.backups import archive, files
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.restore import Order, restore
from argus_standalone.backups.testing import settings_of
from argus_standalone.backups.verify import faults_of


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Two places in moto's S3."""
    import s3fs

    port = free_port()
    child = Child([binary("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port)
    child.start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    for name in ("old", "new"):
        system.mkdir(name)
    yield "s3://old/artifacts", "s3://new/artifacts"
    child.kill()


def test_there_and_back(
    settings: Settings, home: Path, tmp_path: Path, buckets: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (Storage(address) for address in buckets)
    for place in (home / "artifacts/1").iterdir():
        sink = old.sink(f"1/{place.name}")
        sink.write(place.read_bytes())
        sink.finish()
    shutil.rmtree(home / "artifacts")
    monkeypatch.setenv("ARGUS_ARTIFACT_DIR", buckets[0])
    backup = make(Plan(settings, tmp_path / "backups", tell=lambda _: None))
    assert archive.read(backup).faults == {}
    assert list(faults_of(backup, archive.read(backup))) == []

    fetched: list[str] = []
    fetch = files._fetched
    monkeypatch.setattr(files, "_fetched", lambda *all_of: (fetched.append(all_of[1]), fetch(*all_of))[1])
    monkeypatch.setattr(archive, "name_of", lambda _: "argus-20991231T000000Z")
    make(Plan(settings, tmp_path / "backups", tell=lambda _: None))
    assert fetched == [], "what an earlier backup holds is not fetched again"

    monkeypatch.setenv("ARGUS_ARTIFACT_DIR", buckets[1])
    restore(Order(backup, settings_of(tmp_path / "fresh"), {}, without_key=True, tell=lambda _: None))
    with new.open("1/b") as file:
        assert file.read() == b"two" * 1000
    for storage in (old, new):
        storage.close()
