"""Deaths at every step: half a backup never counts, half a restore is told, half a move leaves nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from argus_kit.database import Database
from argus_kit.testing import eventually
from argus_standalone.backups.ends import PostgresEnd
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.rows import tallies_of
from argus_standalone.backups.testing import add_artifact, fill, settings_of, tallies

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """A home and a backup of it; the home has gone on since."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "argus.db")
    fill(home / "argus.db", 5)
    for name in ("a", "b", "c"):
        add_artifact(home, home / "argus.db", name, name.encode() * 100)
    make(Plan(settings_of(home), tmp_path / "backups", tell=lambda _: None))
    add_artifact(home, home / "argus.db", "later", b"not in the backup")
    return tmp_path


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_death_at_any_step_does_no_harm(what: str, folder: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "crashes.py"), what, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    deaths = int(done.stdout.split()[0])
    assert deaths >= 10, "the steps were not counted"


@pytest.mark.parametrize("table", ["user", "job", "audit_log"])
async def test_a_move_that_dies_leaves_the_target_empty(table: str, folder: Path, postgres_database: Database) -> None:
    url = postgres_database.url.render_as_string(hide_password=False)
    environment = {**os.environ, "DIE_AT": table, "ARGUS_HOME": str(folder / "home")}
    command = [sys.executable, str(SCRIPTS / "moving.py"), url]
    died = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert died.returncode == 9, died.stderr

    async def free() -> bool:
        async with postgres_database.read() as connection:
            mine = "datname = current_database() and pid <> pg_backend_pid()"
            others = await connection.exec_driver_sql(f"select count(*) from pg_stat_activity where {mine}")
            return others.scalar_one() == 0

    await eventually(free, 30)
    async with postgres_database.read() as connection:
        assert await PostgresEnd(connection).filled() == []
    await postgres_database.engine.dispose()
    environment.pop("DIE_AT")
    again = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    sent = await asyncio.to_thread(tallies, folder / "home" / "argus.db")
    async with postgres_database.read() as connection:
        assert await tallies_of(PostgresEnd(connection)) == sent
