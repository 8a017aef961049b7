"""Every bundle passes here, and of some events people are told.

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
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_notifier.alerts.events import is_worth_a_word, leaves, occurrences_of
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.alerts.telling import tell_all
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import Arrival
from argus_schema import ingest

log = structlog.get_logger(__name__)

_AT_ONCE = 200


class Alerts:
    """Reads all events and tells people of some."""

    name = "alerts"

    def __init__(self, platform: Platform, settings: NotifierSettings) -> None:
        self._platform = platform
        self._settings = settings

    async def take(self, arrived: Sequence[Arrival]) -> None:
        """Some bundles: in a storm a transaction for each costs more than what it counts."""
        parts = [part for one in arrived if is_worth_a_word(one.bundle) for part in self._parts(one.bundle)]
        parts.sort(key=_batch_key)
        for some in _at_once(parts):
            async with self._platform.write("notifier") as transaction:
                told = [await _without_leaving(transaction.connection, part) for part in some]
                await tell_all(transaction, self._platform, self._settings, told)

    def _parts(self, bundle: wire.EventBundle) -> list[Sequence[Occurrence]]:
        """What a bundle says that happened, and lately: some at a time where it is much."""
        try:
            found = occurrences_of(bundle)
        except (msgspec.MsgspecError, ValueError) as error:
            log.warning("alerts.unreadable", batch_id=bundle.batch_id, error=str(error))
            return []
        # A machine that was cut off tells late and is heard; weeks that are brought in from elsewhere are history.
        since = now() - timedelta(hours=self._settings.told_within_h)
        occurrences = [one for one in found if one.at >= since]
        return [occurrences[begin : begin + _AT_ONCE] for begin in range(0, len(occurrences), _AT_ONCE)]


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
