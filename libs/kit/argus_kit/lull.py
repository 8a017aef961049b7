"""Spares looks at the database that would find what the last one found.

SQLite is written by one process, so what a look did not find is not there until that process writes, or until the time
for which something was put off. A laptop on which nothing trains is then not woken each second.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from argus_kit.clock import now
from argus_kit.database import Database

# A command line may write too.
_LONGEST: Final = timedelta(seconds=20)


class Lull:
    """Of one kind of look. On PostgreSQL there is none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes = 0
        self._until: datetime | None = None

    @property
    def lasts(self) -> bool:
        """Whether a look now would find nothing."""
        return self._until is not None and self._writes == self._database.writes and now() < self._until

    def begin(self, writes: int, next_at: datetime | None) -> None:
        """A look found nothing.

        Args:
            writes: `Database.writes` from before the look.
            next_at: when what is put off is due; None where nothing is.
        """
        if self._database.is_sqlite:
            longest = now() + _LONGEST
            self._writes, self._until = writes, min(longest, next_at or longest)
