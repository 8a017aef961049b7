"""What silence means. Pure: what was heard, and when, is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

ALIVE: Final = frozenset({"running", "stopping"})
# A batch that was to stop before any process of it was heard of has nothing to wait for.
NEVER_BEGAN: Final = timedelta(minutes=1)
# What is silent for long is looked at ever more seldom, but at least once a day.
_LONGEST: Final = timedelta(days=1)


class Look(NamedTuple):
    """What is to be done about a silent batch, and when it is looked at again; None: never."""

    act: Literal["stall", "fail"] | None
    again_at: datetime | None


def at_batch(
    status: str | None, heard_at: datetime, at: datetime, *, limit: timedelta, never_began_since: datetime | None
) -> Look:
    """What a batch's silence means.

    Args:
        status: its status.
        heard_at: its last sign of life.
        at: the time now.
        limit: how long it may be silent.
        never_began_since: when it was asked to stop, if no process of it was ever heard of.
    """
    if status == "stopping" and never_began_since is not None:
        due = never_began_since + NEVER_BEGAN
        return Look("fail", at + limit) if at >= due else Look(None, due)
    silent = at - heard_at
    if status in ALIVE:
        return Look("stall", at + limit) if silent > limit else Look(None, heard_at + limit + timedelta(seconds=1))
    if status == "stalled":
        return Look(None, at + min(max(limit, silent / 4), _LONGEST))
    return Look(None, None)


def is_offline(heard_at: datetime, at: datetime, *, limit: timedelta) -> bool:
    """Whether a host on which something runs has been silent for too long."""
    return at - heard_at > limit
