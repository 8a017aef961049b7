"""Bodies of an inspection and of what it found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from argus_executor.drift.items import Change, Kind, Severity


class InspectionAsked(BaseModel):
    """The command by which the host's agent is asked."""

    command_id: str


class DriftCommits(BaseModel):
    """More about a commit that differs; null: the host's git does not know the recorded one."""

    recorded_subject: str | None
    found_subject: str | None
    ahead: int | None = Field(description="Commits that the host has and the record has not.")
    behind: int | None
    files: list[str] = Field(description="The first files in which the commits differ.")
    n_files: int


class DriftItem(BaseModel):
    """One thing that differs. `recorded` and `found` are null where there is nothing on that side."""

    kind: Kind
    change: Change
    severity: Severity
    name: str = Field(description="Of a package, a path, a program; empty where the kind says all.")
    recorded: str | None
    found: str | None
    commits: DriftCommits | None = None


class DriftReport(BaseModel):
    """What is different on the host since the batch ran there, the gravest first."""

    status: Literal["pending", "ready", "failed"]
    command_id: str
    command_status: str
    hostname: str | None
    reason: str | None = Field(description="Why the inspection failed.")
    inspected_at: str | None
    is_whole: bool = Field(description="False: the host ran out of time, and did not tell everything.")
    items: list[DriftItem]
