"""The status machine of commands: pure decisions, no I/O.

pending -> delivered -> started -> succeeded | failed. What no agent has acknowledged yet can be cancelled, can expire,
and can fail. What ended stays as it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Status(StrEnum):
    """Where a command is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Event(StrEnum):
    """What can happen to a command."""

    DELIVER = "deliver"
    START = "start"
    # The agent could not begin: its acknowledgement says so.
    GIVE_UP = "give_up"
    # The host does not want it: a rule of its own, or a signature that is not ours.
    REFUSE = "refuse"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


class Step(StrEnum):
    """What an agent reports of a command."""

    REFUSED = "refused"
    QUEUED = "queued"
    SPAWNED = "spawned"
    SIGTERM = "sigterm"
    SIGKILL = "sigkill"
    ENDED = "ended"
    INSPECTED = "inspected"
    NOTE = "note"


class Way(NamedTuple):
    """From which statuses an event leads, and to which."""

    before: frozenset[Status]
    after: Status


S = Status
OPEN: Final = frozenset({S.PENDING, S.DELIVERED})
"""No agent has acknowledged it."""
ENDED: Final = frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED, S.EXPIRED})

# A process is reported to have ended even if the word that it started was lost: that word is then worth nothing.
_LIVE: Final = OPEN | {S.STARTED}

WAYS: Final[Mapping[Event, Way]] = {
    Event.DELIVER: Way(frozenset({S.PENDING}), S.DELIVERED),
    Event.START: Way(OPEN, S.STARTED),
    Event.GIVE_UP: Way(OPEN, S.FAILED),
    Event.REFUSE: Way(_LIVE, S.FAILED),
    Event.SUCCEED: Way(_LIVE, S.SUCCEEDED),
    Event.FAIL: Way(_LIVE, S.FAILED),
    Event.CANCEL: Way(OPEN, S.CANCELLED),
    Event.EXPIRE: Way(OPEN, S.EXPIRED),
}

LAUNCHES: Final = frozenset({"rerun", "resume"})
"""Kinds that begin a process on their host."""

# What a run exits with that was asked to pause and has saved itself.
PAUSED_EXIT: Final = 75


def after(status: str, event: Event) -> Status | None:
    """The status that an event leads to; None: it cannot happen now."""
    way = WAYS[event]
    return way.after if status in way.before else None


def of_acknowledgement(status: str) -> Event | None:
    """What an acknowledgement means; None: it is none."""
    return {"started": Event.START, "failed": Event.GIVE_UP}.get(status)


def of_report(kind: str, step: str, exit_code: int | None) -> Event | None:
    """What a report means for a command's status; None: nothing, it is only told."""
    if step == Step.REFUSED:
        return Event.REFUSE
    if step == Step.INSPECTED:
        return Event.SUCCEED if kind == "inspect" else None
    if step != Step.ENDED:
        return None
    # A stop has done its work when the process is gone, however that went.
    is_good = kind not in LAUNCHES or exit_code in {0, PAUSED_EXIT}
    return Event.SUCCEED if is_good else Event.FAIL
