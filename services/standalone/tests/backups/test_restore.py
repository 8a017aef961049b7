"""A backup comes back whole, into either database, from this version or an older one; and never over what is there."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from argus_kit.database import Database
from argus_kit.settings import Settings
from argus_schema import sums
from argus_schema.migrate import alembic_config, newest_revision
from argus_standalone.backups import archive
from argus_standalone.backups.ends import PostgresEnd
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.move import Removal, move
from argus_standalone.backups.restore import Order, restore
from argus_standalone.backups.rows import tallies_of
from argus_standalone.backups.testing import settings_of, tallies
from argus_standalone.preflight import UNFINISHED_RESTORE, PreflightError, claim_home


def quiet(_: str) -> None: ...


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    return make(Plan(settings, tmp_path / "backups", tell=quiet))


def order(backup: Path, settings: Settings, **more: Any) -> Order:
    return Order(backup, settings, {}, tell=quiet, **more)


class TestIntoSqlite:
    def test_everything_is_there(self, backup: Path, home: Path, tmp_path: Path) -> None:
        fresh = settings_of(tmp_path / "fresh")
        restore(order(backup, fresh))
        assert tallies(fresh.home / "argus.db") == tallies(home / "argus.db")
        assert (fresh.home / "artifacts/1/b").read_bytes() == b"two" * 1000
        assert sorted(path.name for path in fresh.home.iterdir()) == ["argus.db", "argus.lock", "artifacts"]

    def test_what_is_there_stays_without_force(self, backup: Path, settings: Settings) -> None:
        before = (settings.home / "argus.db").read_bytes()
        with pytest.raises(BackupError, match="not empty"):
            restore(order(backup, settings))
        assert (settings.home / "argus.db").read_bytes() == before

    def test_force_puts_it_in_place_of_what_is_there(self, backup: Path, settings: Settings) -> None:
        kept = tallies(settings.home / "argus.db")
        with sqlite3.connect(settings.home / "argus.db") as connection:
            connection.execute("delete from job")
        (settings.home / "artifacts/1/a").unlink()
        (settings.home / "nats").mkdir()
        restore(order(backup, settings, force=True))
        assert tallies(settings.home / "argus.db") == kept
        assert (settings.home / "artifacts/1/a").read_bytes() == b"one"
        assert not (settings.home / "nats").exists(), "the bus knows of a time that this database has not seen"

    def test_a_running_server_is_not_disturbed(self, backup: Path, settings: Settings) -> None:
        before = (settings.home / "argus.db").read_bytes()
        with claim_home(settings.home), pytest.raises(PreflightError, match="already uses"):
            restore(order(backup, settings, force=True))
        assert (settings.home / "argus.db").read_bytes() == before

    def test_damage_is_found_before_anything_changes(self, backup: Path, tmp_path: Path) -> None:
        (backup / "files/1/b").unlink()
        fresh = settings_of(tmp_path / "fresh")
        with pytest.raises(BackupError, match="damaged"):
            restore(order(backup, fresh))
        assert not fresh.home.exists()

    def test_a_server_does_not_start_on_half_a_restore(self, backup: Path, tmp_path: Path) -> None:
        fresh = settings_of(tmp_path / "fresh")
        fresh.home.mkdir()
        (fresh.home / UNFINISHED_RESTORE).write_text(str(backup))
        with pytest.raises(PreflightError, match="cut off"):
            claim_home(fresh.home)
        restore(order(backup, fresh))
        claim_home(fresh.home).close()

    def test_another_key_is_told(self, backup: Path, tmp_path: Path) -> None:
        fresh = Settings(home=tmp_path / "fresh", config_key="another key altogether")
        with pytest.raises(BackupError, match="another ARGUS_CONFIG_KEY"):
            restore(order(backup, fresh))
        restore(order(backup, fresh, without_key=True))

    def test_a_key_that_came_along_is_taken(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backup = make(Plan(settings, tmp_path / "with", with_key=True, tell=quiet))
        fresh = Settings(home=tmp_path / "fresh")
        restore(order(backup, fresh))
        assert (fresh.home / "config.key").read_text() == settings.config_key.get_secret_value()

    def test_an_older_backup_is_brought_to_this_version(self, settings: Settings, home: Path, tmp_path: Path) -> None:
        url = f"sqlite+aiosqlite:///{home / 'argus.db'}"
        before = tallies(home / "argus.db")
        asyncio.run(_downgrade(url, "0018"))
        backup = make(Plan(settings, tmp_path / "old", tell=quiet))
        assert archive.read(backup).revision == "0018"
        fresh = settings_of(tmp_path / "fresh")
        restore(order(backup, fresh))
        with sqlite3.connect(fresh.home / "argus.db") as connection:
            assert connection.execute("select version_num from alembic_version").fetchone() == (newest_revision(),)
        assert tallies(fresh.home / "argus.db") == before


class TestPostgres:
    """From SQLite to PostgreSQL and back, and what lies between."""

    async def test_the_way_there_and_back_changes_nothing(
        self, settings: Settings, home: Path, tmp_path: Path, postgres_database: Database
    ) -> None:
        url = postgres_database.url.render_as_string(hide_password=False)
        await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))
        sent = await asyncio.to_thread(tallies, home / "argus.db")
        async with postgres_database.read() as connection:
            end = PostgresEnd(connection)
            assert await tallies_of(end) == sent
            assert (await end.sequences())["batch"] == 30
            assert await connection.run_sync(sums.are_installed)
            held = (await connection.exec_driver_sql("select n_batches, n_jobs from holding")).one()
            assert held[0] == 29
            scores = (await connection.exec_driver_sql("select count(*) from score where name = 'acc'")).scalar_one()
            assert scores == 29
        await postgres_database.engine.dispose()
        back = tmp_path / "back" / "argus.db"
        there = settings_of(tmp_path / "other", db_url=url)
        await asyncio.to_thread(move, Removal(there, f"sqlite+aiosqlite:///{back}", {}, tell=quiet))
        assert await asyncio.to_thread(tallies, back) == sent
        with sqlite3.connect(back) as connection:
            assert connection.execute("select seq from sqlite_sequence where name = 'batch'").fetchone() == (30,)
            assert connection.execute("select n_batches from holding").fetchone() == (29,)
            assert connection.execute("select count(*) from score where name = 'acc'").fetchone() == (29,)

    async def test_a_backup_of_it_comes_back_into_it_and_into_sqlite(
        self, settings: Settings, home: Path, tmp_path: Path, postgres_database: Database
    ) -> None:
        url = postgres_database.url.render_as_string(hide_password=False)
        await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))
        there = settings_of(home, db_url=url, nats_url="nats://127.0.0.1:1")
        backup = await asyncio.to_thread(make, Plan(there, tmp_path / "backups", tell=quiet))
        manifest = archive.read(backup)
        assert (manifest.source, manifest.rows["batch"], manifest.sequences["batch"]) == ("postgresql", 29, 30)
        sent = await asyncio.to_thread(tallies, home / "argus.db")

        with pytest.raises(BackupError, match="not empty"):
            await asyncio.to_thread(restore, order(backup, there))
        async with postgres_database.write() as connection:
            await connection.exec_driver_sql("delete from job")
        await postgres_database.engine.dispose()
        await asyncio.to_thread(restore, order(backup, there, force=True))
        async with postgres_database.read() as connection:
            assert await tallies_of(PostgresEnd(connection)) == sent
            assert (await PostgresEnd(connection).sequences())["batch"] == 30

        fresh = settings_of(tmp_path / "fresh")
        await asyncio.to_thread(restore, order(backup, fresh))
        assert await asyncio.to_thread(tallies, fresh.home / "argus.db") == sent
        with sqlite3.connect(fresh.home / "argus.db") as connection:
            assert connection.execute("select n_batches from holding").fetchone() == (29,)

    async def test_services_that_are_connected_are_told(self, settings: Settings, postgres_database: Database) -> None:
        url = postgres_database.url.render_as_string(hide_password=False)
        async with postgres_database.read():
            with pytest.raises(BackupError, match="stop the services"):
                await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))

    async def test_a_target_with_rows_is_left_alone(self, settings: Settings, postgres_database: Database) -> None:
        url = postgres_database.url.render_as_string(hide_password=False)
        await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))
        with pytest.raises(BackupError, match="not empty"):
            await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))

    async def test_what_does_not_arrive_as_it_was_is_taken_back(
        self, settings: Settings, postgres_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = postgres_database.url.render_as_string(hide_password=False)
        plain = PostgresEnd.write

        async def lossy(self: PostgresEnd, table: Any, rows: Any) -> None:
            await plain(self, table, rows[1:] if table.name == "job" else rows)

        monkeypatch.setattr(PostgresEnd, "write", lossy)
        with pytest.raises(BackupError, match="job did not arrive"):
            await asyncio.to_thread(move, Removal(settings, url, {}, tell=quiet))
        async with postgres_database.read() as connection:
            assert await PostgresEnd(connection).filled() == []


async def _downgrade(url: str, revision: str) -> None:
    engine = create_async_engine(url)

    def down(connection: Any) -> None:
        sums.remove(connection)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(down)
    finally:
        await engine.dispose()
