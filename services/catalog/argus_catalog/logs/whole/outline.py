"""Where each line of a log stands: the id of every thousandth line, so that a page in the middle of a million is found
without counting from the beginning.

Ids are given under the lock of the batch's row, so they are stored in their order: a known outline only grows at its
end. Retention removes the oldest lines, and then the first id is another one and the outline is made anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.parts import Part
from argus_schema import ingest

STRIDE: Final = 1_000
# An outline of a million lines is a thousand numbers.
_MOST_KEPT: Final = 512

line = ingest.log_line.c


class Log(NamedTuple):
    """The lines of a batch, or of one job of it."""

    batch_key: int
    job_id: str | None = None

    def holds(self) -> sa.ColumnElement[bool]:
        """The condition on its lines."""
        in_batch = line.batch_key == self.batch_key
        return in_batch if self.job_id is None else sa.and_(in_batch, line.job_id == self.job_id)


class Outline(NamedTuple):
    """`marks[k]` is the id of line `k * STRIDE`; lines are counted from 0."""

    marks: tuple[int, ...]
    total: int

    def mark_before(self, line_id: int) -> int:
        """The number of the last mark that is not after this id; -1 when all are."""
        return bisect_right(self.marks, line_id) - 1


EMPTY: Final = Outline((), 0)


class Outlines(Part):
    """The outlines of the logs that were read last, in this process."""

    name = "log-outlines"

    def __init__(self) -> None:
        self._kept: OrderedDict[Log, Outline] = OrderedDict()

    async def of(self, connection: AsyncConnection, log: Log) -> Outline:
        """The outline of a log as it is now. What was known before is not counted again."""
        first = (await connection.execute(sa.select(sa.func.min(line.id)).where(log.holds()))).scalar()
        if first is None:
            self._kept.pop(log, None)
            return EMPTY
        known = self._kept.get(log)
        begun = known.marks if known is not None and known.marks[0] == first else (first,)
        found = await _extended(connection, log, begun)
        self._kept[log] = found
        self._kept.move_to_end(log)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found


async def _extended(connection: AsyncConnection, log: Log, marks: tuple[int, ...]) -> Outline:
    further = await _marks_after(connection, log, marks[-1])
    marks = (*marks, *further)
    rest = sa.select(sa.func.count()).select_from(ingest.log_line).where(log.holds(), line.id >= marks[-1])
    return Outline(marks, (len(marks) - 1) * STRIDE + (await connection.execute(rest)).scalar_one())


async def _marks_after(connection: AsyncConnection, log: Log, mark: int) -> list[int]:
    # From one mark to the next in the index, in one statement: it reads no line.
    chain = sa.select(sa.literal(mark, ingest.log_line.c.id.type).label("id")).cte("chain", recursive=True)
    following = ingest.log_line.alias()
    in_log = following.c.batch_key == log.batch_key
    if log.job_id is not None:
        in_log = sa.and_(in_log, following.c.job_id == log.job_id)
    next_id = (
        sa.select(following.c.id)
        .where(in_log, following.c.id > chain.c.id)
        .order_by(following.c.id)
        .limit(1)
        .offset(STRIDE - 1)
        .scalar_subquery()
    )
    chain = chain.union_all(sa.select(next_id).where(chain.c.id.is_not(None)))
    query = sa.select(chain.c.id).where(chain.c.id.is_not(None), chain.c.id != mark).order_by(chain.c.id)
    return list((await connection.execute(query)).scalars())
