"""Routes of retention, for administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from argus_contracts import bus as wire
from argus_ingest.retention.service import Retention
from argus_kit.clock import iso, now
from argus_kit.identity import Admin
from argus_kit.platform import part_of, platform_of
from argus_schema import ingest as tables

router = APIRouter(prefix="/api/admin/retention", tags=["retention"])

Here = Annotated[Retention, part_of(Retention)]


class RetentionSettingsOut(BaseModel):
    """What is in force: days per class, 0 for ever."""

    retention_snapshot_days: float
    retention_log_line_days: float
    retention_job_epoch_days: float
    retention_event_other_days: float
    retention_demo_data_days: float
    retention_sweep_interval_minutes: float


class RetentionStatusOut(BaseModel):
    """The policy, and the last and the next sweep."""

    settings: RetentionSettingsOut
    last_run_at: str | None
    last_run_stats: dict[str, int] | None
    next_run_at: str | None


class SweepOut(BaseModel):
    """What a sweep removed."""

    stats: dict[str, int] = Field(description="Rows removed by class; -1 for a class that failed.")
    elapsed_ms: int


@router.get("/status")
async def get_retention_status(_: Admin, retention: Here) -> RetentionStatusOut:
    """The policy in force, and when it was and will be applied."""
    policy, last = await retention.policy(), await retention.last_run()
    following = last.at + timedelta(minutes=policy.sweep_minutes) if last and policy.sweep_minutes else None
    settings = RetentionSettingsOut(
        retention_snapshot_days=policy.snapshot_days,
        retention_log_line_days=policy.log_line_days,
        retention_job_epoch_days=policy.job_epoch_days,
        retention_event_other_days=policy.event_other_days,
        retention_demo_data_days=policy.demo_data_days,
        retention_sweep_interval_minutes=policy.sweep_minutes,
    )
    return RetentionStatusOut(
        settings=settings,
        last_run_at=iso(last.at) if last else None,
        last_run_stats=last.stats if last else None,
        next_run_at=iso(max(following, now())) if following else None,
    )


@router.post("/sweep")
async def run_retention_sweep(actor: Admin, request: Request, retention: Here) -> SweepOut:
    """Remove now what is too old."""
    stats, elapsed_ms = await retention.run()
    entry = wire.AuditEntry(action="retention_sweep", user_id=actor.user_id, metadata={"stats": stats}, at=now())
    async with platform_of(request).write(tables.OWNER) as tx:
        tx.publish(wire.audit_subject(tables.OWNER), wire.encode(entry), msg_id=entry.entry_id)
    return SweepOut(stats=stats, elapsed_ms=elapsed_ms)
