"""Bodies of stop, pause, resume, rerun, and what reporters ask."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class StopResult(BaseModel):
    """The batch's status now; `stopping` until its reporter has ended."""

    status: str | None
    batch_id: str


class PauseResult(BaseModel):
    """The batch's status now: it runs on until its process has saved itself and ended."""

    status: str | None
    batch_id: str
    pause_requested: bool = Field(description="Whether a pause is asked for and has not come yet.")


class ResumeResult(BaseModel):
    """The batch's status now: it is paused until a process of it has begun."""

    status: str | None
    batch_id: str
    command_id: str | None = Field(
        description="What resumes it. Null: nothing has to, or no agent of its host can; then it is to be done by hand."
    )


class StopRequested(BaseModel):
    """Whether a reporter should leave its loop, or save itself and end. Both names of a stop are read by clients."""

    requested: bool
    stop_requested: bool
    requested_at: str | None
    requested_by: str | None
    pause_requested: bool
    pause_requested_at: str | None
    pause_requested_by: str | None


class RerunRequest(BaseModel):
    """What to change in the new run: settings by name, which the agent puts into the command as that takes them."""

    model_config = ConfigDict(extra="forbid")

    overrides: dict[str, Any] = Field(default_factory=dict)
    name: str | None = Field(None, max_length=256)


class RerunResult(BaseModel):
    """The new batch, which waits for the agent of its host."""

    batch_id: str
    source_batch_id: str
    name: str | None
    status: str


class RerunInfo(BaseModel):
    """Where a rerun comes from; all null when the batch is none."""

    source_batch_id: str | None
    overrides_json: str | None
    requested_at: str | None
    requested_by: str | None
