"""The status machine of batches and jobs: pure decisions, no I/O.

Batch:  requested -> running -> done | failed; any live status -> stopping -> stopped; running, stopping -> stalled and
back; running <-> paused, paused -> stopped. `divergent` and `idle` are flags beside the status, and so is that a pause
was asked for: the batch runs on until its process has saved itself and is gone. Only a process that begins makes a
paused batch run again.
Job:    running -> done | failed | whatever job_done says; running -> lost when its batch ends first; running <->
paused, which are stopped with their batch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple


class BatchStatus(StrEnum):
    """Statuses that this server gives to batches."""

    REQUESTED = "requested"
    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STALLED = "stalled"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class JobStatus(StrEnum):
    """Statuses that this server gives to jobs; a job_done may bring others."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    PAUSED = "paused"
    STOPPED = "stopped"


Action = Literal["stop", "pause", "resume", "running", "paused", "fail", "stall"]

_B: Final = BatchStatus
ENDED: Final = frozenset({_B.DONE, _B.FAILED, _B.STOPPED, _B.CANCELLED})
# A batch in one of these is at work, and is not deleted under its own feet.
ACTIVE: Final = frozenset({_B.RUNNING, _B.PENDING, _B.STOPPING, _B.PAUSED})

_TO_STOP: Final = frozenset({_B.RUNNING, _B.STALLED, _B.REQUESTED, _B.PENDING, "divergent", None})
_TO_PAUSE: Final = frozenset({_B.RUNNING, _B.STALLED})
_TO_FAIL: Final = frozenset({_B.REQUESTED, _B.PENDING, _B.RUNNING, _B.STALLED, None})


class Start(NamedTuple):
    """What a batch_start makes of a batch. `goes_on` is False for one that tells of a run already known."""

    status: str
    clears_stop: bool
    goes_on: bool


class Move(NamedTuple):
    """What a command makes of a batch: its status afterwards, and whether it was allowed and changed anything."""

    status: str | None
    changed: bool = False
    allowed: bool = True


def on_batch_start(
    status: str | None,
    *,
    began_at: datetime,
    known_start: datetime | None,
    stop_asked_at: datetime | None,
    joins: bool = False,
    resumes: bool = False,
    known_end: datetime | None = None,
    paused_at: datetime | None = None,
) -> Start:
    """A run begins, or goes on, at `began_at`.

    A stop that was asked before that run began is cleared, and no other. A sender that writes whole seconds and began
    within the second of the stop counts as later. A start that is older than the batch's known one was only late on its
    way: it revives nothing that ended, and clears no stop.

    A process that `joins` others, or `resumes` a run, opens what was ended before it began, `done` included. One that
    joins does not undo a stop that is meant for all. What began before a batch was paused does not resume it.
    """
    if status == _B.PAUSED and paused_at is not None and began_at < _as_exact_as(began_at, paused_at):
        return Start(_B.PAUSED, clears_stop=False, goes_on=False)
    if joins or resumes:
        is_late = status in ENDED and known_end is not None and began_at < known_end.replace(microsecond=0)
        if is_late or (joins and status == _B.STOPPING):
            return Start(str(status), clears_stop=False, goes_on=False)
    elif status == _B.DONE:
        return Start(_B.DONE, clears_stop=False, goes_on=False)
    is_overtaken = known_start is not None and began_at < known_start
    if stop_asked_at is not None and (is_overtaken or began_at < _as_exact_as(began_at, stop_asked_at)):
        return Start(status or _B.STOPPING, clears_stop=False, goes_on=False)
    if status in ENDED and is_overtaken:
        return Start(str(status), clears_stop=False, goes_on=False)
    return Start(_B.RUNNING, clears_stop=stop_asked_at is not None, goes_on=True)


def clears_pause(start: Start, *, began_at: datetime, pause_asked_at: datetime | None, joins: bool) -> bool:
    """Whether a start ends the wish for a pause: one that was there before the run began, and was for another run."""
    if pause_asked_at is None or joins or not start.goes_on:
        return False
    return began_at >= _as_exact_as(began_at, pause_asked_at)


