"""The shape of what may need a person."""

from __future__ import annotations

from typing import Literal

from argus_catalog.wire import Shape, WireTime

Trouble = Literal["failed", "stalled", "divergent", "idle_gpus", "disk", "hot", "silent_host"]


class Concern(Shape):
    """Something that may need a person.

    `key` stays the same while the trouble does, so that a page can remember that it was put aside. `count` is how many
    jobs failed or GPUs are idle, `cause` the kind of failure, `seconds` how long something has lasted or will last,
    `text` the reason that was given.
    """

    key: str
    trouble: Trouble
    at: WireTime
    project: str | None = None
    batch_id: str | None = None
    job_id: str | None = None
    host: str | None = None
    gpu: int | None = None
    owner: str | None = None
    count: int = 1
    cause: str | None = None
    seconds: int | None = None
    text: str | None = None
    may_stop: bool = False
