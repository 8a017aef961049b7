"""What NATS keeps for us: streams, and durable consumers of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from argus_contracts.bus import StreamSpec

# Streams count from the time of their making on, in a unit that no stream outruns: 2025-01-01.
_EPOCH_S = 1_735_689_600


async def ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    """Make a stream that is not there, and give it the subjects that it lacks.

    How much is kept, for how long, where and in how many copies is said when it is made. From then on it is for whoever
    runs NATS to change.
    """
    try:
        known = await js.stream_info(spec.name)
    except NotFoundError:
        await _add(js, spec, replicas)
        return
    subjects = known.config.subjects or []
    if not set(spec.subjects) <= set(subjects):
        # An upgrade brought subjects; those of a newer version beside us stay.
        await _put_subjects(js, spec.name, sorted({*subjects, *spec.subjects}))


async def ensure_consumer(js: JetStreamContext, stream: str, durable: str, subjects: Sequence[str]) -> None:
    """Make a durable consumer that is not there, and have one that is hear these subjects and no others.

    How long a message may be held, how many may be, and how often one comes again is said when it is made. From then on
    it is for whoever runs NATS to change.
    """
    prefix, ask = js._prefix, js._api_request  # noqa: SLF001 (as with streams: what nats-py does not know stays)
    try:
        config = (await ask(f"{prefix}.CONSUMER.INFO.{stream}.{durable}"))["config"]
    except NotFoundError:
        await js.add_consumer(stream, _durable(durable, subjects))
        return
    # The server keeps a single one by another name.
    single = config.pop("filter_subject", None)
    if set(config.get("filter_subjects") or [single]) != set(subjects):
        asked = {"stream_name": stream, "config": {**config, "filter_subjects": list(subjects)}, "action": "update"}
        await ask(f"{prefix}.CONSUMER.DURABLE.CREATE.{stream}.{durable}", json.dumps(asked).encode())


def _durable(name: str, subjects: Sequence[str]) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subjects=list(subjects),
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=30,
        max_ack_pending=1024,
    )


async def _add(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    config = StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        max_age=spec.max_age_s,
        duplicate_window=spec.duplicate_window_s,
        retention=RetentionPolicy.WORK_QUEUE if spec.retention == "workqueue" else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        first_seq=_first_sequence(),
    )
    try:
        await js.add_stream(config)
    except BadRequestError:
        # Another process added it between the question and the answer.
        await js.stream_info(spec.name)


async def _put_subjects(js: JetStreamContext, name: str, subjects: list[str]) -> None:
    # As the server says and takes it: nats-py would leave out what a newer server knows and it does not.
    prefix, ask = js._prefix, js._api_request  # noqa: SLF001
    config = (await ask(f"{prefix}.STREAM.INFO.{name}"))["config"]
    await ask(f"{prefix}.STREAM.UPDATE.{name}", json.dumps({**config, "subjects": subjects}).encode())


def _first_sequence() -> int:
    """Where a new stream begins to count: hundred thousandths of a second since 2025, which a browser's numbers hold.

    Pages know their place by a sequence (decision 4). One that was made anew, after a restore or on a new disk, must
    not give a number again that its predecessor gave, or a page that comes back would skip what lies under it now.
    """
    return int((time.time() - _EPOCH_S) * 100_000)
