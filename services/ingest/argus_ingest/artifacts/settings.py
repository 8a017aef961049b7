"""What can be set about artifacts, prefix `ARGUS_ARTIFACT_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment

_MB = 2**20


class ArtifactSettings(Environment):
    """Where artifacts lie and how large they may be."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_ARTIFACT_")

    dir: str = Field(
        "",
        description="Folder of the files, or an address that fsspec knows, such as s3://bucket/prefix (credentials and "
        "endpoint then come from AWS_*); empty: `artifacts` in ARGUS_HOME.",
    )
    max_file_mb: float = Field(50, gt=0, description="Largest single file, in MB.")
    max_job_mb: float = Field(500, gt=0, description="Largest sum of one job's files, or of a batch's own, in MB.")
    max_batch_mb: float = Field(10_000, gt=0, description="Largest sum of the files of a batch and its jobs, in MB.")
    uploads_at_once: int = Field(32, ge=1, description="Uploads that a process reads at once; others wait unread.")
    idle_s: float = Field(60, gt=0, description="Seconds without a byte after which an upload is given up.")
    preview_megapixels: float = Field(40, gt=0, description="Largest picture of which a preview is made.")
    orphan_hours: float = Field(24, ge=1, description="Age at which a file that no row names is removed.")

    @property
    def preview_pixels(self) -> int:
        """The limit of a picture's pixels."""
        return int(self.preview_megapixels * 1_000_000)

    @property
    def max_file_bytes(self) -> int:
        """The limit of one file in bytes."""
        return int(self.max_file_mb * _MB)

    @property
    def max_job_bytes(self) -> int:
        """The limit of a job's files in bytes."""
        return int(self.max_job_mb * _MB)

    @property
    def max_batch_bytes(self) -> int:
        """The limit of all files of a batch in bytes."""
        return int(self.max_batch_mb * _MB)
