"""What nobody reports is noticed: each finding becomes its flag, its event and one notification, whoever is killed."""

from __future__ import annotations

import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from argus_contracts.event_rows import TYPES_BY_CODE
from argus_standalone.testing import Account, ServerProcess

_BATCH = "sweep"


def _event(kind: str, job: str | None, ago_s: float = 0.0, **data: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "schema_version": "1.1",
        "event_type": kind,
        "timestamp": (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(),
        "batch_id": _BATCH,
        "job_id": job,
        "source": {"project": "lab", "host": "gpu01"},
        "data": data,
    }


def _snapshot(ago_s: float, util: float, free_mb: float) -> dict[str, Any]:
    cards = [
        {"index": 0, "util_pct": util, "temp_c": 60, "proc_mem_mb": 4000},
        {"index": 1, "util_pct": 97, "temp_c": 70, "proc_mem_mb": 0},
    ]
    disk = {"disk_free_mb": free_mb, "disk_total_mb": 1000}
    return _event("resource_snapshot", None, ago_s, gpus=cards, gpu_util_pct=util, pid=4711, **disk)


def _trouble() -> list[dict[str, Any]]:
    """A loss that grows, a card that idles, and a disk that fills."""
    begun = [_event("batch_start", None, 1500, n_total_jobs=1), _event("job_start", "j", 1500, model="m", dataset="d")]
    epochs = [_event("job_epoch", "j", 30 - n, epoch=n, val_loss=loss) for n, loss in enumerate((1.0, 0.5, 1.0, 2.0))]
    return begun + [_snapshot(60 * (11 - n), 1.0, 20) for n in range(12)] + epochs


def _post(ada: Account, *events: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {ada.token}"}
    answer = ada.http.post("/api/events/batch", json={"events": list(events)}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["rejected"] == 0, answer.text


def _until(check: Callable[[], Any], what: Callable[[], Any], timeout_s: float = 180) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError(what())


def _told(ada: Account) -> Counter[str]:
    return Counter(row["rule_id"] for row in ada.get("/api/notifications", limit=200))


def _events_of(server: ServerProcess) -> Counter[str]:
    with sqlite3.connect(f"file:{server.home / 'argus.db'}?mode=ro", uri=True) as connection:
        return Counter(TYPES_BY_CODE[code] for (code,) in connection.execute("select type_code from event"))


def test_each_finding_is_told_once_although_the_server_is_killed(server_with: Callable[..., ServerProcess]) -> None:
    server = server_with(ARGUS_HOST_OFFLINE_MIN="0.1")
    server.start()
    server.wait_ready(180)
    with Account(server.url, "ada") as ada:
        prefs = {
            f"notify_{name}": True for name in ("batch_done", "batch_failed", "job_failed", "diverged", "job_idle")
        }
        assert ada.http.put("/api/me/notification_prefs", json=prefs).status_code == 200
        trouble = _trouble()
        _post(ada, *trouble)
        wanted = {"batch_diverged", "job_idle_flagged", "disk_low", "host_offline"}
        for _ in range(2):
            server.end(signal.SIGKILL)
            server.start()
            server.wait_ready(180)
        _until(lambda: wanted <= _told(ada).keys(), lambda: (_told(ada), server.output()[-3000:]))
        batch = ada.get(f"/api/batches/{_BATCH}")
        assert (batch["status"], batch["divergent"], batch["is_idle"]) == ("running", True, True)

        # The same again, and another start: nothing is told twice.
        _post(ada, *trouble)
        server.end(signal.SIGKILL)
        server.start()
        server.wait_ready(180)
        assert {kind: n for kind, n in _told(ada).items() if kind in wanted} == dict.fromkeys(wanted, 1)
        events = _events_of(server)
        assert (events["batch_diverged"], events["job_idle_flagged"]) == (1, 1)

        # All is well again: the flags go, and the host is heard of.
        _post(ada, _snapshot(0, 99.0, 900), _event("job_epoch", "j", 0, epoch=4, val_loss=0.4))

        def is_well() -> bool:
            batch = ada.get(f"/api/batches/{_BATCH}")
            return not batch["divergent"] and not batch["is_idle"] and _told(ada)["host_recovered"] == 1

        _until(is_well, lambda: (ada.get(f"/api/batches/{_BATCH}"), _told(ada)))
        assert _events_of(server)["job_idle_recovered"] == 1


def test_a_silent_batch_is_stalled_until_it_is_heard_of(server_with: Callable[..., ServerProcess]) -> None:
    server = server_with(ARGUS_STALL_TIMEOUT_MIN="0.1", ARGUS_HOST_OFFLINE_MIN="60")
    server.start()
    server.wait_ready(180)
    with Account(server.url, "ada") as ada:
        _post(ada, _event("batch_start", None), _event("job_start", "j"))

        def status() -> str:
            return str(ada.get(f"/api/batches/{_BATCH}")["status"])

        _until(lambda: status() == "stalled" and _told(ada)["batch_stalled"] == 1, lambda: (status(), _told(ada)))
        _post(ada, _event("job_epoch", "j", epoch=1, val_loss=1.0))
        assert status() == "running"
        _until(lambda: status() == "stalled", status)
        # The second time within half an hour is an event, and no second notification.
        assert _events_of(server)["batch_stalled"] == 2
        assert _told(ada)["batch_stalled"] == 1
