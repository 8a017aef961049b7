"""What NATS keeps for us: streams, and durable consumers of them."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from argus_contracts.bus import LIVE_BYTES, StreamSpec
from argus_kit.settings import Settings

log = structlog.get_logger(__name__)

# Streams count from the time of their making on, in a unit that no stream outruns: 2025-01-01.
_EPOCH_S = 1_735_689_600
_NAME_TAKEN = 10058
# No server has so much storage left to promise, or none of a cluster.
_NO_ROOM = frozenset({10005, 10023, 10047})
# Less would hold too little for a page that comes back.
_LEAST_BYTES = 64 * 2**20
# An hour after nobody asks for it any more the server forgets a durable of an older version.
_FORGOTTEN_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Keeping:
    """How streams are kept: copies of each, and the bytes of one whose oldest messages may go (0: no limit)."""

    replicas: int = 1
    live_bytes: int = LIVE_BYTES

    @classmethod
    def of(cls, settings: Settings) -> Keeping:
        """As the settings say."""
        return cls(settings.nats_replicas, settings.nats_live_mib * 2**20)

    def bytes_of(self, spec: StreamSpec) -> int:
        """The limit of a stream; work that waits to be done has none."""
        return self.live_bytes if spec.retention == "limits" else 0


KEEPING = Keeping()


async def ensure_stream(js: JetStreamContext, spec: StreamSpec, keeping: Keeping) -> None:
    """Make a stream that is not there, and give it the subjects and the limit that it lacks.

    How much is kept, for how long, where and in how many copies is said when it is made. From then on it is for whoever
    runs NATS to change.
    """
    try:
        known = (await js.stream_info(spec.name)).config
    except NotFoundError:
        await _add(js, spec, keeping)
        return
    subjects = known.subjects or []
    if not set(spec.subjects) <= set(subjects):
        # An upgrade brought subjects; those of a newer version beside us stay.
        await _change(js, spec.name, subjects=sorted({*subjects, *spec.subjects}))
    if keeping.bytes_of(spec) and (known.max_bytes or -1) < 0:
        # Made by a version that set none: it would grow until the server refused every message, of all streams.
        await _with_room(spec, keeping, lambda room: _change(js, spec.name, max_bytes=room))


async def ensure_consumer(
    js: JetStreamContext, stream: str, durable: str, subjects: Sequence[str], *, instead_of: Sequence[str] = ()
) -> None:
    """Make a durable consumer that is not there, and have one that is hear these subjects and no others.

    How long a message may be held, how many may be, and how often one comes again is said when it is made. From then on
    it is for whoever runs NATS to change. `instead_of` are those of an older version whose work it does: it begins
    where the slowest of them is. Replicas of that version may still run beside us: none is removed while it is asked.
    """
    before = [found for name in instead_of if (found := await _consumer(js, stream, name))]
    known = await _consumer(js, stream, durable)
    if known is None:
        begin = min((one["ack_floor"]["stream_seq"] + 1 for one in before), default=None)
        await js.add_consumer(stream, _durable(durable, subjects, begin))
    else:
        config = known["config"]
        if set(config.get("filter_subjects") or [config.get("filter_subject")]) != set(subjects):
            # The server keeps a single one by another name.
            config.pop("filter_subject", None)
            await _update(js, stream, durable, {**config, "filter_subjects": list(subjects)})
    for one in before:
        if not one["config"].get("inactive_threshold"):
            await _update(js, stream, one["name"], {**one["config"], "inactive_threshold": _FORGOTTEN_NS})


async def _consumer(js: JetStreamContext, stream: str, durable: str) -> dict[str, Any] | None:
    # As the server says and takes it, as with streams: what nats-py does not know stays.
    try:
        found: dict[str, Any] = await js._api_request(f"{js._prefix}.CONSUMER.INFO.{stream}.{durable}")  # noqa: SLF001
    except NotFoundError:
        return None
    return found


async def _update(js: JetStreamContext, stream: str, durable: str, config: dict[str, Any]) -> None:
    asked = json.dumps({"stream_name": stream, "config": config, "action": "update"}).encode()
    await js._api_request(f"{js._prefix}.CONSUMER.DURABLE.CREATE.{stream}.{durable}", asked)  # noqa: SLF001


def _durable(name: str, subjects: Sequence[str], begin: int | None) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subjects=list(subjects),
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL if begin is None else DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=begin,
        ack_wait=30,
        max_ack_pending=1024,
    )


async def _add(js: JetStreamContext, spec: StreamSpec, keeping: Keeping) -> None:
    config = StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        max_age=spec.max_age_s,
        duplicate_window=spec.duplicate_window_s,
        retention=RetentionPolicy.WORK_QUEUE if spec.retention == "workqueue" else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        num_replicas=keeping.replicas,
        allow_direct=True,
        first_seq=_first_sequence(),
    )

    async def add(room: int) -> None:
        config.max_bytes = room or None
        try:
            await js.add_stream(config)
        except APIError as error:
            if error.err_code != _NAME_TAKEN:
                raise
            # Another process added it between the question and the answer.

    await _with_room(spec, keeping, add)


async def _with_room(spec: StreamSpec, keeping: Keeping, put: Callable[[int], Awaitable[None]]) -> None:
    """Call `put` with the limit of a stream; a server that has not so much room set aside is asked for less.

    Raises:
        APIError: it takes not even the least, or refuses for another reason.
    """
    room = keeping.bytes_of(spec)
    while True:
        try:
            await put(room)
            return
        except APIError as error:
            if error.err_code not in _NO_ROOM or room // 2 < _LEAST_BYTES:
                raise
            log.warning("nats.less_room", stream=spec.name, asked_bytes=room, error=error.description)
            room //= 2


async def _change(js: JetStreamContext, name: str, **what: Any) -> None:
    # As the server says and takes it: nats-py would leave out what a newer server knows and it does not.
    prefix, ask = js._prefix, js._api_request  # noqa: SLF001
    config = (await ask(f"{prefix}.STREAM.INFO.{name}"))["config"]
    await ask(f"{prefix}.STREAM.UPDATE.{name}", json.dumps({**config, **what}).encode())


def _first_sequence() -> int:
    """Where a new stream begins to count: hundred thousandths of a second since 2025, which a browser's numbers hold.

    Pages know their place by a sequence (decision 4). One that was made anew, after a restore or on a new disk, must
    not give a number again that its predecessor gave, or a page that comes back would skip what lies under it now.
    """
    return int((time.time() - _EPOCH_S) * 100_000)
