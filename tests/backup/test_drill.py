"""The drill: a server full of things is backed up under load, destroyed, restored elsewhere, and goes on."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any, Self

import httpx
from PIL import Image

from argus._sync import sync
from argus_kit.database import Database
from argus_standalone.backups import archive
from argus_standalone.backups.ends import PostgresEnd
from argus_standalone.backups.rows import tallies_of
from argus_standalone.backups.testing import tallies
from argus_standalone.backups.values import Tally
from argus_standalone.testing import Account, ServerProcess

_RUN = """
import math
from argus import Reporter

with Reporter("offline", source_project="drill", mode="offline", resource_snapshot=False) as reporter:
    with reporter.job("j1", model="m", config={"lr": 0.1}) as job:
        for epoch in range(200):
            job.epoch(epoch, train_loss=epoch / 7, val_loss=math.nan if epoch == 5 else 0.5)
            job.metrics_step({"reward": float(epoch)}, step=epoch * 10)
        job.log("done")
print(reporter.batch_id)
"""
AT = "2026-11-23T14:44:22Z"
# Tests run beside others on few cores.
_PATIENCE_S = 120
_KEY = {"ARGUS_CONFIG_KEY": "a key that people keep elsewhere"}
_RULE: dict[str, Any] = {"name": "good", "watches": "metrics", "condition": "latest.val_acc > 0.9"}
# What moves while a server runs, and so differs between the archive and a server that was started with it.
_SURFACES = (
    "/api/batches/steady", "/api/batches/steady/jobs", "/api/jobs/steady/j1/epochs?limit=5000",
    "/api/jobs/steady/j1/log-lines?limit=100", "/api/jobs/j1/artifacts?batch_id=steady", "/api/pins", "/api/stars",
    "/api/me/rules", "/api/batches/steady/shares", "/api/tokens", "/api/admin/users/invites",
)  # fmt: skip


def event(kind: str, batch: str, job: str | None = None, **data: Any) -> dict[str, Any]:
    """A good envelope."""
    return {
        "schema_version": "1.1", "event_id": str(uuid.uuid4()), "event_type": kind, "timestamp": AT,
        "batch_id": batch, "job_id": job, "source": {"project": "drill", "host": "gpu1"}, "data": data,
    }  # fmt: skip


def report(account: Account, *events: dict[str, Any]) -> dict[str, Any]:
    """Post events as a reporter."""
    headers = {"Authorization": f"Bearer {account.token}"}
    answer = httpx.post(
        f"{account.url}/api/events/batch", json={"events": events}, headers=headers, timeout=_PATIENCE_S
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fill(ada: Account, bob: Account) -> None:
    """Batches, jobs, points, logs, snapshots, files, and what people do with them."""
    epochs = [
        event("job_epoch", "steady", "j1", epoch=n, train_loss=1 / (n + 1), val_loss=2 / (n + 1)) for n in range(300)
    ]
    lines = [event("log_line", "steady", "j1", line=f"line {n} 训练", level="info") for n in range(50)]
    ends = [
        event("job_done", "steady", "j1", elapsed_s=12, metrics={"acc": 0.91}),
        event("job_failed", "steady", "j2", error="CUDA out of memory"),
        event("batch_done", "steady", n_done=1, n_failed=1, total_elapsed_s=20),
    ]
    begin = [
        event("batch_start", "steady", n_total_jobs=2, command="train.py"),
        *(event("job_start", "steady", f"j{n}", model="resnet", dataset="cifar") for n in (1, 2)),
        event("resource_snapshot", "steady", host="gpu1", gpu_util_pct=97.5, ram_mb=1000),
    ]
    assert report(ada, *begin, *epochs, *lines, *ends)["rejected"] == 0
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    for name, content, mime in (
        ("plot.png", picture.getvalue(), "image/png"), ("weights.bin", os.urandom(300_000), "application/octet-stream"),
    ):  # fmt: skip
        files = {"file": (name, content, mime)}
        answer = ada.http.post("/api/jobs/j1/artifacts", params={"batch_id": "steady"}, files=files)
        assert answer.status_code in {200, 201}, answer.text
    for path, body in (
        ("/api/pins", {"batch_id": "steady"}),
        ("/api/me/rules", _RULE),
        ("/api/stars", {"target_type": "batch", "target_id": "steady"}),
        ("/api/batches/steady/shares", {"grantee_username": "bob", "permission": "viewer"}),
        ("/api/admin/users/invites", {"max_uses": 2, "note": "for the lab"}),
    ):
        answer = ada.http.post(path, json=body)
        assert answer.status_code < 300, f"{path}: {answer.text}"


class Load:
    """Reports all the time; every event that was acknowledged is counted."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._begun = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.acknowledged = 0
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        report(self._account, event("batch_start", "live", n_total_jobs=1), event("job_start", "live", "j1"))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self) -> None:
        """Until something was acknowledged."""
        assert self._begun.wait(_PATIENCE_S)

    def _run(self) -> None:
        epoch = 0
        while not self._ended.is_set():
            try:
                report(
                    self._account,
                    *(event("job_epoch", "live", "j1", epoch=epoch + n, train_loss=0.5) for n in range(20)),
                )
            except (AssertionError, httpx.HTTPError) as error:
                self.failure = error
                return
            epoch += 20
            self.acknowledged = epoch
            self._begun.set()


