"""Whose fault an error of the database is: that of what was asked, or of the moment in which it was."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from argus_kit.later import later

# SQLite does without it.
if TYPE_CHECKING:
    import asyncpg
else:
    asyncpg = later("asyncpg")

# Two transactions met: deadlock, serialization. Trying again is the remedy.
# The last one: two processes made one number for a row of the outbox.
_COLLISIONS: Final = frozenset({"40001", "40P01", "23505"})
# The server is going away, is full, or is locked: not the fault of what was sent.
_OUTAGES: Final = ("08", "53", "55", "57", "58", "XX", "25")


def is_collision(error: Exception) -> bool:
    """Whether two transactions stood in each other's way."""
    return _sqlstate(error) in _COLLISIONS


def is_outage(error: Exception) -> bool:
    """Whether the database, and not what was sent, is at fault."""
    if isinstance(error, OSError | PoolTimeoutError | TimeoutError):
        return True
    state = _sqlstate(error)
    if state:
        return state.startswith(_OUTAGES) or state in _COLLISIONS
    # What connecting raises comes wrapped by SQLAlchemy, everything else as the driver has it.
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, asyncpg.InterfaceError | sqlite3.OperationalError)


def _sqlstate(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or getattr(cause.__cause__, "sqlstate", None)
    return state if isinstance(state, str) else ""
