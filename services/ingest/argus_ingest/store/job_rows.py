"""The rows of `job` that a flush needs: loaded, counted, and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter

from argus_ingest.fold.batches import counted_s
from argus_ingest.fold.state import JobState, Tracked
from argus_ingest.lifecycle import JobStatus
from argus_ingest.store.bulk import BulkInsert, BulkUpdate, Reader, Work, json_text, run_all, safe_text
from argus_ingest.store.link import Link, Opened, Row, link_of
from argus_schema import ingest as tables
from argus_schema.sums.terms import MOST

_HEAD = (
    "model", "dataset", "status", "start_time", "end_time", "elapsed_s", "metrics", "extra", "reason",
    "is_idle_flagged", "paused_s", "checkpoint", "settings_key",
)  # fmt: skip
_CURVE = (
    "n_points", "last_epoch", "first_epoch_at", "last_epoch_at", "latest", "val_loss_trace", "summary", "resumes",
    "n_blocks",
)  # fmt: skip
_JSON_OF_HEAD = [_HEAD.index(name) for name in ("metrics", "extra", "checkpoint")]
# What stands in these, the fold has made, without NaN and infinities.
_JSON_OF_CURVE = [_CURVE.index(name) for name in ("latest", "val_loss_trace", "summary", "resumes")]
_READ = ("batch_key", "job_no", "job_id", *_HEAD, *_CURVE, "deleted_at")
_READER = Reader(tables.job, _READ)
_KEY = ("batch_key", "job_no")

_NAMES = ", ".join(f't."{name}"' for name in _READ)
# Built from the names of our own columns.
_SELECT = f"select {_NAMES} from job t"  # noqa: S608 # nosec B608
_NAMED = f"{_SELECT} join unnest($1::bigint[], $2::text[]) as u(k, j) on t.batch_key = u.k and t.job_id = u.j"
_NAMED_SQLITE = f"{_SELECT} where t.batch_key = ? and t.job_id in (select value from json_each(?))"  # noqa: S608 # nosec B608
_OF_BATCHES = "t.batch_key = any($1::bigint[])"
_OF_BATCHES_SQLITE = "t.batch_key in (select value from json_each(?1))"
_UNENDED = "{select} where {of} and t.status in ({running}, {paused})"
_COUNTED = (
    "select t.batch_key, coalesce(t.status, ''), count(*) from job t where {of} and t.deleted_at is null group by 1, 2"
)
_ELAPSED = (
    "select t.batch_key, sum({term}) from job t where {of} and t.deleted_at is null and t.elapsed_s is not null "
    "group by 1"
)
_LAST = "select t.batch_key, max(t.job_no) from job t where {of} group by 1"

_INSERT = BulkInsert(tables.job, (*_KEY, "job_id", *_HEAD, *_CURVE))
_UPDATE_CURVE = BulkUpdate(tables.job, _KEY, _CURVE)
_UPDATE_ALL = BulkUpdate(tables.job, _KEY, (*_HEAD, *_CURVE))
_SETTINGS = BulkInsert(tables.configuration, ("settings_key", "body"), collision="(settings_key) do nothing")
_head_of = attrgetter(*_HEAD)
_curve_of = attrgetter(*_CURVE)

Pair = tuple[int, str]


async def load_named(opened: Opened, tracked: dict[int, Tracked], pairs: Sequence[Pair]) -> None:
    """Put those of the named jobs (batch_key, job_id) that exist into `tracked`."""
    if not pairs:
        return
    link = await link_of(opened)
    if not link.is_sqlite:
        _take(link, tracked, await link.fetch(_NAMED, [key for key, _ in pairs], [job_id for _, job_id in pairs]))
        return
    names: dict[int, list[str]] = {}
    for key, job_id in pairs:
        names.setdefault(key, []).append(job_id)
    for key, job_ids in names.items():
        _take(link, tracked, await link.fetch(_NAMED_SQLITE, key, json_text(job_ids)))


async def load_unended(opened: Opened, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Put the running and the paused jobs of these batches into `tracked`."""
    link = await link_of(opened)
    running, paused = ("?2", "?3") if link.is_sqlite else ("$2", "$3")
    sql = _UNENDED.format(select=_SELECT, of=_of(link), running=running, paused=paused)
    _take(link, tracked, await link.fetch(sql, _keys(link, keys), str(JobStatus.RUNNING), str(JobStatus.PAUSED)))


async def count_statuses(opened: Opened, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Count the jobs of these batches by status, without deleted ones."""
    link = await link_of(opened)
    for key in keys:
        tracked[key].batch.job_statuses = Counter()
    for key, status, count in await link.fetch(_COUNTED.format(of=_of(link)), _keys(link, keys)):
        tracked[key].batch.job_statuses[status] += count


async def sum_elapsed(opened: Opened, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Sum up how long the jobs of these batches took, without deleted ones."""
    link = await link_of(opened)
    for key in keys:
        tracked[key].batch.elapsed_s = 0
    most, least = ("max", "min") if link.is_sqlite else ("greatest", "least")
    sql = _ELAPSED.format(of=_of(link), term=f"{least}({most}(t.elapsed_s, 0), {MOST})")
    for key, total in await link.fetch(sql, _keys(link, keys)):
        tracked[key].batch.elapsed_s = int(total)


async def load_last_numbers(opened: Opened, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Find the last number that was given to a job of each of these batches."""
    link = await link_of(opened)
    for key, last in await link.fetch(_LAST.format(of=_of(link)), _keys(link, keys)):
        tracked[key].last_job_no = last


async def save(opened: Opened, tracked: Iterable[Tracked]) -> None:
    """Write new and changed jobs."""
    await run_all(await link_of(opened), saving(tracked))


def saving(tracked: Iterable[Tracked]) -> list[Work]:
    """What writes new and changed jobs."""
    new: list[Row] = []
    whole: list[Row] = []
    curve: list[Row] = []
    settings: dict[int, str | None] = {}
    for one in tracked:
        key = one.batch.batch_key
        for job in one.jobs.values():
            if job.new_settings is not None:
                settings[job.settings_key] = safe_text(job.new_settings)
            if job.is_new:
                new.append((key, job.job_no, job.job_id, *_head(job), *_curve(job)))
            elif job.has_new_head:
                whole.append((key, job.job_no, *_head(job), *_curve(job)))
            elif job.is_touched:
                curve.append((key, job.job_no, *_curve(job)))
    # In one order, so that two replicas wait for each other, if at all, in no circle.
    return [(_SETTINGS, sorted(settings.items())), (_INSERT, new), (_UPDATE_ALL, whole), (_UPDATE_CURVE, curve)]


def _head(job: JobState) -> Row:
    values = list(_head_of(job))
    for place in _JSON_OF_HEAD:
        values[place] = json_text(values[place])
    return values


def _curve(job: JobState) -> Row:
    values = list(_curve_of(job))
    for place in _JSON_OF_CURVE:
        values[place] = safe_text(values[place])
    return values


def _of(link: Link) -> str:
    return _OF_BATCHES_SQLITE if link.is_sqlite else _OF_BATCHES


def _keys(link: Link, keys: Collection[int]) -> str | list[int] | None:
    return json_text(sorted(keys)) if link.is_sqlite else sorted(keys)


def _take(link: Link, tracked: dict[int, Tracked], rows: Sequence[Row]) -> None:
    for row in rows:
        key, *values = _READER.read(link, row)
        jobs = tracked[key].jobs
        if values[1] not in jobs:
            job = jobs[values[1]] = JobState(*values)
            job.counted_s = counted_s(job)
