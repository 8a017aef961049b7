"""Every operation of the merged OpenAPI document against a real server: no 5xx, and answers are what the document says.

Cases are schemathesis', sound and unsound. Half of them are about things that exist, so that more than 404 is met.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hunt.effort import look
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from argus_standalone.openapi import document
from argus_standalone.testing import Account, ServerProcess

SCHEMA = schemathesis.openapi.from_dict(json.loads(document()))
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]
# These end the session that asks, or never end themselves.
LEFT_OUT = {"/api/auth/logout", "/api/auth/refresh", "/api/sse", "/api/events/stream"}
OPERATIONS = [
    operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
    if operation.path not in LEFT_OUT and not operation.path.endswith("/logs/stream")
]


class World:
    """A server with two people, and a batch of Bob's with a job, points and a line."""

    def __init__(self, home: Path) -> None:
        self.server = ServerProcess(home)
        self.server.start()
        self.server.wait_ready()
        self.ada = Account(self.server.url)
        self.bob = Account(self.server.url, "bob")
        self.batch = f"fuzz-{uuid.uuid4().hex[:8]}"
        kinds: list[tuple[str, dict[str, Any]]] = [("batch_start", {"n_total_jobs": 1}), ("job_start", {"model": "m"})]
        kinds += [("job_epoch", {"epoch": epoch, "val_loss": 1 / (epoch + 1)}) for epoch in range(5)]
        kinds += [("log_line", {"line": "x"}), ("resource_snapshot", {"gpu_util_pct": 5}), ("job_done", {})]
        events = [self._event(kind, data) for kind, data in kinds]
        headers = {"Authorization": f"Bearer {self.bob.token}"}
        url = f"{self.server.url}/api/events/batch"
        httpx.post(url, json={"events": events}, headers=headers, timeout=30).raise_for_status()

    def who(self, path: str) -> Account:
        """The administrator for their own routes, else somebody who can turn nothing off."""
        return self.ada if path.startswith("/api/admin/") else self.bob

    def known(self, name: str) -> Any:
        """Something that exists, by the name of a parameter; None where we have nothing of the kind."""
        return {"batch_id": self.batch, "job_id": "j", "project": "fuzz", "project_name": "fuzz", "host": "h"}.get(name)

    def close(self) -> None:
        """End it, in order and without a traceback."""
        self.ada.close()
        self.bob.close()
        assert self.server.end() == 0
        assert "Traceback" not in self.server.output(), self.server.output()[-5000:]

    def _event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "schema_version": "1.1",
            "event_id": str(uuid.uuid4()),
            "event_type": kind,
            "timestamp": "2026-11-23T14:44:22Z",
            "batch_id": self.batch,
            "job_id": "j" if kind.startswith(("job_", "log_")) else None,
            "source": {"project": "fuzz", "host": "h"},
            "data": data,
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all operations: what one of them did to it, the next would feel."""
    made = World(tmp_path_factory.mktemp("fuzz") / "home")
    yield made
    made.close()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_case_breaks_the_server_or_the_document(world: World, operation: Any) -> None:
    # Sound and unsound cases. A connection for each of a thousand would be most of the time.
    sound, unsound = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {world.who(operation.path).session}"

    @look(0.06)
    @given(sound | unsound, st.booleans())
    def ask(case: Any, exists: bool) -> None:
        for place in (case.path_parameters, case.query):
            for name in list(place or {}) if exists else ():
                place[name] = world.known(name) or place[name]
        answer = case.call(base_url=world.server.url, session=session, timeout=30)
        # What is longer than a request may be, or none at all, is refused before the app sees it.
        if answer.status_code != 431 and answer.content != b"Invalid HTTP request received.":
            case.validate_response(answer, checks=CHECKS)

    ask()
    session.close()
    assert httpx.get(f"{world.server.url}/readyz", timeout=30).status_code == 200
