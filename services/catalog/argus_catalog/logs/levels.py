"""Which levels are at least as high as another. Levels are free text; one that is not known counts as info."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

_BELOW_INFO: Final = ("trace", "debug")
_WARNING: Final = ("warn", "warning")
_ERROR: Final = ("error", "critical", "fatal")

ERRORS: Final = frozenset(_ERROR)


def at_least(column: sa.ColumnElement[str], level: str) -> sa.ColumnElement[bool] | None:
    """The condition on a level's column; None when all are wanted."""
    match level.lower():
        case "info":
            return sa.func.lower(column).not_in(_BELOW_INFO)
        case "warn" | "warning":
            return sa.func.lower(column).in_((*_WARNING, *_ERROR))
        case "error" | "critical" | "fatal":
            return sa.func.lower(column).in_(_ERROR)
        case _:
            return None
