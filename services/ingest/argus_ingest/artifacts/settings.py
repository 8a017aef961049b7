"""What can be set about artifacts, prefix `ARGUS_ARTIFACT_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ArtifactSettings(BaseSettings):
    """Where artifacts lie and how large they may be."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_ARTIFACT_", extra="ignore")

    dir: Path | None = Field(None, description="Folder of the files; not set: `artifacts` in ARGUS_HOME.")
    max_file_mb: float = Field(50, gt=0, description="Largest single file, in MB.")
    max_job_mb: float = Field(500, gt=0, description="Largest sum of the files of one job, in MB.")

    @property
    def max_file_bytes(self) -> int:
        """The limit of one file in bytes."""
        return int(self.max_file_mb * 2**20)

    @property
    def max_job_bytes(self) -> int:
        """The limit of a job's files in bytes."""
        return int(self.max_job_mb * 2**20)
