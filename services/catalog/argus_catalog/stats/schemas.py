"""Shapes of sums over people."""

from __future__ import annotations

from argus_catalog.wire import Shape


class UserGpuHours(Shape):
    """GPU-hours of one person's jobs."""

    user_id: int
    username: str
    gpu_hours: float
    job_count: int