def _as_exact_as(told: datetime, at: datetime) -> datetime:
    """`at`, in whole seconds where the sender's time has no parts of a second."""
    return at if told.microsecond else at.replace(microsecond=0)


def on_batch_end(status: str | None, outcome: str, *, stop_asked: bool) -> str:
    """The batch said that it ended. One that was asked to stop is `stopped`, however it ended."""
    return _B.STOPPED if stop_asked or status in {_B.STOPPING, _B.STOPPED} else outcome


def on_batch_paused(status: str | None, *, stop_asked: bool) -> str | None:
    """A process has saved itself and is gone. One that was to stop has stopped; what ended before stays as it was."""
    if status in ENDED:
        return status
    return _B.STOPPED if stop_asked or status == _B.STOPPING else _B.PAUSED


def on_sign_of_life(status: str | None, *, stop_asked: bool) -> str | None:
    """Something newer than all before arrived: a stalled batch lives again."""
    if status != _B.STALLED:
        return status
    return _B.STOPPING if stop_asked else _B.RUNNING


def on_command(status: str | None, action: Action, *, pause_asked: bool = False) -> Move:
    """A person, an agent or the watchdog wants the batch moved.

    `pause` asks for a pause, and `resume` takes that back; neither changes the status, and a move that `changed`
    something has changed whether a pause is asked for. `paused`: the process is gone, with the exit code that says so;
    unless nobody asked, that is a pause. `fail` leaves what is paused as it is, which can still go
    on, and tells why it did not.
    """
    if action == "pause":
        return _pause(status, pause_asked=pause_asked)
    if action == "resume":
        return _resume(status, pause_asked=pause_asked)
    if action == "paused":
        return _paused(status, pause_asked=pause_asked)
    return _COMMANDS[action](status)


def is_deletable(status: str | None) -> bool:
    """Whether a batch of this status may be deleted."""
    return status not in ACTIVE


def job_end_status(said: str | None) -> str:
    """The status that a job_done gives: its own word in lower case, `done` without one."""
    return (said or "").strip().lower() or JobStatus.DONE


def _stop(status: str | None) -> Move:
    if status == _B.PAUSED:
        return Move(_B.STOPPED, changed=True)  # no process lives that could stop
    if status in _TO_STOP:
        return Move(_B.STOPPING, changed=True)
    return Move(status, allowed=status == _B.STOPPING or status in ENDED)


def _pause(status: str | None, *, pause_asked: bool) -> Move:
    if status in _TO_PAUSE:
        return Move(status, changed=not pause_asked)
    return Move(status, allowed=status == _B.PAUSED)


def _resume(status: str | None, *, pause_asked: bool) -> Move:
    if status in _TO_PAUSE:
        return Move(status, changed=pause_asked)
    return Move(status, allowed=status == _B.PAUSED)


def _paused(status: str | None, *, pause_asked: bool) -> Move:
    if status == _B.PAUSED:
        return Move(status)  # it has said so itself
    if pause_asked and status in _TO_FAIL:
        return Move(_B.PAUSED, changed=True)
    return _fail(status)


def _running(status: str | None) -> Move:
    return Move(_B.RUNNING, changed=True) if status in {_B.REQUESTED, _B.PENDING} else Move(status)


def _fail(status: str | None) -> Move:
    if status == _B.STOPPING:
        return Move(_B.STOPPED, changed=True)
    if status == _B.PAUSED:
        return Move(_B.PAUSED, changed=True)
    return Move(_B.FAILED, changed=True) if status in _TO_FAIL else Move(status)


def _stall(status: str | None) -> Move:
    return Move(_B.STALLED, changed=True) if status in {_B.RUNNING, _B.STOPPING} else Move(status)


_COMMANDS: Final[dict[Action, Callable[[str | None], Move]]] = {
    "stop": _stop,
    "running": _running,
    "fail": _fail,
    "stall": _stall,
}
