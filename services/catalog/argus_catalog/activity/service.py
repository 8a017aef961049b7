"""Events as people read them: what it was, of which job, who asked for it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef
from argus_catalog.activity import repository
from argus_catalog.activity.repository import Row
from argus_catalog.activity.schemas import BatchActivity, Happening
from argus_catalog.derivations.alerts import alert_text
from argus_catalog.derivations.metrics import number
from argus_contracts.event_rows import TYPE_CODES, TYPES_BY_CODE
from argus_contracts.events import EventType

_DETAILS: Final = ("reason", "error", "message", "note")
_ASKERS: Final = ("requested_by", "by", "actor")
_LONGEST: Final = 300


async def activity(
    connection: AsyncConnection, batch: BatchRef, *, before: int | None, limit: int, with_jobs: bool
) -> BatchActivity:
    """The newest happenings of a batch, of its jobs too where that is wanted."""
    codes = repository.TOLD if with_jobs else repository.OF_THE_BATCH
    rows = await repository.happenings(connection, batch.batch_key, before, limit + 1, codes)
    shown = rows[:limit]
    return BatchActivity(
        items=[_happening(row) for row in shown], next_before=shown[-1].id if len(rows) > limit else None
    )


def _happening(row: Row) -> Happening:
    data: Mapping[str, Any] = row.data if isinstance(row.data, dict) else {}
    took = number(data.get("elapsed_s"))
    is_alert = row.type_code == TYPE_CODES[EventType.ALERT]
    return Happening(
        id=row.id,
        event_type=TYPES_BY_CODE.get(row.type_code, str(row.type_code)),
        at=row.at,
        job_id=row.job_id,
        model=row.model,
        dataset=row.dataset,
        status=_text(data.get("level") or "info") if is_alert else _text(data.get("status")),
        elapsed_s=None if took is None else int(took),
        by=_first(data, _ASKERS),
        detail=_text(alert_text(data)) if is_alert else _first(data, _DETAILS),
    )


def _first(data: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := _text(data.get(name))) is not None), None)


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    line = value.strip()
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
