"""A real server that gets the worst of input, and must afterwards still be the same good server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import psutil
import pytest

from argus_standalone.testing import Account, ServerProcess


@pytest.fixture(scope="module", params=["sqlite"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for a module; what one test did to it, the next one would feel."""
    made = ServerProcess(tmp_path_factory.mktemp("bad") / "home", **_database(request))
    made.start()
    made.wait_ready()
    yield made
    assert made.process is not None
    assert made.process.poll() is None, f"the server died:\n{made.output()}"
    assert made.end() == 0
    assert "Traceback" not in made.output(), made.output()


def _database(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {"ARGUS_DB_URL": request.getfixturevalue("postgres_of_module")}


@pytest.fixture(scope="module")
def ada(server: ServerProcess) -> Iterator[Account]:
    """The first person, an administrator."""
    account = Account(server.url)
    yield account
    account.close()


@pytest.fixture(scope="module")
def bob(server: ServerProcess, ada: Account) -> Iterator[Account]:
    """Somebody else."""
    account = Account(server.url, "bob")
    yield account
    account.close()


def event(kind: str, batch: str, job: str | None = None, **data: Any) -> dict[str, Any]:
    """A good envelope."""
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": "2026-11-23T14:44:22Z",
        "batch_id": batch,
        "job_id": job,
        "source": {"project": "bad-input"},
        "data": data,
    }


class Wire:
    """Posts to ingest as a reporter does, or as one should not."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, headers={"Authorization": f"Bearer {token}"})

    def raw(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Post bytes (or parts of them) as JSON."""
        return self.http.post(path, content=body, headers={"Content-Type": "application/json", **headers})

    def batch(self, *events: Any) -> dict[str, Any]:
        """Post events; the answer must be 200."""
        answer = self.http.post("/api/events/batch", json={"events": list(events)})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def wire(server: ServerProcess, ada: Account) -> Iterator[Wire]:
    """Ada's reporter."""
    made = Wire(server.url, ada.token)
    yield made
    made.http.close()


def memory_mib(server: ServerProcess) -> float:
    """Resident memory of the server process."""
    assert server.process is not None
    rss: int = psutil.Process(server.process.pid).memory_info().rss
    return rss / 2**20


@pytest.fixture(autouse=True)
async def still_well(server: ServerProcess, wire: Wire) -> AsyncIterator[None]:
    """After each test a good event is stored and read back."""
    yield
    name = f"after-{uuid.uuid4().hex[:8]}"
    assert wire.batch(event("batch_start", name))["accepted"] == 1
    assert httpx.get(f"{server.url}/readyz", timeout=10).status_code == 200


@pytest.fixture(name="event")
def _event() -> Any:
    return event


@pytest.fixture(name="memory_mib")
def _memory_mib() -> Any:
    return memory_mib
