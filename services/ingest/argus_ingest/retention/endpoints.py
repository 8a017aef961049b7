"""Routes of retention, for administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query

from argus_ingest.retention.schemas import (
    ClassOut,
    RetentionRunOut,
    RetentionSettingsOut,
    RetentionStatusOut,
    SweepOut,
)
from argus_ingest.retention.service import Retention
from argus_kit.clock import iso, now
from argus_kit.platform import part_of
from argus_kit.policy import MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/retention", tags=["retention"])

Here = Annotated[Retention, part_of(Retention)]
DryRun = Annotated[bool, Query(description="Say what would leave, and remove nothing.")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/status")
async def get_retention_status(_: MayAdminRead, retention: Here) -> RetentionStatusOut:
    """The policy in force, and when it was and will be applied."""
    policy, last = await retention.policy(), await retention.last_sweep()
    following = last.ended_at + timedelta(minutes=policy.sweep_minutes) if last and policy.sweep_minutes else None
    settings = RetentionSettingsOut(
        retention_snapshot_days=policy.snapshot_days,
        retention_log_line_days=policy.log_line_days,
        retention_job_epoch_days=policy.job_epoch_days,
        retention_event_other_days=policy.event_other_days,
        retention_demo_data_days=policy.demo_data_days,
        retention_deleted_days=policy.deleted_days,
        retention_artifact_days=policy.artifact_days,
        retention_sweep_interval_minutes=policy.sweep_minutes,
    )
    return RetentionStatusOut(
        settings=settings,
        last_run_at=iso(last.ended_at) if last else None,
        last_run_stats={name: _stat(one) for name, one in last.classes.items()} if last else None,
        last_run_bytes={name: one["bytes"] for name, one in last.classes.items()} if last else None,
        next_run_at=iso(max(following, now())) if following else None,
    )


@router.post("/sweep")
async def run_retention_sweep(actor: MayAdminChange, retention: Here, dry_run: DryRun = False) -> SweepOut:
    """Remove now what is too old, or say what that would be."""
    done = await retention.run(actor.user_id, is_dry_run=dry_run)
    stats = {name: tally.stat for name, tally in done.tallies.items()}
    return SweepOut(
        stats=stats,
        bytes={name: tally.bytes for name, tally in done.tallies.items()},
        freed_bytes=done.freed_bytes,
        outcome=done.outcome,
        dry_run=dry_run,
        elapsed_ms=done.elapsed_ms,
    )


@router.get("/runs")
async def list_retention_runs(_: MayAdminRead, retention: Here, limit: Limit = 50) -> list[RetentionRunOut]:
    """The last sweeps and dry runs, newest first."""
    return [_shown(row) for row in await retention.runs(limit)]


def _shown(row: sa.Row[Any]) -> RetentionRunOut:
    return RetentionRunOut(
        id=row.id,
        started_at=iso(row.started_at) or "",
        ended_at=iso(row.ended_at),
        actor_id=row.actor_id,
        username=row.username,
        outcome=row.outcome,
        dry_run=row.is_dry_run,
        classes={name: ClassOut(**one) for name, one in row.classes.items()},
        freed_bytes=row.freed_bytes,
    )


def _stat(one: dict[str, Any]) -> int:
    return -1 if one["error"] else int(one["rows"])
