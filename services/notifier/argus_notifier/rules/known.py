"""The rules that are on, ready to be asked; read again after a moment, when there is something to ask about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.database import Database
from argus_notifier.rules import repository
from argus_notifier.rules.asking import Asked, Viewer, asked
from argus_notifier.rules.quiet import QuietHours
from argus_query.errors import QueryError

log = structlog.get_logger(__name__)

# A new rule is heeded after this. Bundles come many times a second, rules change a few times a day.
_FRESH_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """A rule that is on."""

    row: sa.Row[Any]
    asked: Asked
    quiet: QuietHours | None

    def concerns(self, owner_id: int | None, project: str) -> bool:
        """Whether it may be about a batch of this owner in this project: the rest is asked of the database."""
        if self.row.project is not None:
            return bool(self.row.project == project)
        return bool(self.row.scope == "all" or self.row.user_id == owner_id)


def known(row: sa.Row[Any]) -> Known:
    """A row of `rule` with its `is_admin`, ready to be asked.

    Raises:
        QueryError: its condition is none.
    """
    viewer = Viewer(row.added_by_user_id, row.is_admin, row.project)
    is_own = row.project is None and row.scope == "mine"
    condition = asked(row.id, row.condition, viewer, is_own=is_own, is_about_silence=row.watches == "silence")
    return Known(row, condition, QuietHours.of(row.quiet_hours))


class Rules:
    """All rules that are on, as of a moment ago."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rules: Sequence[Known] = ()
        self._until = 0.0

    async def all(self, connection: AsyncConnection | None = None) -> Sequence[Known]:
        """Them."""
        if time.monotonic() >= self._until:
            if connection is not None:
                rows = await repository.awake(connection)
            else:
                async with self._database.read() as opened:
                    rows = await repository.awake(opened)
            self._rules = [one for row in rows if (one := _usable(row)) is not None]
            self._until = time.monotonic() + _FRESH_S
        return self._rules

    def forget(self) -> None:
        """Read them again the next time."""
        self._until = 0.0


def _usable(row: sa.Row[Any]) -> Known | None:
    try:
        return known(row)
    except (QueryError, LookupError, ValueError, OSError) as error:
        # It was usable when it was saved: a field or a time zone is gone since.
        log.warning("rule.unusable", rule_id=row.id, error=str(error))
        return None
