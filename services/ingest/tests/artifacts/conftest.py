"""Each test of artifacts runs on SQLite with a folder, and on PostgreSQL with an S3-compatible server."""

from collections.abc import Iterator

import pytest

from argus_ingest.artifacts.service import Artifacts
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.artifacts.storage import Storage
from argus_kit.ports import free_port
from argus_kit.testing import Child, binary

BUCKET = "files"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of moto's S3."""
    port = free_port()
    child = Child([binary("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port)
    child.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.kill()


@pytest.fixture
def s3_address(s3_server, monkeypatch, tmp_path) -> str:
    """A place in a bucket, as ARGUS_ARTIFACT_DIR names it."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import s3fs

    bucket = f"{BUCKET}-{tmp_path.name.replace('_', '-').lower()[-40:].strip('-')}"
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    if not system.exists(bucket):
        system.mkdir(bucket)
    return f"s3://{bucket}/argus/artifacts"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request, monkeypatch) -> str:
    if request.param == "postgresql":
        monkeypatch.setenv("ARGUS_ARTIFACT_DIR", request.getfixturevalue("s3_address"))
    return request.param


@pytest.fixture(params=["folder", "s3"])
def storage(request, tmp_path) -> Iterator[Storage]:
    """A storage alone."""
    address = str(tmp_path / "files") if request.param == "folder" else request.getfixturevalue("s3_address")
    opened = Storage(address)
    yield opened
    opened.close()


@pytest.fixture
def artifacts(ingest) -> Artifacts:
    return ingest.platform.get(Artifacts)


@pytest.fixture
def limits(artifacts) -> ArtifactSettings:
    """The settings in force, to be changed."""
    return artifacts._settings
