"""The durable consumer: every bundle passes here once, and of some events people are told.

What some bundles give rise to is one transaction, and each row has a key of its own, so a bundle that comes again after
a crash changes nothing, whatever comes with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.bus import Message
from argus_kit.clock import now
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.events import is_worth_a_word, leaves, occurrences_of
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.telling import tell_all
from argus_notifier.settings import NotifierSettings
from argus_schema import ingest

log = structlog.get_logger(__name__)

_AT_ONCE = 200


class AlertConsumer(Part):
    """Reads all events and tells people of some."""

    name = "alerts"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.consume_many(wire.LIVE_STREAM, "notifier", [wire.ALL_EVENTS], self.handle_all)

    async def handle_all(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Some bundles: in a storm a transaction for each costs more than what it counts. Returns what is no bundle."""
        parts: list[Sequence[Occurrence]] = []
        unreadable: list[Message] = []
        for message in messages:
            try:
                parts += self._parts(message)
            except (msgspec.MsgspecError, ValueError) as error:
                log.warning("alerts.unreadable", subject=message.subject, error=str(error))
                unreadable.append(message)
        parts.sort(key=_batch_key)
        try:
            for some in _at_once(parts):
                await self._tell(some)
        except Exception:
            if len(parts) == 1:
                raise
            # One that cannot be told holds up nobody: what was told already changes nothing.
            log.warning("alerts.one_by_one", exc_info=True)
            await self._tell_each(parts)
        return unreadable

    async def handle(self, message: Message) -> None:
        """One bundle."""
        await self.handle_all([message])

    def _parts(self, message: Message) -> list[Sequence[Occurrence]]:
        """What a bundle says that happened, and lately: some at a time where it is much."""
        bundle = wire.decode(wire.EventBundle, message.data)
        found = occurrences_of(bundle) if is_worth_a_word(bundle) else []
        # A machine that was cut off tells late and is heard; weeks that are brought in from elsewhere are history.
        since = now() - timedelta(hours=self._settings.told_within_h)
        occurrences = [one for one in found if one.at >= since]
        return [occurrences[begin : begin + _AT_ONCE] for begin in range(0, len(occurrences), _AT_ONCE)]

    async def _tell_each(self, parts: Sequence[Sequence[Occurrence]]) -> None:
        """All that can be told; then the first failure, so that the rest is tried again."""
        failures: list[Exception] = []
        for part in parts:
            try:
                await self._tell([part])
            except Exception as error:  # noqa: BLE001 (it is raised when all were tried)
                failures.append(error)
        if failures:
            raise failures[0]

    async def _tell(self, parts: Sequence[Sequence[Occurrence]]) -> None:
        async with self._platform.write("notifier") as transaction:
            told = [await _without_leaving(transaction.connection, part) for part in parts]
            await tell_all(transaction, self._platform, self._settings, told)


def _batch_key(part: Sequence[Occurrence]) -> int:
    return part[0].batch.key if part[0].batch is not None else 0


def _at_once(parts: Sequence[Sequence[Occurrence]]) -> Iterator[Sequence[Sequence[Occurrence]]]:
    """Parts for one transaction each."""
    some: list[Sequence[Occurrence]] = []
    for part in parts:
        if some and sum(map(len, some)) + len(part) > _AT_ONCE:
            yield some
            some = []
        some.append(part)
    if some:
        yield some


async def _without_leaving(connection: AsyncConnection, part: Sequence[Occurrence]) -> Sequence[Occurrence]:
    """The same without those by which one of several processes leaves a batch that goes on."""
    leaving = next((one for one in part if leaves(one)), None)
    if leaving is None or leaving.batch is None or not await _others_run(connection, leaving.batch.key):
        return part
    return [one for one in part if not leaves(one)]


async def _others_run(connection: AsyncConnection, batch_key: int) -> bool:
    job = ingest.job.c
    running = sa.select(job.job_no).where(job.batch_key == batch_key, job.status == "running").limit(1)
    return (await connection.execute(running)).first() is not None
