"""A backup is whole, shares what it can, and shows what is wrong with it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from argus_kit.settings import Settings
from argus_standalone.backups import archive
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.snapshot import Stopped, online_copy
from argus_standalone.backups.verify import faults_of, require_known


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def backup(settings: Settings, folder: Path) -> Path:
    return make(Plan(settings, folder, tell=lambda _: None))


def faults(backup: Path) -> list[str]:
    return list(faults_of(backup, archive.read(backup)))


class TestABackup:
    def test_holds_every_row_and_every_file(self, backup: Path) -> None:
        manifest = archive.read(backup)
        assert faults(backup) == []
        assert manifest.rows["batch"] == 29
        assert manifest.rows["artifact"] == 3
        assert {file.path for file in manifest.files} == {"1/a", "1/b", "1/c"}
        assert (backup / "files/1/b").read_bytes() == b"two" * 1000
        assert (manifest.source, manifest.faults) == ("sqlite", {})

    def test_remembers_the_last_number_although_its_row_is_gone(self, backup: Path) -> None:
        assert archive.read(backup).sequences["batch"] == 30

    def test_is_one_file_without_a_log_and_nobody_elses_to_read(self, backup: Path) -> None:
        assert sorted(path.name for path in backup.iterdir()) == ["argus.db", "files", "manifest.json"]
        assert backup.stat().st_mode & 0o077 == 0

    def test_has_no_key_in_it(self, backup: Path, settings: Settings) -> None:
        key = settings.config_key.get_secret_value().encode()
        assert not [path for path in backup.rglob("*") if path.is_file() and key in path.read_bytes()]

    def test_has_the_key_where_it_is_asked_for(self, settings: Settings, folder: Path) -> None:
        backup = make(Plan(settings, folder, with_key=True, tell=lambda _: None))
        assert (backup / "config.key").read_text() == settings.config_key.get_secret_value()
        assert (backup / "config.key").stat().st_mode & 0o077 == 0

    def test_shares_files_with_the_one_before(
        self, backup: Path, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, home: Path
    ) -> None:
        (home / "artifacts/1/b").unlink()  # what it takes from the first backup, it needs not
        monkeypatch.setattr(archive, "name_of", lambda _: "argus-20991231T000000Z")
        second = make(Plan(settings, folder, tell=lambda _: None))
        assert (second / "files/1/b").samefile(backup / "files/1/b")
        assert archive.read(second).faults == {}
        archive.remove(backup)
        assert faults(second) == []

    def test_says_which_files_were_missing_or_others(self, settings: Settings, folder: Path, home: Path) -> None:
        (home / "artifacts/1/a").unlink()
        (home / "artifacts/1/b").write_bytes(b"not what the row says")
        (home / "artifacts/1/c").unlink()
        backup = make(Plan(settings, folder, tell=lambda _: None))
        assert archive.read(backup).faults == {
            "1/a": "it is not there", "1/b": "its content is not what its row says", "1/c": "it is not there",
        }  # fmt: skip
        assert faults(backup) == []

    def test_needs_room(self, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: (0, 0, 1000))
        with pytest.raises(BackupError, match="MiB free"):
            make(Plan(settings, folder))
        assert archive.whole(folder) == []

    def test_is_made_by_one_at_a_time(self, settings: Settings, folder: Path) -> None:
        with archive.locked(folder), pytest.raises(BackupError, match="right now"):
            make(Plan(settings, folder))


class TestVerify:
    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            (lambda b: (b / "files/1/a").write_bytes(b"eno"), "1/a is not what it was"),
            (lambda b: (b / "files/1/b").unlink(), "1/b cannot be read"),
            (lambda b: _flip(b / "argus.db"), "argus.db is not what it was"),
        ],
    )
    def test_finds_damage(self, backup: Path, damage: Callable[[Path], object], said: str) -> None:
        (backup / "files/1/a").unlink()
        (backup / "files/1/a").write_bytes(b"one")  # a file of its own, not the server's
        assert faults(backup) == []
        damage(backup)
        (found,) = faults(backup)
        assert said in found

    def test_finds_rows_that_are_not_there(self, backup: Path) -> None:
        manifest = archive.read(backup)
        with contextlib.closing(sqlite3.connect(backup / "argus.db")) as connection, connection:
            connection.execute("delete from job where batch_key = 3")
        manifest.database = archive.stored(backup / "argus.db", "argus.db")
        (found, *_) = list(faults_of(backup, manifest))
        assert "The table job has 29 rows, and the manifest says 30." in found

    def test_refuses_a_newer_revision(self, backup: Path) -> None:
        manifest = archive.read(backup)
        manifest.revision = "9999"
        with pytest.raises(BackupError, match="9999"):
            require_known(manifest)

    def test_refuses_paths_that_lead_out(self, backup: Path) -> None:
        text = (backup / "manifest.json").read_text().replace('"1/a"', '"../../a"')
        (backup / "manifest.json").write_text(text)
        with pytest.raises(BackupError, match="outside"):
            archive.read(backup)


class TestTheOnlineCopy:
    def test_is_one_view_however_much_is_written_meanwhile(self, home: Path, tmp_path: Path) -> None:
        """Every row is written with its neighbour, so a copy that mixes two moments shows."""
        source = home / "argus.db"
        with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("create table pair (a integer, filler blob)")
            connection.executemany("insert into pair values (0, randomblob(4000))", [()] * 3000)
        ended = threading.Event()
        written = 0

        def write() -> None:
            nonlocal written
            with contextlib.closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as connection:
                while not ended.is_set():
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute("update pair set a = a + 1 where rowid in (1, 3000)")
                    connection.execute("COMMIT")
                    written += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            online_copy(source, tmp_path / "copy.db")
            during = written
        finally:
            ended.set()
            writer.join()
        with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            first, last = connection.execute("select a from pair where rowid in (1, 3000)").fetchall()
            assert connection.execute("select count(*) from pair").fetchone() == (3000,)
        assert first == last
        assert during > 0, "nobody could write while the copy was made"

    def test_ends_when_the_process_does(self, home: Path, tmp_path: Path) -> None:
        stop = threading.Event()
        stop.set()
        with pytest.raises(Stopped):
            online_copy(home / "argus.db", tmp_path / "copy.db", stop)


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
