"""What a rule waits for by the clock: a condition that held long enough, a silence that lasted."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Final

from argus_kit.clock import now
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform
from argus_notifier.alerts.occurrences import Batch
from argus_notifier.rules import repository
from argus_notifier.rules.known import Rules
from argus_notifier.rules.reader import evaluate
from argus_notifier.settings import NotifierSettings

_AT_ONCE: Final = 1000
_REMEMBERED: Final = timedelta(days=90)


class RuleTimer(LeasedLoop):
    """Asks again what is due: rows by an index, and the jobs that they name."""

    def __init__(self, platform: Platform, settings: NotifierSettings, rules: Rules) -> None:
        super().__init__(platform.database, "notifier.rule-timer", every_s=settings.rule_look_s)
        self._platform = platform
        self._settings = settings
        self._rules = rules

    async def work(self) -> None:
        """One round: all that is due."""
        async with self._platform.database.read() as connection:
            rows = await repository.due(connection, now(), _AT_ONCE)
            known = {one.row.id: one for one in await self._rules.all(connection)} if rows else {}
        if not rows:
            return
        jobs: defaultdict[tuple[int, Batch], set[str]] = defaultdict(set)
        for row in rows:
            jobs[row.rule_id, Batch(row.batch_key, row.id, row.project, row.owner_id)].add(row.job_id)
        for (rule_id, batch), job_ids in jobs.items():
            if rule_id in known:
                await evaluate(self._platform, self._settings, [known[rule_id]], batch, job_ids)
        if lost := [row for row in rows if row.rule_id not in known]:
            # Of rules that are off: they begin anew when they are on again.
            async with self._platform.database.write() as connection:
                for row in sorted(lost, key=lambda row: (row.rule_id, row.batch_key, row.job_id)):
                    await repository.remember(connection, row.batch_key, {(row.rule_id, row.job_id): None})


class RuleMemory(LeasedLoop):
    """Forgets, once an hour, what rules no longer need to know."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.database, "notifier.rule-memory", every_s=3600.0)
        self._platform = platform

    async def work(self) -> None:
        """One round."""
        async with self._platform.database.write() as connection:
            await repository.forget_old(connection, now() - _REMEMBERED)
