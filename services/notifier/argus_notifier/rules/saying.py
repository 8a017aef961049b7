"""What a rule says, to whom and in which ways: occurrences of the kind `rule`, for `alerts.telling` to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.access import is_member, people_with_access
from argus_notifier.alerts.occurrences import Batch, Occurrence, Ways
from argus_notifier.rules import repository
from argus_notifier.rules.asking import values
from argus_notifier.rules.known import Known
from argus_notifier.rules.quiet import quiet_until
from argus_notifier.rules.watching import throttled
from argus_schema.roles import Role

# Beyond these a message counts jobs, and does not tell of each what it reached.
_MOST_TOLD: Final = 50
_LONGEST_VALUE: Final = 60


async def spoken(
    connection: AsyncConnection, rule: Known, batch: Batch, job_ids: Sequence[str], at: datetime
) -> list[Occurrence]:
    """What a rule says of jobs of a batch whose condition holds for long enough: nothing, where it is throttled."""
    may_say, unsaid = await _takes_the_word(connection, rule, at, len(job_ids))
    if not may_say:
        return []
    known = await values(connection, rule.asked, batch.key, job_ids[:_MOST_TOLD])
    facts = await _facts(connection, rule, batch, at)
    return [
        Occurrence(
            key=f"rule:{rule.row.id}:{batch.key}:{job_id}:{at.timestamp():.3f}",
            batch=batch,
            job_id=job_id,
            data=_data(rule, f"{batch.id} / {job_id}", lines_of(rule, known.get(job_id, {}), unsaid)),
            **facts,
        )
        for job_id in job_ids
    ]


async def repeated(
    connection: AsyncConnection, rule: Known, occurrences: Sequence[Occurrence], at: datetime
) -> list[Occurrence]:
    """What a rule says of what happened, which is what its kind says; of one batch or host, and of one kind."""
    may_say, unsaid = await _takes_the_word(connection, rule, at, len(occurrences))
    if not may_say:
        return []
    first = occurrences[0]
    facts = await _facts(connection, rule, first.batch, at)
    return [
        Occurrence(
            key=f"rule:{rule.row.id}:{one.key}",
            batch=one.batch,
            job_id=one.job_id,
            host=one.host,
            data=_data(rule, _subject(one), [one.kind, *([one.reason] if one.reason else []), *_more(unsaid)]),
            **facts,
        )
        for one in occurrences
    ]


def lines_of(rule: Known, known: Mapping[str, Any], unsaid: int) -> list[str]:
    """Why, in signs that every language reads: the condition, and what its fields are."""
    row = rule.row
    lasted = f" ({_lasting(row.for_s)})" if row.for_s else ""
    lines = [f"{row.condition}{lasted}".strip()] if row.condition or lasted else []
    lines += [f"{name} = {_short(value)}" for name, value in known.items() if value is not None]
    return [*lines, *_more(unsaid)]


async def _takes_the_word(connection: AsyncConnection, rule: Known, at: datetime, count: int) -> tuple[bool, int]:
    """Whether a rule may speak now, and how often it kept still before."""
    before = await repository.throttle_of(connection, rule.row.id)
    if before is None:
        return False, 0
    after, may_say = throttled(before, at=at, throttle_s=rule.row.throttle_s, count=count)
    await repository.put_throttle(connection, rule.row.id, after)
    return may_say, before.unsaid


async def _facts(connection: AsyncConnection, rule: Known, batch: Batch | None, at: datetime) -> dict[str, Any]:
    row = rule.row
    people = {row.added_by_user_id}
    if row.project is not None and batch is not None and await _speaks_for_all(connection, rule):
        people = await people_with_access(connection, batch.id, batch.owner_id, batch.project)
    ways = Ways(
        inbox="inbox" in row.channels,
        mail="mail" in row.channels,
        channels=frozenset(way for way in row.channels if isinstance(way, int)),
        until=quiet_until(rule.quiet, at, row.severity),
        rule_id=row.id,
        grouped=row.grouped,
    )
    return {"kind": "rule", "severity": row.severity, "at": at, "to": frozenset(people), "ways": ways}


async def _speaks_for_all(connection: AsyncConnection, rule: Known) -> bool:
    """Whether a project's rule may write to its people: one that somebody with a part in it made tells its maker."""
    row = rule.row
    return bool(row.is_admin) or await is_member(connection, row.added_by_user_id, row.project, Role.EDITOR)


def _data(rule: Known, subject: str, lines: Sequence[str]) -> dict[str, Any]:
    return {"title": f"{rule.row.name} · {subject}", "text": "\n".join(lines), "name": rule.row.name}


def _subject(one: Occurrence) -> str:
    return " / ".join(part for part in (one.batch_id or one.host, one.job_id) if part) or one.kind


def _more(unsaid: int) -> list[str]:
    return [f"(+{unsaid})"] if unsaid else []


def _lasting(seconds: int) -> str:
    """As the query language writes it: 30m, 2h, 90s."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{timedelta(seconds=seconds).total_seconds():.0f}s"


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
