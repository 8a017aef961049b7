"""Rows that follow from single events: metric blocks, log lines, snapshots, and what is known of hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Any, Final

import msgspec

from argus_contracts.events import Event, json_safe
from argus_ingest.fold.state import Arrival, Tracked
from argus_ingest.store.bulk import BulkInsert, Work, json_text
from argus_ingest.store.link import Link, Row
from argus_kit.clock import iso_exact
from argus_schema import ingest as tables

UNKNOWN_HOST: Final = "unknown"
DEFAULT_LEVEL: Final = "info"
NUMBERS: Final = (
    "gpu_util_pct", "gpu_mem_mb", "gpu_mem_total_mb", "gpu_temp_c", "cpu_util_pct", "ram_mb", "ram_total_mb",
    "disk_free_mb", "disk_total_mb", "proc_cpu_pct", "proc_ram_mb", "proc_gpu_mem_mb",
)  # fmt: skip

_BLOCKS = BulkInsert(
    tables.metric_block,
    ("batch_key", "job_no", "id", "n_points", "first_step", "last_step", "names", "payload"),
)
_LINES = BulkInsert(tables.log_line, ("batch_key", "id", "job_id", "at", "level", "line", "event_id"))
_SNAPSHOTS = BulkInsert(tables.resource_snapshot, ("batch_key", "id", "host", "at", *NUMBERS, "gpus", "extra"))
_EARLIER = "case when excluded.first_seen < {0}.first_seen then excluded.first_seen else {0}.first_seen end"
_LATER = "case when excluded.last_seen >= {0}.last_seen then excluded.{1} else {0}.{1} end"
_HOSTS = BulkInsert(
    tables.host,
    ("host", "first_seen", "last_seen"),
    collision=f"(host) do update set first_seen = {_EARLIER.format('host')}, "  # nosec B608
    f"last_seen = {_LATER.format('host', 'last_seen')}, deleted_at = null",
)
_HOST_BATCHES = BulkInsert(
    tables.host_batch,
    ("host", "batch_key", "first_seen", "last_seen", "latest"),
    collision=f"(host, batch_key) do update set first_seen = {_EARLIER.format('host_batch')}, "  # nosec B608
    f"last_seen = {_LATER.format('host_batch', 'last_seen')}, latest = {_LATER.format('host_batch', 'latest')}",
)
_encode = msgspec.json.Encoder().encode

Placed = tuple[int, Arrival]


def blocks(tracked: Iterable[Tracked]) -> Work:
    """The blocks of this flush: one for a job's epochs and one for its steps."""
    rows = [
        (one.batch.batch_key, job.job_no, *block[:4], _names(tuple(block.names)), block.payload)
        for one in tracked
        for job in one.jobs.values()
        for block in job.blocks
    ]
    return _BLOCKS, rows


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> str:
    return _encode(names).decode()


def log_lines(placed: Iterable[Placed]) -> Work:
    """The text of log lines."""
    return _LINES, [_log_line(key, arrival) for key, arrival in placed]


async def insert_snapshots(link: Link, placed: Sequence[Placed], received_at: datetime) -> None:
    """Snapshots, and with them the hosts and which batches report from them."""
    if not placed:
        return
    await _SNAPSHOTS.run(link, [_snapshot(key, arrival) for key, arrival in placed])
    hosts: dict[str, list[datetime]] = {}
    latest: dict[tuple[str, int], list[Arrival]] = {}
    for key, arrival in placed:
        name = host_of(arrival.event)
        hosts.setdefault(name, []).append(min(arrival.at, received_at))
        latest.setdefault((name, key), []).append(arrival)
    await _save_hosts(link, hosts)
    await _save_host_batches(link, latest)


def host_of(event: Event) -> str:
    """The host that a snapshot tells of."""
    return event.source.host or UNKNOWN_HOST


def _log_line(batch_key: int, arrival: Arrival) -> tuple[Any, ...]:
    data = arrival.event.data
    text = data.get("line")
    if text is None:
        text = data.get("message")
    line = text if isinstance(text, str) else "" if text is None else _encode(text).decode()
    level = data.get("level") or DEFAULT_LEVEL
    return batch_key, arrival.db_id, arrival.event.job_id, arrival.at, level, line, arrival.event.event_id


def _snapshot(batch_key: int, arrival: Arrival) -> tuple[Any, ...]:
    data = arrival.event.data
    numbers = [_number(data.get(name)) for name in NUMBERS]
    gpus = data.get("gpus")
    extra = {
        name: value
        for name, value in data.items()
        if name != "gpus" and value is not None and (name not in NUMBERS or _number(value) is None)
    }
    gpu_text = _encode(json_safe({"gpus": gpus})["gpus"]).decode() if gpus is not None else None
    extra_text = _encode(json_safe(extra)).decode() if extra else None
    return batch_key, arrival.db_id, host_of(arrival.event), arrival.at, *numbers, gpu_text, extra_text


def _number(value: Any) -> float | None:
    kind = value.__class__
    return float(value) if (kind is float and isfinite(value)) or kind is int else None


async def _save_hosts(link: Link, hosts: dict[str, list[datetime]]) -> None:
    await _HOSTS.run(link, [(name, min(seen), max(seen)) for name, seen in sorted(hosts.items())])


async def _save_host_batches(link: Link, latest: dict[tuple[str, int], list[Arrival]]) -> None:
    rows: list[Row] = []
    for (name, key), arrivals in sorted(latest.items()):
        newest = max(arrivals, key=lambda arrival: (arrival.at, arrival.db_id))
        shown = {"id": newest.db_id, "timestamp": iso_exact(newest.at), **json_safe(newest.event.data)}
        rows.append((name, key, min(arrival.at for arrival in arrivals), newest.at, json_text(shown)))
    await _HOST_BATCHES.run(link, rows)
