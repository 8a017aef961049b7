"""How much one stream, one person and one replay may cost. Environment prefix `ARGUS_SSE_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment


class Limits(Environment):
    """Bounds of the live streams. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_SSE_")

    max_channels: int = Field(64, ge=1, description="Channels of one stream.")
    max_streams_per_user: int = Field(200, ge=1, description="Open streams of one person.")
    max_log_streams: int = Field(8, ge=1, description="Log streams of one person and batch; the oldest gives way.")
    queue_chunks: int = Field(512, ge=1, description="Chunks that wait for a slow reader before they are dropped.")
    queue_bytes: int = Field(1 << 20, ge=1, description="Bytes that wait for a slow reader before they are dropped.")
    send_bytes: int = Field(256 << 10, ge=1, description="Waiting chunks are sent together up to about this size.")
    replay_messages: int = Field(5000, ge=0, description="Longest replay after a lost connection, in bus messages.")
    keepalive_s: float = Field(15.0, gt=0, description="Silence after which a keepalive is sent.")
    recheck_s: float = Field(30.0, gt=0, description="Time between two looks at every open stream's rights.")
    stuck_s: float = Field(60.0, gt=0, description="A reader that took nothing for so long is cut off.")
    drain_s: float = Field(2.0, ge=0, description="Time that streams get to end in order at shutdown.")
