"""What a process with a database says of itself at a scrape, for the price of looking: its pool, room on its disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client import Gauge
from sqlalchemy.pool import QueuePool

from argus_kit.database import Database

POOL = Gauge("argus_db_pool_connections", "Connections of the database pool", ["state"])
POOL_MOST = Gauge("argus_db_pool_max_connections", "Connections that the pool may open; more requests than that wait")
DISK_FREE = Gauge("argus_disk_free_bytes", "Room on the disk of the data folder; 0: there is no folder")


def watch(database: Database, home: Path) -> None:
    """Let each scrape look at these. A later call takes an earlier one's place."""
    DISK_FREE.set_function(lambda: _free_bytes(home))
    pool = database.engine.pool
    if isinstance(pool, QueuePool):
        POOL.labels("used").set_function(pool.checkedout)
        POOL.labels("idle").set_function(pool.checkedin)
        POOL_MOST.set(pool.size() + pool._max_overflow)  # noqa: SLF001 (the pool tells it nowhere else)


def _free_bytes(home: Path) -> float:
    try:
        return float(shutil.disk_usage(home).free)
    except OSError:
        return 0.0
