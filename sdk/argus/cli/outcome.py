"""What the end of a command means for its batch: pure decisions."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from argus._pause import EXIT_CODE

_MOST_TAIL_LINES = 5
_MOST_TAIL_LETTERS = 1_000


class Outcome:
    """How a command ended: its exit code as a shell has it, and the reason of a failure (None where it ended well).

    `stopped`: it failed because somebody had asked for its end.
    """

    __slots__ = ("code", "reason", "stopped")

    def __init__(self, code: int, reason: str | None, *, stopped: bool = False) -> None:
        self.code = code
        self.reason = reason
        self.stopped = stopped

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.reason is None


def outcome(returncode: int, tail: Sequence[str], *, stopped: bool) -> Outcome:
    """`returncode` is that of `subprocess`: a signal is negative. `tail` are the last lines of its output."""
    if returncode == 0:
        return Outcome(0, None)
    what = _signal(-returncode) if returncode < 0 else f"exit code {returncode}"
    if stopped:
        what = f"stopped on request ({what})"
    code = 128 - returncode if returncode < 0 else returncode
    return Outcome(code, what if stopped else _reason(what, tail), stopped=stopped)


def last_word(notes: Sequence[str], ended: Outcome) -> str | None:
    """The event by which the wrapper ends the batch; None where the command's own reporters have said it all.

    `notes` are what reporters inside the command wrote down: `begun`, then the event that they ended the batch with.
    """
    begun = sum(note == "begun" for note in notes)
    ends = [note for note in notes if note != "begun"]
    told = bool(begun) and len(ends) >= begun
    if told and "batch_paused" in ends and ended.code == EXIT_CODE:
        return None
    if ended.ok:
        return None if told else "batch_done"
    return None if told and "batch_failed" in ends else "batch_failed"


def _reason(what: str, tail: Sequence[str]) -> str:
    lines = [line for line in tail if line.strip()][-_MOST_TAIL_LINES:]
    text = "\n".join(lines)[-_MOST_TAIL_LETTERS:]
    return f"{what}\n{text}" if text else what


def _signal(number: int) -> str:
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"
