"""Makes moments and runs of what was read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from argus_catalog.derivations.alerts import alert_text
from argus_catalog.logs.levels import ERRORS
from argus_catalog.logs.whole.schemas import LogRow
from argus_catalog.timeline.schemas import Happening, Moment, Run
from argus_contracts.event_rows import TYPES_BY_CODE
from argus_contracts.events import EventType

Row = Any

_NOTED: Final[dict[str, Happening]] = {
    EventType.BATCH_STOP_REQUESTED: "stop_requested",
    EventType.BATCH_STALLED: "stalled",
    EventType.BATCH_DIVERGED: "diverged",
    EventType.BATCH_PAUSE_REQUESTED: "pause_requested",
    EventType.BATCH_PAUSED: "paused",
    EventType.BATCH_RESUMED: "continued",
    EventType.JOB_IDLE_FLAGGED: "idle",
    EventType.JOB_IDLE_RECOVERED: "busy_again",
    EventType.ALERT: "alert",
}
_ENDS: Final = frozenset({EventType.JOB_DONE, EventType.JOB_FAILED})
_STARTS: Final = EventType.JOB_START
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
# More of them hide everything else; the log has a filter for the rest.
MOST_WARNINGS: Final = 12
_LONGEST: Final = 300


def runs_of(row: Row, events: Sequence[Row], first_sign: datetime | None, *, is_over: bool) -> list[Run]:
    """The runs of a job, the first one first. An end that nothing told of is the next start's: unknown, so null."""
    resumes = [_resume(one) for one in row.resumes or ()]
    first_start = _first_start(row, events, first_sign, is_resumed=bool(resumes))
    if first_start is None:
        return []
    starts: list[tuple[datetime, int | None]] = [(first_start, None)]
    starts += [(at, epoch) for at, epoch in resumes if at > first_start]
    ends = [one.at for one in events if _type(one) in _ENDS]
    found = []
    for place, (start, epoch) in enumerate(starts):
        following = starts[place + 1][0] if place + 1 < len(starts) else None
        if following is None:
            end = row.end_time if is_over else None
        else:
            end = max((at for at in ends if start <= at <= following), default=None)
        found.append(Run(start=start, end=end, epoch=epoch))
    return found


def moments_of(
    row: Row,
    runs: Sequence[Run],
    *,
    events: Sequence[Row],
    files: Sequence[Row],
    lines: Sequence[LogRow],
    ending: str | None,
) -> list[Moment]:
    """Everything that happened, in the order of time; what happened together stays in the order of its kind."""
    found: list[Moment] = []
    found += [
        Moment(at=run.start, kind="resumed" if place else "started", epoch=run.epoch) for place, run in enumerate(runs)
    ]
    if row.first_epoch_at is not None:
        found.append(Moment(at=row.first_epoch_at, kind="first_epoch"))
    begun = runs[0].start if runs else None
    found += [
        moment for one in events if (moment := _noted(one)) is not None and _within(moment.at, begun, row.end_time)
    ]
    found += _stop_of_the_row(row, found)
    found += [
        Moment(at=file.created_at, kind="artifact", text=file.filename, artifact_id=file.id, size_bytes=file.size_bytes)
        for file in files
    ]
    found += _warnings(lines)
    if ending is not None:
        found.append(Moment(at=row.end_time, kind=_end_kind(ending), text=_cut(row.reason)))
    return sorted(found, key=lambda moment: moment.at)


def _first_start(row: Row, events: Sequence[Row], sign: datetime | None, *, is_resumed: bool) -> datetime | None:
    if not is_resumed:
        return row.start_time  # type: ignore[no-any-return]
    starts = [one.at for one in events if _type(one) == _STARTS]
    return min((at for at in (*starts, sign, row.start_time) if at is not None), default=None)


def _resume(told: Mapping[str, Any]) -> tuple[datetime, int | None]:
    epoch = told.get("epoch")
    return datetime.fromtimestamp(told["at"], UTC), epoch if isinstance(epoch, int) else None


def _noted(row: Row) -> Moment | None:
    kind = _NOTED.get(_type(row))
    if kind is None:
        return None
    data = row.data or {}
    if kind == "alert":
        return Moment(at=row.at, kind=kind, text=_cut(alert_text(data)), level=data.get("level") or "info")
    told = data.get("requested_by") or data.get("reason") or data.get("job_id")
    epoch = data.get("epoch")
    return Moment(
        at=row.at,
        kind=kind,
        text=_cut(told if isinstance(told, str) else None),
        epoch=epoch if isinstance(epoch, int) and not isinstance(epoch, bool) else None,
    )


def _within(at: datetime, begin: datetime | None, end: datetime | None) -> bool:
    # Of the batch's own moments only those that fell into the job's life.
    return (begin is None or at >= begin) and (end is None or at <= end)


def _stop_of_the_row(row: Row, found: Sequence[Moment]) -> list[Moment]:
    # The event may be older than what was looked at, or gone by retention; the batch's row still knows.
    known = any(moment.kind == "stop_requested" for moment in found)
    at = row.stop_requested_at
    if known or at is None or not _within(at, row.start_time, row.end_time):
        return []
    return [Moment(at=at, kind="stop_requested", text=row.stop_requested_by)]


def _warnings(lines: Sequence[LogRow]) -> list[Moment]:
    """Lines that say the same but for their numbers are one moment, at the time of the first. Of a traceback the last
    line speaks, which names the exception.
    """
    groups: dict[str, list[LogRow]] = {}
    for line in _ends_of_blocks(lines):
        groups.setdefault(_NUMBERS.sub("#", line.line)[:_LONGEST], []).append(line)
    newest = sorted(groups.values(), key=lambda group: group[-1].id)[-MOST_WARNINGS:]
    return [
        Moment(
            at=group[0].ts,
            kind="error" if group[0].level.lower() in ERRORS else "warning",
            text=_cut(group[0].line),
            line_id=group[0].id,
            count=len(group),
        )
        for group in newest
    ]


def _ends_of_blocks(lines: Sequence[LogRow]) -> list[LogRow]:
    found: list[LogRow] = []
    for line in lines:
        last = found[-1] if found else None
        if last is not None and last.n + 1 == line.n and {last.level.lower(), line.level.lower()} <= ERRORS:
            found[-1] = line
        else:
            found.append(line)
    return found


def _end_kind(status: str) -> Happening:
    match status:
        case "done" | "failed" | "lost":
            return status
        case _:
            return "ended"


def _type(row: Row) -> str:
    return TYPES_BY_CODE.get(row.type_code, "")


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
