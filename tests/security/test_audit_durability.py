"""A line is there once, whatever died on its way: NATS, the one who reads, or the one who writes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import argus_auth.app
import argus_catalog.app
from argus_auth.audit import chain
from argus_contracts import bus as wire
from argus_kit.app import http_app, worker_app
from argus_kit.bus import Bus, Outgoing
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.settings import Settings
from argus_kit.testing import (
    Child,
    add_session,
    add_user,
    bearer_headers,
    eventually,
    make_settings,
    running_client,
)
from argus_schema.auth import audit_log


@pytest.fixture
def mortal(nats: Child, database_url: str, tmp_path: Path) -> Settings:
    """Settings for processes that stand on that NATS."""
    return make_settings(tmp_path, database_url, f"nats://127.0.0.1:{nats.port}")


async def lines(database: Database) -> list[Any]:
    """The audit log."""
    async with database.read() as connection:
        return list((await connection.execute(sa.select(audit_log).order_by(audit_log.c.id))).all())


async def test_done_without_nats_and_without_auth_is_written_when_both_are_back(nats: Child, mortal: Settings) -> None:
    platform = Platform(mortal)
    async with running_client(http_app(argus_catalog.app.SERVICE, platform)) as catalog:
        ada = await add_user(platform.database, "ada")
        await add_user(platform.database, "bob")
        session = await add_session(platform.database, ada)
        nats.kill()
        share = {"project": "vision", "grantee_username": "bob"}
        answer = await catalog.post("/api/projects/shares", json=share, headers=bearer_headers(session))
        assert answer.status_code == 201, answer.text
        nats.start()
        await platform.bus.wait_until_ready(20)
        assert await lines(platform.database) == []
        async with running_client(worker_app(argus_auth.app.SERVICE, Platform(mortal))):
            (line,) = await eventually(lambda: lines(platform.database), 20)
    assert (line.action, line.user_id, line.target_id) == ("share_add", ada, "vision")


class Worker:
    """A process of auth's worker."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.environment = {
            **os.environ,
            "ARGUS_HOME": str(settings.home),
            "ARGUS_DB_URL": settings.db_url,
            "ARGUS_NATS_URL": settings.nats_url,
            "ARGUS_CONFIG_KEY": settings.config_key.get_secret_value(),
            "ARGUS_HTTP_PORT": str(free_port()),
        }
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "argus_kit.serve", "argus_auth.worker:create_app"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def worker(mortal: Settings, tmp_path: Path) -> Iterator[Worker]:
    made = Worker(mortal, tmp_path / "worker.log")
    yield made
    made.kill()


@pytest.mark.slow  # NATS waits for half a minute before it sends again what a dead reader had in hand
@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_worker_that_is_killed_half_way_writes_each_line_once(
    mortal: Settings, database: Database, worker: Worker
) -> None:
    bus = Bus(mortal.nats_url, client_name="test")
    await bus.start()
    await bus.wait_until_ready(15)
    entries = [wire.AuditEntry(action="share_add", user_id=number, at=now()) for number in range(400)]
    subject = wire.audit_subject("catalog")
    worker.start()
    sending = asyncio.gather(*(bus.publish(Outgoing(subject, wire.encode(e), e.entry_id)) for e in entries))
    await eventually(lambda: reached(database, 20), 30)
    worker.kill()
    assert not await reached(database, len(entries))
    worker.start()
    await sending
    await eventually(lambda: reached(database, len(entries)), 60)
    # What was in hand when it was killed comes again, and once more by hand.
    await bus.publish(Outgoing(subject, wire.encode(entries[0]), "again"))
    marker = wire.AuditEntry(action="share_remove", at=now())
    await bus.publish(Outgoing(subject, wire.encode(marker), marker.entry_id))
    await eventually(lambda: reached(database, len(entries) + 1), 60)
    await bus.stop()
    written = [line.entry_id for line in await lines(database)]
    assert sorted(written) == sorted([*(entry.entry_id for entry in entries), marker.entry_id])
    async with database.read() as connection:
        assert await chain.first_broken(connection) is None


async def reached(database: Database, wanted: int) -> bool:
    return len(await lines(database)) >= wanted
