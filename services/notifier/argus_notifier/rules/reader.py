"""Rules about metrics and silence: they are asked of the jobs that changed, and of no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argus_contracts import bus as wire
from argus_contracts.events import EventType
from argus_kit.clock import now
from argus_kit.leases import take_turn
from argus_kit.platform import Platform
from argus_notifier.alerts.events import batch_of
from argus_notifier.alerts.occurrences import Batch
from argus_notifier.alerts.telling import tell
from argus_notifier.rules import repository
from argus_notifier.rules.asking import holding
from argus_notifier.rules.known import Known, Rules
from argus_notifier.rules.saying import spoken
from argus_notifier.rules.watching import Watch, step
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import Arrival

_PROGRESS: Final = frozenset(
    {EventType.JOB_START, EventType.JOB_EPOCH, EventType.JOB_STEP, EventType.JOB_CHECKPOINT, EventType.BATCH_RESUMED}
)
_CHANGES: Final = _PROGRESS | {EventType.JOB_DONE, EventType.JOB_FAILED}
# These change what all jobs are called that have not ended.
_ENDS: Final = frozenset({EventType.BATCH_DONE, EventType.BATCH_FAILED, EventType.BATCH_STOPPED})
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What bundles of a batch say of its jobs."""

    changed: frozenset[str]
    heard: frozenset[str]
    is_over: bool


def change_of(heads: Sequence[wire.EventHead]) -> Change:
    """Which jobs changed, which of them made a step, and whether the batch ended. Pure."""
    changed = {head.job_id for head in heads if head.job_id and head.event_type in _CHANGES}
    heard = {head.job_id for head in heads if head.job_id and head.event_type in _PROGRESS}
    return Change(frozenset(changed), frozenset(heard), any(head.event_type in _ENDS for head in heads))


class RuleReader:
    """Reads all events, and asks the rules that may be about their batch."""

    name = "rules"

    def __init__(self, platform: Platform, settings: NotifierSettings, rules: Rules) -> None:
        self._platform = platform
        self._settings = settings
        self._rules = rules

    async def take(self, arrived: Sequence[Arrival]) -> None:
        """Some bundles; of each batch rules are asked once."""
        rules = [one for one in await self._rules.all() if one.row.watches != "events"]
        if not rules:
            return
        bundles: dict[int, list[wire.EventBundle]] = {}
        for one in arrived:
            bundles.setdefault(one.bundle.batch_key, []).append(one.bundle)
        for some in bundles.values():
            await self._ask(rules, some)

    async def _ask(self, rules: Sequence[Known], bundles: Sequence[wire.EventBundle]) -> None:
        """Of what these bundles of one batch say."""
        change = change_of([head for bundle in bundles for head in bundle.heads])
        if not change.changed and not change.is_over:
            return
        # The last one knows best in which project the batch is.
        batch = batch_of(bundles[-1])
        meant = [one for one in rules if one.concerns(batch.owner_id, batch.project)]
        if not meant:
            return
        jobs = sorted(change.changed)
        for begin in range(0, len(jobs), _AT_ONCE):
            part = jobs[begin : begin + _AT_ONCE]
            await evaluate(self._platform, self._settings, meant, batch, part, heard=change.heard)
        if change.is_over:
            await evaluate(self._platform, self._settings, meant, batch, None)


async def evaluate(
    platform: Platform,
    settings: NotifierSettings,
    rules: Sequence[Known],
    batch: Batch,
    job_ids: Collection[str] | None,
    *,
    heard: Collection[str] = (),
) -> None:
    """Ask rules of jobs of a batch, remember the answers, and speak. Without `job_ids`: of all that have not ended."""
    at = now()
    async with platform.database.read() as connection:
        held = await holding(connection, [one.asked for one in rules], batch.key, job_ids, at)
        meant = set(job_ids) if job_ids is not None else {job_id for jobs in held.values() for job_id in jobs}
        watches = await repository.watches(connection, list(held), batch.key, meant)
    # Nearly always nothing is new, and the writer's place is left to others.
    if not _steps(rules, held, watches, job_ids=meant, at=at, heard=heard)[0]:
        return
    async with platform.write("notifier") as transaction:
        await take_turn(transaction.connection, f"notifier.rules.{batch.key}")
        watches = await repository.watches(transaction.connection, list(held), batch.key, meant)
        changes, firing = _steps(rules, held, watches, job_ids=meant, at=at, heard=heard)
        await repository.remember(transaction.connection, batch.key, changes)
        said = [
            one
            for rule in rules
            if rule.row.id in firing
            for one in await spoken(transaction.connection, rule, batch, sorted(firing[rule.row.id]), at)
        ]
        await tell(transaction, platform, settings, said)


def _steps(
    rules: Sequence[Known],
    held: Mapping[int, set[str]],
    watches: Mapping[repository.Watched, Watch],
    *,
    job_ids: Collection[str],
    at: datetime,
    heard: Collection[str],
) -> tuple[dict[repository.Watched, Watch | None], dict[int, set[str]]]:
    """What is to be remembered anew, and the jobs of which each rule speaks now."""
    changes: dict[repository.Watched, Watch | None] = {}
    firing: dict[int, set[str]] = {}
    for rule in rules:
        row = rule.row
        for job_id in job_ids:
            before = watches.get((row.id, job_id))
            hears = row.watches == "silence" and job_id in heard
            after, fires = step(before, holds=job_id in held[row.id], at=at, for_s=row.for_s, hears=hears)
            if after != before:
                changes[row.id, job_id] = after
            if fires:
                firing.setdefault(row.id, set()).add(job_id)
    return changes, firing
