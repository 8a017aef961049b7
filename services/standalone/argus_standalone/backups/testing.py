"""For tests: a database with a little of everything, artifacts in a folder, and what the tables add up to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from argus_kit.settings import Settings
from argus_schema import auth, ingest
from argus_standalone.backups.ends import SqliteEnd
from argus_standalone.backups.rows import tallies_of
from argus_standalone.backups.values import Tally

AT: Final = datetime(2026, 11, 26, 12, 0, 0, 1, tzinfo=UTC)


def fill(path: Path, n: int = 30) -> None:
    """Rows of every kind of column, in tables that depend on each other; the last batch has gone again."""
    person = {"is_admin": False, "created_at": AT}
    shape = {"b": [1.5, 1e3, 12345678901234567890], "a": None, "中": "x"}
    with _writing(path) as connection:
        for key, name in ((1, "ada"), (7, "名字")):
            names = {"username": name, "username_lower": name, "email": f"{key}@example.org"}
            connection.execute(sa.insert(auth.user).values(id=key, **names, **person))
        for name, value in (("number", 1e2), ("text", "1e2"), ("nothing", None), ("flag", True)):
            connection.execute(sa.insert(auth.system_config).values(group="demo", key=name, value=value))
        for key in range(1, n + 1):
            times = {"created_at": AT, "start_time": AT}
            about = {"id": f"b{key}", "project": "vision", "status": "done", "owner_id": 1, "env_snapshot": shape}
            connection.execute(sa.insert(ingest.batch).values(batch_key=key, **about, **times))
            of_job = {"job_id": "j1", "model": "m", "dataset": "d", "status": "done", "metrics": {"acc": key / 7}}
            connection.execute(sa.insert(ingest.job).values(batch_key=key, job_no=1, **of_job))
            block = {"n_points": 2, "first_step": 0, "last_step": 2**53 + key, "names": ["loss"]}
            values = {"batch_key": key, "job_no": 1, "id": 1, "payload": bytes(range(256))}
            connection.execute(sa.insert(ingest.metric_block).values(**values, **block))
        connection.execute(sa.delete(ingest.batch).where(ingest.batch.c.batch_key == n))
        line = {"entry_id": "e1", "action": "login", "user_id": 1, "timestamp": AT}
        connection.execute(sa.insert(auth.audit_log).values(**line))


def add_artifact(home: Path, database: Path, name: str, content: bytes, batch_key: int = 1) -> Path:
    """A file and its row."""
    place = home / "artifacts" / str(batch_key) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    values = {
        "batch_key": batch_key,
        "filename": name,
        "mime": "text/plain",
        "size_bytes": len(content),
        "path": f"{batch_key}/{name}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "created_at": AT,
    }
    with _writing(database) as connection:
        connection.execute(sa.insert(ingest.artifact).values(values))
    return place


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def tallies(path: Path) -> dict[str, Tally]:
    """What the tables of a SQLite file add up to."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return asyncio.run(tallies_of(SqliteEnd(connection)))


def settings_of(home: Path, **more: Any) -> Settings:
    """Settings of a server in a folder."""
    given: dict[str, Any] = {"home": home, "config_key": "a key for tests only", "db_url": ""}
    return Settings(**given | more)
