"""What can be set about merging, prefix `ARGUS_COMPACTION_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment


class CompactionSettings(Environment):
    """When blocks are merged, and how much at once."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_COMPACTION_")

    every_s: float = Field(10, gt=0, description="Time between two looks for jobs with something to merge.")
    blocks: int = Field(64, ge=1, description="Blocks of a running job that are worth a merge; an ended one: any.")
    slice_blocks: int = Field(2_000, ge=1, description="Most blocks of one merge.")
    slice_bytes: int = Field(16 * 2**20, ge=1024, description="Bytes of blocks after which a merge takes no more.")
