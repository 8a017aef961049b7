"""What can be set about backups, prefix `ARGUS_BACKUP_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment


class BackupSettings(Environment):
    """When `argus-server up` backs up its SQLite database and files, and which backups stay."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_BACKUP_")

    dir: str = Field(
        "",
        description="Folder of the backups, best on another disk; empty: `backups` in ARGUS_HOME.",
    )
    every_hours: float = Field(
        24, ge=0, le=8760, description="Time between two backups of SQLite while Argus runs; 0: none are made."
    )
    keep_hourly: int = Field(0, ge=0, le=1000, description="Hours of which the newest backup stays.")
    keep_daily: int = Field(7, ge=0, le=1000, description="Days of which the newest backup stays.")
    keep_weekly: int = Field(0, ge=0, le=1000, description="Weeks of which the newest backup stays.")
    files: bool = Field(
        default=True, description="Whether a backup holds the artifacts; false where their store keeps copies itself."
    )
