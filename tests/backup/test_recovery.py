"""Point-in-time recovery by the scripts of deploy/postgres, with a real PostgreSQL: what was there at T, no more."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from stack_layout import ROOT
from stack_postgres import SYSTEM_USER, _let_pass, _make_account, binaries, system_user

from argus_kit.database import Database
from argus_kit.ports import free_port
from argus_standalone.backups.ends import PostgresEnd
from argus_standalone.backups.rows import tallies_of
from argus_standalone.backups.values import Tally
from argus_standalone.testing import Account

AT = "2026-11-23T14:44:22Z"
# Tests run beside others on few cores.
_PATIENCE_S = 120


class Cluster:
    """A PostgreSQL of its own, with the scripts beside it, under the account that PostgreSQL may run as."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.port = free_port()
        self.data = room / "data"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/argus"

    def run(self, *command: object) -> str:
        """Run a program, or one of the scripts, as PostgreSQL's user."""
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, check=False, **self._as()
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": self.port, "archive_mode": "on",
            "archive_command": f'{self.room}/archive-wal {self.room}/wal "%p" "%f"', "timezone": "UTC",
        }  # fmt: skip
        said = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.data), *said]
        with (self.room / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._as())
        self._wait()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
        # Its children see that it is gone, and go.
        deadline = time.monotonic() + 30
        while (self.data / "postmaster.pid").exists() and self._answers() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _as(self) -> dict[str, Any]:
        environment = {
            "PATH": f"{binaries()}:{os.environ['PATH']}", "PGHOST": "127.0.0.1", "PGPORT": str(self.port),
            "PGUSER": "postgres", "TZ": "UTC",
        }  # fmt: skip
        found: dict[str, Any] = {"env": environment, "cwd": "/"}
        if system_user():
            found |= {"user": SYSTEM_USER, "group": pwd.getpwnam(SYSTEM_USER).pw_gid, "extra_groups": []}
        return found

    def _answers(self) -> bool:
        return subprocess.run(["pg_isready", "--quiet"], check=False, **self._as()).returncode == 0

    def _wait(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + 300
        while not self._answers():
            assert self.process.poll() is None, (self.room / "postgres.log").read_text()
            assert time.monotonic() < deadline, (self.room / "postgres.log").read_text()
            time.sleep(0.1)
        while self.ask("select pg_is_in_recovery()", "postgres") == "t":
            time.sleep(0.1)

    def ask(self, statement: str, database: str = "argus") -> str:
        how = ("--no-psqlrc", "--tuples-only", "--no-align")
        return self.run("psql", *how, "--dbname", database, "--command", statement)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    room = Path(tempfile.mkdtemp(prefix="argus-pitr-"))
    room.chmod(0o755)
    if system_user():
        _make_account()
        _let_pass(binaries())
        _let_pass(room)
        shutil.chown(room, SYSTEM_USER, pwd.getpwnam(SYSTEM_USER).pw_gid)
    for script in (ROOT / "deploy" / "postgres").iterdir():
        shutil.copy(script, room)
        (room / script.name).chmod(0o755)
    made = Cluster(room)
    made.run("initdb", "-D", made.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    made.start()
    made.ask("create database argus", "postgres")
    yield made
    made.kill()
    shutil.rmtree(room, ignore_errors=True)


def told(url: str) -> dict[str, Tally]:
    """What trainings told the server, which nothing else moves."""

    async def ask() -> dict[str, Tally]:
        database = Database(url, pool_size=1)
        try:
            async with database.read() as connection:
                return await tallies_of(PostgresEnd(connection))
        finally:
            await database.close()

    return {name: tally for name, tally in asyncio.run(ask()).items() if name in {"event", "job", "log_line"}}


def test_it_goes_back_to_a_time(cluster: Cluster, new_server: Any) -> None:
    server = new_server("pitr", ARGUS_DB_URL=cluster.url, ARGUS_CONFIG_KEY="a key that people keep elsewhere")
    server.start()
    server.wait_ready(300)
    with Account(server.url) as ada:
        _report(ada, "before-the-copy")
        cluster.run(cluster.room / "base-backup", cluster.room / "base", cluster.room / "wal")
        _report(ada, "after-the-copy")
        at_that_time = told(cluster.url)
        moment = cluster.ask("select clock_timestamp()")
        _report(ada, "an-accident")
        assert told(cluster.url)["event"].rows > at_that_time["event"].rows
    server.end()
    cluster.ask("select pg_switch_wal()")
    unfinished = "pg_walfile_name(pg_current_wal_lsn() - 16777216)"
    while cluster.ask(f"select coalesce(last_archived_wal, '') < {unfinished} from pg_stat_archiver") == "t":
        time.sleep(0.1)
    cluster.kill()
    shutil.rmtree(cluster.data)

    cluster.run(cluster.room / "restore-to", cluster.room / "base", cluster.room / "wal", moment, cluster.data)
    cluster.start()
    assert told(cluster.url) == at_that_time
    again = new_server("again", ARGUS_DB_URL=cluster.url, ARGUS_CONFIG_KEY="a key that people keep elsewhere")
    again.start()
    again.wait_ready(300)
    login = {"username_or_email": "ada", "password": "correct horse 1"}
    with httpx.Client(base_url=again.url, timeout=_PATIENCE_S) as http:
        session = http.post("/api/auth/login", json=login).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {session}"
        assert http.get("/api/batches/after-the-copy").status_code == 200
        assert http.get("/api/batches/an-accident").status_code == 404
    again.end()


def test_only_the_newest_copies_stay_and_the_log_that_they_need(cluster: Cluster) -> None:
    def copy() -> Path:
        made = cluster.run(cluster.room / "base-backup", cluster.room / "base", cluster.room / "wal", 1)
        return Path(made.splitlines()[0])

    first = copy()
    while not (before := {path.name for path in (cluster.room / "wal").iterdir()}):  # the archiver comes when it comes
        time.sleep(0.1)
    while (cluster.room / "base" / time.strftime("base-%Y%m%dT%H%M%SZ", time.gmtime())) == first:
        time.sleep(0.1)
    second = copy()
    assert [path.name for path in (cluster.room / "base").iterdir()] == [second.name]
    assert not before <= {path.name for path in (cluster.room / "wal").iterdir()}


def test_the_archive_takes_no_other_segment_under_a_name(cluster: Cluster) -> None:
    for name, content in (("one", b"one"), ("other", b"other")):
        (cluster.room / name).write_bytes(content)
        (cluster.room / name).chmod(0o644)  # PostgreSQL's user reads it, whatever umask a test before left
    script = cluster.room / "archive-wal"
    for _ in range(2):  # PostgreSQL asks again where it was cut off
        cluster.run(script, cluster.room / "kept", cluster.room / "one", "0001")
    refused = subprocess.run([script, cluster.room / "kept", cluster.room / "other", "0001"], capture_output=True)
    assert refused.returncode == 1
    assert (cluster.room / "kept" / "0001").read_bytes() == b"one"


def _report(account: Account, batch: str) -> None:
    headers = {"Authorization": f"Bearer {account.token}"}
    source = {"project": "pitr", "host": "gpu1"}
    events = [
        {
            "schema_version": "1.1", "event_id": f"{batch}-{n}", "event_type": kind, "timestamp": AT,
            "batch_id": batch, "job_id": job, "source": source, "data": data,
        }
        for n, (kind, job, data) in enumerate(
            [
                ("batch_start", None, {"n_total_jobs": 1}),
                ("job_start", "j1", {"model": "m"}),
                *(("job_epoch", "j1", {"epoch": epoch, "train_loss": 0.5}) for epoch in range(50)),
                ("log_line", "j1", {"line": "so far", "level": "info"}),
            ]
        )
    ]  # fmt: skip
    answer = httpx.post(
        f"{account.url}/api/events/batch", json={"events": events}, headers=headers, timeout=_PATIENCE_S
    )
    assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text
