"""What can be set about ingest alone, prefix `ARGUS_INGEST_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from argus_kit.environment import Environment


class IngestSettings(Environment):
    """Limits of the way in. Beyond them callers get 413 or 429, and nothing grows."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_INGEST_")

    max_body_bytes: int = Field(8 * 2**20, ge=1024, description="Largest request body as it travels.")
    max_unpacked_bytes: int = Field(64 * 2**20, ge=1024, description="Largest request body after decompression.")
    queue_events: int = Field(30_000, ge=1, description="Events that may wait for the database; then 429.")
    queue_bytes: int = Field(64 * 2**20, ge=1024, description="Bytes of bodies that may wait for the database.")
    flush_events: int = Field(10_000, ge=1, description="Most events in one transaction (a request is never split).")
    # Published clients send an event a request while few are waiting, and give up on a request that was refused four
    # times: a token of a whole cluster must not come near these.
    rate_requests: int = Field(20_000, ge=0, description="Requests that a token may send at once; 0: no limit.")
    rate_per_second: float = Field(10_000, gt=0, description="Requests per second and token in the long run.")
    ip_rate_requests: int = Field(
        40_000, ge=0, description="Requests at once from one address (IPv6: one /64); 0: no limit."
    )
    ip_rate_per_second: float = Field(20_000, gt=0, description="Requests per second and address in the long run.")
    rate_is_shared: bool = Field(default=True, description="Count over all replicas, where Redis is configured.")
    rate_deadline_ms: float = Field(
        5, gt=0, le=1000, description="How long Redis may take; then this process counts by itself."
    )
