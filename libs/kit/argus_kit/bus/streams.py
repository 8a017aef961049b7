"""The streams that NATS keeps for us."""

from __future__ import annotations

import time

from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from argus_contracts.bus import StreamSpec

# Streams count from the time of their making on, in a unit that no stream outruns: 2025-01-01.
_EPOCH_S = 1_735_689_600


async def ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    """Make a stream that is not there, and give it the subjects that it lacks."""
    config = StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        max_age=spec.max_age_s,
        duplicate_window=spec.duplicate_window_s,
        retention=RetentionPolicy.WORK_QUEUE if spec.retention == "workqueue" else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
    )
    try:
        known = (await js.stream_info(spec.name)).config.subjects or []
        if not set(spec.subjects) <= set(known):
            # An upgrade brought subjects; those of a newer version beside us stay.
            config.subjects = sorted({*known, *spec.subjects})
            await js.update_stream(config)
    except NotFoundError:
        config.first_seq = _first_sequence()
        try:
            await js.add_stream(config)
        except BadRequestError:
            # Another process added it between the question and the answer.
            await js.stream_info(spec.name)


def _first_sequence() -> int:
    """Where a new stream begins to count: hundred thousandths of a second since 2025, which a browser's numbers hold.

    Pages know their place by a sequence (decision 4). One that was made anew, after a restore or on a new disk, must
    not give a number again that its predecessor gave, or a page that comes back would skip what lies under it now.
    """
    return int((time.time() - _EPOCH_S) * 100_000)
