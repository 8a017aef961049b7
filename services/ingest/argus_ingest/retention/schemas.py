"""What the routes of retention answer."""

from __future__ import annotations

from pydantic import BaseModel, Field


class RetentionSettingsOut(BaseModel):
    """What is in force: days per class, 0 for ever."""

    retention_snapshot_days: float
    retention_log_line_days: float
    retention_job_epoch_days: float
    retention_event_other_days: float
    retention_demo_data_days: float
    retention_deleted_days: float = Field(description="From the deletion of a batch to the end of its rows and files.")
    retention_artifact_days: float
    retention_sweep_interval_minutes: float


class RetentionStatusOut(BaseModel):
    """The policy, and the last and the next sweep."""

    settings: RetentionSettingsOut
    last_run_at: str | None
    last_run_stats: dict[str, int] | None
    last_run_bytes: dict[str, int] | None
    next_run_at: str | None


class SweepOut(BaseModel):
    """What a sweep removed, or a dry run would."""

    stats: dict[str, int] = Field(description="Rows removed by class; -1 for a class that failed.")
    bytes: dict[str, int] = Field(description="Bytes of these rows and files, indexes not counted.")
    freed_bytes: int | None = Field(description="What SQLite's file became shorter by; null on PostgreSQL.")
    outcome: str = Field(description="done, failed (some class), or stopped (another process took over).")
    dry_run: bool
    elapsed_ms: int


class ClassOut(BaseModel):
    """What left of one class."""

    rows: int
    bytes: int
    error: str | None = Field(description="The kind of error, where not all of it could leave.")


class RetentionRunOut(BaseModel):
    """A sweep or a dry run."""

    id: int
    started_at: str
    ended_at: str | None
    actor_id: int | None = Field(description="Null: the periodic sweep.")
    username: str | None
    outcome: str = Field(description="running, done, failed, or stopped.")
    dry_run: bool
    classes: dict[str, ClassOut]
    freed_bytes: int | None
