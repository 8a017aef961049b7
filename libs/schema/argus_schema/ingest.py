"""Tables that `ingest` writes: batches, jobs, events, metric points, snapshots, log lines, hosts, artifacts.

Every large table's key begins with `batch_key`, so that the rows of one batch lie together and the tables can be
distributed by it. Nothing large has a foreign key to anything small.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "ingest"
_READERS = ("catalog", "realtime", "executor", "notifier")
# auth puts what belongs to a person into the archive that they may ask for.
_EXPORTED = ("auth", *_READERS)
_DELETED: Final[dict[str, Any]] = {
    "postgresql_where": sa.text("deleted_at is not null"),
    "sqlite_where": sa.text("deleted_at is not null"),
}

batch = table(
    "batch",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("project", sa.Text, nullable=False, default=""),
    sa.Column("experiment_type", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("user", sa.Text),
    sa.Column("host", sa.Text),
    sa.Column("command", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("owner_id", BigInt),
    sa.Column("n_total", BigInt),
    sa.Column("n_done", BigInt, nullable=False, default=0),
    sa.Column("n_failed", BigInt, nullable=False, default=0),
    sa.Column("n_jobs", BigInt, nullable=False, default=0),
    # Of its jobs that are not deleted, each at least 0 and at most what `argus_schema.sums` takes.
    sa.Column("elapsed_s", BigInt, nullable=False, default=0, server_default="0"),
    sa.Column("start_time", UtcDateTime),
    sa.Column("end_time", UtcDateTime),
    sa.Column("error", sa.Text),
    sa.Column("env_snapshot", Json),
    sa.Column("source_batch_id", sa.Text),
    sa.Column("overrides_json", sa.Text),
    sa.Column("rerun_requested_at", UtcDateTime),
    sa.Column("rerun_requested_by", sa.Text),
    sa.Column("stop_requested_at", UtcDateTime),
    sa.Column("stop_requested_by", sa.Text),
    sa.Column("pause_requested_at", UtcDateTime),
    sa.Column("pause_requested_by", sa.Text),
    # Null unless it is paused now. `paused_s`: how long it was, without the present pause.
    sa.Column("paused_at", UtcDateTime),
    sa.Column("paused_s", BigInt, nullable=False, default=0, server_default="0"),
    # When a process last began it or went on with it, by that process's clock.
    sa.Column("went_on_at", UtcDateTime),
    # The newest one of its jobs: {job_id, path, epoch, step, at}.
    sa.Column("checkpoint", Json),
    sa.Column("last_event_at", UtcDateTime),
    sa.Column("is_divergent", sa.Boolean, nullable=False, default=False),
    sa.Column("is_idle", sa.Boolean, nullable=False, default=False),
    # A placeholder carries snapshots that came before any event which creates a batch; no list shows it.
    sa.Column("is_placeholder", sa.Boolean, nullable=False, default=False),
    # The last id given to an event of this batch; the row's lock makes it a sequence without gaps between replicas.
    sa.Column("event_seq", BigInt, nullable=False, default=0),
    sa.Column("deleted_at", UtcDateTime),
    sa.Column("deleted_by", BigInt),
    # From then on its rows and files are removed, whatever the grace of deleted batches is.
    sa.Column("purge_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_batch_owner_id_start_time", "owner_id", "start_time"),
    sa.Index("ix_batch_project_start_time", "project", "start_time"),
    sa.Index("ix_batch_status", "status"),
    sa.Index("ix_batch_start_time", "start_time"),
    sa.Index("ix_batch_deleted_at", "deleted_at", **_DELETED),
    sa.Index("ix_batch_end_time", "end_time"),
    read_by=_EXPORTED,
)

job = table(
    "job",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("dataset", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("start_time", UtcDateTime),
    sa.Column("end_time", UtcDateTime),
    sa.Column("elapsed_s", BigInt),
    sa.Column("metrics", Json),
    sa.Column("extra", Json),
    sa.Column("reason", sa.Text),
    sa.Column("is_idle_flagged", sa.Boolean, nullable=False, default=False),
    # How long it was paused between its start and its end or now; of a paused job `end_time` is when its pause began.
    sa.Column("paused_s", BigInt, nullable=False, default=0, server_default="0"),
    # The newest state that it saved: {path, epoch, step, at}.
    sa.Column("checkpoint", Json),
    # Summary of the curve, so that lists need not touch the points.
    sa.Column("n_points", BigInt, nullable=False, default=0),
    sa.Column("last_epoch", BigInt),
    sa.Column("first_epoch_at", UtcDateTime),
    sa.Column("last_epoch_at", UtcDateTime),
    sa.Column("latest", Json),
    sa.Column("val_loss_trace", Json),
    # By metric: {n, last, last_step, min, min_step, max, max_step}. Never purged.
    sa.Column("summary", Json),
    # Where the job began anew: [{at, epoch, step}], `at` in seconds since 1970, `epoch` and `step` the lowest that the
    # new run reported with job_epoch and job_step (null: none yet). What was reported before `at` for this or a later
    # place is superseded.
    sa.Column("resumes", Json),
    # Metric blocks that were not merged yet.
    sa.Column("n_blocks", sa.Integer, nullable=False, default=0),
    sa.Column("deleted_at", UtcDateTime),
    sa.Column("deleted_by", BigInt),
    # From then on what was recorded of it is removed, whatever the grace of deleted jobs is.
    sa.Column("purge_at", UtcDateTime),
    # When it was. The row stays, empty: numbers of jobs are given once, and what is sent late brings none back.
    sa.Column("purged_at", UtcDateTime),
    # Of `extra`, what it was run with but for its seeds: see `argus_schema.seeds`, `configuration`.
    sa.Column("settings_key", BigInt, nullable=False, default=0, server_default="0"),
    # Computed by the database: the study of which the job is a trial, as its start told.
    sa.Column("study_name", sa.Text, sa.Computed("extra -> 'optuna' ->> 'study_name'")),
    sa.UniqueConstraint("batch_key", "job_id"),
    sa.Index("ix_job_start_time", "start_time"),
    sa.Index(
        "ix_job_study_name",
        "study_name",
        sqlite_where=sa.text("study_name is not null"),
        postgresql_where=sa.text("study_name is not null"),
    ),
    # Counts of the last day and feeds read nothing else of most jobs (SQLite looks at `deleted_at` all the same).
    sa.Index(
        "ix_job_status_end_time",
        "status",
        "end_time",
        "batch_key",
        "deleted_at",
        sqlite_where=sa.text("deleted_at is null"),
        postgresql_where=sa.text("deleted_at is null"),
    ),
    # The trash, and what retention looks for: few rows of many.
    sa.Index("ix_job_deleted_at", "deleted_at", **_DELETED),
    # A search finds jobs of any age by how their id begins.
    sa.Index("ix_job_job_id", "job_id", postgresql_ops={"job_id": "text_pattern_ops"}),
    # Which settings still have a job.
    sa.Index("ix_job_settings_key", "settings_key"),
    read_by=_EXPORTED,
)

# The settings of jobs without their seeds, each once however many jobs have them: conditions on settings are asked of
# these. What no job has any more, retention removes.
configuration = table(
    "configuration",
    OWNER,
    sa.Column("settings_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("body", Json, nullable=False),
    read_by=("catalog", "notifier"),
)

event = table(
    "event",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    # 'u' and the 16 bytes of a UUID, or 't' and the text of any other event id.
    sa.Column("event_key", sa.LargeBinary, nullable=False),
    sa.Column("type_code", sa.SmallInteger, nullable=False),
    sa.Column("job_id", sa.Text),
    sa.Column("at", UtcDateTime, nullable=False),
    # Null where another table holds the whole of it: the numbers of an epoch, the text of a log line.
    sa.Column("data", Json),
    # What the sender's clock said, where it was more than a day ahead of ours; `at` is then the time of arrival.
    sa.Column("sent_at", UtcDateTime),
    sa.UniqueConstraint("batch_key", "event_key"),
    read_by=_READERS,
)

metric_block = table(
    "metric_block",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_no", sa.Integer, primary_key=True, autoincrement=False),
    # The id of the block's first event: blocks of a job are read in this order and later points win.
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("n_points", sa.Integer, nullable=False),
    sa.Column("first_step", BigInt, nullable=False),
    sa.Column("last_step", BigInt, nullable=False),
    sa.Column("names", Json, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    read_by=_EXPORTED,
)

# Blocks that were merged. A chunk holds the points of one job and kind (`argus_contracts.points`) in a range of steps
# that no other chunk of them touches: here the steps and times, in `metric_column` the values of each metric.
metric_chunk = table(
    "metric_chunk",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("first_step", BigInt, primary_key=True, autoincrement=False),
    sa.Column("last_step", BigInt, nullable=False),
    sa.Column("n_rows", sa.Integer, nullable=False),
    # The earliest and the latest time of a row, seconds since 1970.
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("last_at", sa.Double, nullable=False),
    # Pairs [at, step]: the beginnings of runs that were heeded when superseded points were left out.
    sa.Column("cuts", Json, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    read_by=_EXPORTED,
)

metric_column = table(
    "metric_column",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("first_step", BigInt, primary_key=True, autoincrement=False),
    sa.Column("n_points", sa.Integer, nullable=False),
    sa.Column("stats", sa.LargeBinary, nullable=False),
    # The roll-up stands before the values: SQLite reads a row from its beginning, and only as far as it must.
    sa.Column("rollup", sa.LargeBinary, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    read_by=_EXPORTED,
)

log_line = table(
    "log_line",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_id", sa.Text),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text),
    sa.Index("ix_log_line_batch_key_job_id_id", "batch_key", "job_id", "id"),
    read_by=_READERS,
)

resource_snapshot = table(
    "resource_snapshot",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("gpu_util_pct", sa.Double),
    sa.Column("gpu_mem_mb", sa.Double),
    sa.Column("gpu_mem_total_mb", sa.Double),
    sa.Column("gpu_temp_c", sa.Double),
    sa.Column("cpu_util_pct", sa.Double),
    sa.Column("ram_mb", sa.Double),
    sa.Column("ram_total_mb", sa.Double),
    sa.Column("disk_free_mb", sa.Double),
    sa.Column("disk_total_mb", sa.Double),
    sa.Column("proc_cpu_pct", sa.Double),
    sa.Column("proc_ram_mb", sa.Double),
    sa.Column("proc_gpu_mem_mb", sa.Double),
    sa.Column("gpus", Json),
    sa.Column("extra", Json),
    sa.Index("ix_resource_snapshot_host_at", "host", "at"),
    read_by=_READERS,
)

host = table(
    "host",
    OWNER,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("first_seen", UtcDateTime, nullable=False),
    sa.Column("last_seen", UtcDateTime, nullable=False),
    sa.Column("deleted_at", UtcDateTime),
    read_by=_READERS,
)

# Which batches reported from a host: what a person may see of a host follows from the batches that they may see.
host_batch = table(
    "host_batch",
    OWNER,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("first_seen", UtcDateTime, nullable=False),
    sa.Column("last_seen", UtcDateTime, nullable=False),
    # The newest snapshot that this batch sent from this host, under the wire's names.
    sa.Column("latest", Json, nullable=False),
    sa.Index("ix_host_batch_batch_key", "batch_key"),
    read_by=_READERS,
)

artifact = table(
    "artifact",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("batch_key", BigInt, nullable=False),
    sa.Column("job_id", sa.Text),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("mime", sa.Text, nullable=False),
    sa.Column("size_bytes", BigInt, nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("meta", Json),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", BigInt),
    sa.Index("ix_artifact_batch_key_job_id", "batch_key", "job_id"),
    read_by=_EXPORTED,
)

# Sums that triggers keep, so that lists and boards need not count; see `argus_schema.sums`. What one person has in one
# project, of batches that are there for people. Owner 0 is nobody.
holding = table(
    "holding",
    OWNER,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("owner_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("n_batches", BigInt, nullable=False),
    # Whose run has begun and has not ended; of these, those whose status is "running".
    sa.Column("n_running", BigInt, nullable=False),
    sa.Column("n_live", BigInt, nullable=False),
    sa.Column("n_jobs", BigInt, nullable=False),
    sa.Column("n_done", BigInt, nullable=False),
    sa.Column("n_failed", BigInt, nullable=False),
    # Jobs that running batches have announced and not ended.
    sa.Column("n_pending", BigInt, nullable=False),
    sa.Column("elapsed_s", BigInt, nullable=False),
    # The newest sign of life of batches that do not run, and of those that were in it once and left (deleted, renamed):
    # when the first is not later than the second, it has to be looked up.
    sa.Column("last_event_at", UtcDateTime),
    sa.Column("gone_at", UtcDateTime),
    read_by=("catalog",),
)

# How many batches of it began on a day (UTC, like 2026-11-30).
holding_day = table(
    "holding_day",
    OWNER,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("owner_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("n_batches", BigInt, nullable=False),
    read_by=("catalog",),
)

# A model and a dataset of one person in one project; empty where a job named none. A cell may have lost its jobs.
cell = table(
    "cell",
    OWNER,
    sa.Column("cell_key", BigInt, primary_key=True, autoincrement=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("owner_id", BigInt, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("dataset", sa.Text, nullable=False),
    # Stands for both names, which may be too long for an index.
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("project", "owner_id", "digest"),
    read_by=("catalog",),
)

# Jobs of a cell that differ by their seeds alone. A group may have lost its jobs.
seed_group = table(
    "seed_group",
    OWNER,
    sa.Column("group_key", BigInt, primary_key=True, autoincrement=True),
    sa.Column("cell_key", BigInt, nullable=False),
    sa.Column("settings_key", BigInt, nullable=False),
    sa.UniqueConstraint("cell_key", "settings_key"),
    read_by=("catalog",),
)

# The metrics that done jobs of a cell had, once at least.
cell_metric = table(
    "cell_metric",
    OWNER,
    sa.Column("cell_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    read_by=("catalog",),
    sqlite_with_rowid=False,
)

# The finite final numbers of jobs that are there for people, by metric; one more row per job, with the name "", says
# that it is there. One index leads from a cell and a metric to its best job, one from a seed group to its numbers.
score = table(
    "score",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("cell_key", BigInt, nullable=False),
    sa.Column("group_key", BigInt, nullable=False),
    # The job's end in seconds since 1970; 1e18 before it.
    sa.Column("ended_s", sa.Double, nullable=False),
    sa.Column("is_done", sa.Boolean, nullable=False),
    sa.Index("ix_score_cell_key", "cell_key", "name", "value", "ended_s", "batch_key", "job_no", "is_done"),
    sa.Index("ix_score_group_key", "group_key", "name", "value", "batch_key", "job_no"),
    read_by=("catalog",),
    # One tree instead of two.
    sqlite_with_rowid=False,
)

# What is left of events that retention removed: enough to know one of them again when it is sent once more.
purged_event = table(
    "purged_event",
    OWNER,
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    # The lowest id among the events of this slice.
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("newest_at", UtcDateTime, nullable=False),
    # Hashes of the event keys, 64 bits each, in order; then the ids of these events, in the same order.
    sa.Column("keys", sa.LargeBinary, nullable=False),
)

retention_run = table(
    "retention_run",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    # Null: the periodic sweep.
    sa.Column("actor_id", BigInt),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("is_dry_run", sa.Boolean, nullable=False),
    # By class: {rows, bytes, error}.
    sa.Column("classes", Json, nullable=False),
    # What went back to the file system; null where the database does not say.
    sa.Column("freed_bytes", BigInt),
)

outbox = outbox_table(OWNER)
