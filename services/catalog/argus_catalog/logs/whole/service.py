"""Pages of a log: by place, around a line, since a time; and what a search finds in a bounded part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.logs.whole import repository
from argus_catalog.logs.whole.outline import STRIDE, Log, Outline, Outlines
from argus_catalog.logs.whole.repository import Row, Wanted
from argus_catalog.logs.whole.schemas import LogPage, LogRow, LogScan

# One request of a search looks at so many lines, a few hundredths of a second; then the caller sees how far it came.
SCANNED_AT_ONCE: Final = 25 * STRIDE


class Place(NamedTuple):
    """Where a page stands: from the place `line`, beside one of the ids, or at a time. None of them: at the end."""

    line: int | None = None
    before: int | None = None
    after: int | None = None
    around: int | None = None
    at: datetime | None = None


async def page(
    connection: AsyncConnection, outlines: Outlines, log: Log, place: Place, *, wanted: Wanted, limit: int
) -> LogPage:
    """A page of a log. With a text or a level only matching lines, with how far the search came."""
    outline = await outlines.of(connection, log)
    if not outline.marks:
        return LogPage(items=[], total=0, scanned=None)
    reader = _Reader(connection, log, outline)
    if wanted.conditions():
        return await reader.found(place, wanted, limit)
    rows, first = await reader.lines(await reader.first_of(place, limit), limit, place)
    return LogPage(items=await reader.shown(rows, first), total=outline.total, scanned=None)


class _Reader(NamedTuple):
    """One log, as its outline shows it."""

    connection: AsyncConnection
    log: Log
    outline: Outline

    async def place_of(self, line_id: int) -> int:
        """How many lines stand before an id."""
        mark = self.outline.mark_before(line_id)
        if mark < 0:
            return 0
        begun = self.outline.marks[mark]
        return mark * STRIDE + await repository.count_between(self.connection, self.log, begun, line_id)

    async def first_of(self, place: Place, limit: int) -> int:
        """The place of the first line of a page."""
        if place.line is not None:
            return min(place.line, self.outline.total)
        if place.before is not None:
            return max(0, await self.place_of(place.before) - limit)
        if place.after is not None:
            return await self.place_of(place.after + 1)
        if place.around is not None:
            return max(0, await self.place_of(place.around) - limit // 2)
        if place.at is not None:
            return max(0, await self.place_at(place.at) - limit // 2)
        return max(0, self.outline.total - limit)

    async def lines(self, first: int, limit: int, place: Place) -> tuple[Sequence[Row], int]:
        """Lines from a place on."""
        if place.before is not None:
            limit = min(limit, await self.place_of(place.before) - first)
        if limit <= 0 or first >= self.outline.total:
            return [], first
        mark, skip = divmod(first, STRIDE)
        rows = await repository.from_mark(self.connection, self.log, self.outline.marks[mark], skip, limit)
        return rows, first

    async def place_at(self, at: datetime) -> int:
        """The place of the first line that was written at a time or later."""
        low, high = 0, len(self.outline.marks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            written = await repository.time_of(self.connection, self.log, self.outline.marks[middle])
            low, high = (middle, high) if written is not None and written < at else (low, middle - 1)
        mark = self.outline.marks[low]
        return low * STRIDE + await repository.places_since(self.connection, self.log, mark, STRIDE, at)

    async def found(self, place: Place, wanted: Wanted, limit: int) -> LogPage:
        """What matches in the part of the log before an id, or after one, or from a place on."""
        is_forward = place.after is not None or place.line is not None
        scan = await (self._ahead(place) if is_forward else self._back(place))
        if scan is None:
            return LogPage(items=[], total=self.outline.total, scanned=None)
        end = None if scan.to_line >= self.outline.total else scan.to_id
        ids = (scan.from_id, end)
        rows = await repository.search(self.connection, self.log, wanted, ids, limit + 1, newest=not is_forward)
        rows, is_cut = rows[:limit], len(rows) > limit
        items = await self.shown(sorted(rows, key=lambda row: row.id), scan.from_line)
        if is_cut and is_forward:
            scan = scan.model_copy(update={"to_line": items[-1].n + 1, "to_id": items[-1].id + 1})
        elif is_cut:
            scan = scan.model_copy(update={"from_line": items[0].n, "from_id": items[0].id})
        return LogPage(items=items, total=self.outline.total, scanned=scan)

    async def _back(self, place: Place) -> LogScan | None:
        total, marks = self.outline.total, self.outline.marks
        end = total if place.before is None else await self.place_of(place.before)
        if end == 0:
            return None
        mark = max(0, (end - SCANNED_AT_ONCE + STRIDE - 1) // STRIDE)
        to_id = place.before if place.before is not None else await self._after_last()
        return LogScan(from_line=mark * STRIDE, to_line=end, from_id=marks[mark], to_id=to_id)

    async def _ahead(self, place: Place) -> LogScan | None:
        total, marks = self.outline.total, self.outline.marks
        begin = await self.first_of(place, 0)
        if begin >= total:
            return None
        (row,) = await repository.from_mark(self.connection, self.log, marks[begin // STRIDE], begin % STRIDE, 1)
        mark = (begin + SCANNED_AT_ONCE) // STRIDE
        is_last = mark >= len(marks)
        to_id = await self._after_last() if is_last else marks[mark]
        return LogScan(from_line=begin, to_line=total if is_last else mark * STRIDE, from_id=row.id, to_id=to_id)

    async def _after_last(self) -> int:
        rows = await repository.tail(self.connection, self.log, 1)
        return int(rows[-1].id) + 1

    async def shown(self, rows: Sequence[Row], first: int) -> list[LogRow]:
        """Rows as the wire shows them. Rows of a search tell their place in the range that begins at `first`."""
        facts = await repository.facts_of(self.connection, self.log.batch_key, [row.id for row in rows])
        return [
            LogRow(
                id=row.id,
                n=first + getattr(row, "rn", offset),
                event_id=row.event_id,
                ts=row.at,
                job_id=row.job_id,
                level=row.level,
                stream=stream_of(facts.get(row.id)),
                dropped=dropped_of(facts.get(row.id)),
                line=row.line,
            )
            for offset, row in enumerate(rows)
        ]


def stream_of(facts: Row | None) -> str | None:
    """Where the run printed a line: stdout, stderr, or not told."""
    return facts.stream if facts is not None and facts.stream in {"stdout", "stderr"} else None


def dropped_of(facts: Row | None) -> int | None:
    """For how many lines a line stands that were not sent; the sender may have told anything."""
    told = None if facts is None or facts.dropped is None else str(facts.dropped)
    return int(told) if told is not None and told.isascii() and told.isdigit() and len(told) < 10 else None
