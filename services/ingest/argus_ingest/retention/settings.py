"""What can be set about retention, prefix `ARGUS_RETENTION_`. 0 days: for ever."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment

Days = Annotated[float, Field(ge=0, le=36_500)]


class RetentionSettings(Environment):
    """How long rows are kept, and how often old ones are looked for."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_RETENTION_")

    snapshot_days: Days = Field(7, description="Resource snapshots.")
    demo_data_days: Days = Field(1, description="Resource snapshots of the demo host.")
    log_line_days: Days = Field(14, description="Log lines.")
    job_epoch_days: Days = Field(30, description="Raw epoch events; the curves themselves stay.")
    event_other_days: Days = Field(90, description="All other raw events.")
    deleted_days: Days = Field(7, description="Batches and jobs that were deleted, with their rows and files.")
    artifact_days: Days = Field(0, description="Files of jobs and batches.")
    sweep_minutes: float = Field(60, ge=0, description="Time between two sweeps; 0: no sweeps.")