def offline_run(folder: Path) -> str:
    """A run whose journal is still to be delivered; its batch."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARGUS_")}
    done = subprocess.run(
        [sys.executable, "-c", _RUN], env={**kept, "ARGUS_SPILL_DIR": str(folder)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


def in_database(server: ServerProcess, environment: dict[str, str]) -> dict[str, Tally]:
    """What the tables of a server that stands still add up to."""
    if not environment:
        return tallies(server.home / "argus.db")

    async def ask() -> dict[str, Tally]:
        database = Database(environment["ARGUS_DB_URL"], pool_size=1)
        try:
            async with database.read() as connection:
                return await tallies_of(PostgresEnd(connection))
        finally:
            await database.close()

    return asyncio.run(ask())


def shown(account: Account) -> dict[str, Any]:
    """What the pages read."""
    found = {}
    for path in _SURFACES:
        answer = account.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        # Times of a last use move with each request.
        found[path] = re.sub(r'"last_used(_at)?":("[^"]*"|null)', "", answer.text)
    return found


def test_all_of_it_comes_back_and_goes_on(new_database: Any, new_server: Any, argus: Any, tmp_path: Path) -> None:
    first_place = new_database()
    first = new_server("first", **first_place, **_KEY)
    first.start()
    first.wait_ready(300)
    journals = tmp_path / "journals"
    run = offline_run(journals)
    shutil.copytree(journals, tmp_path / "again")
    with Account(first.url) as ada, Account(first.url, "bob") as bob:
        ada.http.timeout = bob.http.timeout = _PATIENCE_S
        fill(ada, bob)
        assert sync(str(journals), first.url, ada.token, verify=True).ok
        before = shown(ada)
        files = {one["id"]: ada.http.get(f"/api/artifacts/{one['id']}").content for one in artifacts(ada)}
        session, token = ada.session, ada.token
        environment = {"ARGUS_HOME": str(first.home), **_KEY, **first_place}
        with Load(ada) as load:
            load.wait()
            promised = load.acknowledged
            told = argus("backup", tmp_path / "backups", **environment)
            assert load.acknowledged > promised, "nothing was stored while the backup was made"
        assert load.failure is None
    backup = Path(told.stdout.splitlines()[0])
    assert "sound" in argus("verify", backup).stdout
    assert archive.read(backup).faults == {}
    first.end(signal.SIGKILL)
    shutil.rmtree(first.home)

    place = new_database()
    second = new_server("second", **place, **_KEY)
    environment = {"ARGUS_HOME": str(second.home), **_KEY, **place}
    argus("restore", backup, **environment)
    kept = tallies(backup / archive.DATABASE)
    assert in_database(second, place) == kept
    assert {name for name, tally in kept.items() if tally.rows} >= {
        "batch", "job", "metric_block", "log_line", "event", "artifact", "user", "session", "api_token", "pin", "star",
        "batch_share", "rule", "invite", "audit_log", "signing_key", "signing_secret", "host", "resource_snapshot",
    }  # fmt: skip

    second.start()
    second.wait_ready(300)
    with Account.__new__(Account) as ada:
        ada.url, ada.session, ada.token = second.url, session, token
        ada.http = httpx.Client(
            base_url=second.url, timeout=_PATIENCE_S, headers={"Authorization": f"Bearer {session}"}
        )
        assert shown(ada) == before
        for number, content in files.items():
            assert ada.http.get(f"/api/artifacts/{number}").content == content
        login = {"username_or_email": "bob", "password": "correct horse 1"}
        assert httpx.post(f"{second.url}/api/auth/login", json=login, timeout=_PATIENCE_S).status_code == 200
        again = sync(str(tmp_path / "again"), second.url, token, verify=True)
        assert again.ok
        delivered = again.batches[run]
        assert delivered.duplicates == delivered.verified > 0
        curve = [point["epoch"] for point in ada.get("/api/jobs/live/j1/epochs", limit=5000)]
        assert curve == list(range(curve[0], curve[0] + len(curve)))
        assert curve[-1] >= promised - 1, "what was acknowledged before the backup is not in it"
        assert report(ada, event("job_epoch", "live", "j1", epoch=900_000, train_loss=0.1))["accepted"] == 1
        verify_audit(ada)
    assert second.end() == 0
    assert "Traceback" not in second.output(), second.output()


def artifacts(account: Account) -> list[dict[str, Any]]:
    found = account.get("/api/jobs/j1/artifacts", batch_id="steady")
    listed: list[dict[str, Any]] = found if isinstance(found, list) else found["items"]
    assert len(listed) == 2
    return listed


def verify_audit(account: Account) -> None:
    """The chain of the audit log goes on where it was."""
    found = account.get("/api/admin/audit-log/verify")
    assert found["whole"], json.dumps(found)
