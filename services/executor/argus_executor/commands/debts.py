"""What a command owes its batch: the move that follows from what happened to it.

The debt is written in the transaction of the change and paid afterwards, by asking ingest. While ingest or NATS is
away it stays, and the worker pays it later: of a command and its batch, neither ends without the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from argus_executor.commands import repository
from argus_executor.commands.states import LAUNCHES, PAUSED_EXIT, Event, Status
from argus_executor.transitions import move_batch
from argus_kit.bus import BusUnavailable
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)

# A run that ended well has said so by then, even if its last events were slow.
GRACE: Final = timedelta(seconds=60)
_EVERY_S: Final = 5.0
_AT_ONCE: Final = 100
# Ingest knows best whether these still make sense.
_ALWAYS: Final = frozenset({"running", "paused"})
_NEVER_BEGAN: Final = "The command ended before the run began."


def of(
    kind: str, event: Event, *, status: str, reason: str | None, at: datetime, exit_code: int | None = None
) -> dict[str, Any]:
    """What is owed after `event` happened to a command of this kind and status: the columns to set."""
    if kind == "stop":
        # A process that was killed cannot say any more that its batch stopped.
        return _owe("fail", reason or "The process was ended.", at) if event is Event.SUCCEED else {}
    if kind not in LAUNCHES or event is Event.DELIVER:
        return {}
    if event is Event.START:
        # What resumes a batch has not resumed it before its process says so: it may fail before.
        return _owe("running", None, at) if kind == "rerun" else {}
    if event is Event.SUCCEED:
        is_pause = exit_code == PAUSED_EXIT
        silent = _owe("fail", reason or "The process ended without saying how its run went.", at + GRACE)
        return _owe("paused", reason, at) if is_pause else silent
    # Its agent may have begun already; it is told that the command is cancelled, and ends what it began.
    may_have_begun = event is Event.CANCEL and status != Status.PENDING
    return _owe("fail", reason or _NEVER_BEGAN, at + GRACE if may_have_begun else at)


def _owe(move: str, reason: str | None, at: datetime) -> dict[str, Any]:
    return {"owed_move": move, "owed_reason": reason, "owed_after": at}


def is_still_owed(
    kind: str,
    exit_code: int | None,
    batch_status: str | None,
    *,
    finished_at: datetime | None,
    last_event_at: datetime | None,
    has_paused_since: bool = False,
) -> bool:
    """Whether the move still makes sense for a batch as it is now; `has_paused_since` the command's process began."""
    if kind == "stop":
        return batch_status == "stopping"
    if batch_status == "paused" and (exit_code == PAUSED_EXIT or (has_paused_since and exit_code == 0)):
        return False
    # What was launched may have left its process behind, as a job of a queue does: it tells for itself.
    left_behind = finished_at is not None and last_event_at is not None and last_event_at > finished_at
    return not (exit_code == 0 and left_behind)


def has_paused_since(kind: str, began_at: datetime | None, paused_at: datetime | None, clock_skew_s: float) -> bool:
    """Whether the run that a command began has paused: under torchrun its process ends with 0 then, as if it were done.

    Args:
        kind: the command's; the batch of a rerun is new, so that any pause is the command's own.
        began_at: when its process began, by the server's clock.
        paused_at: when the batch was paused, by its host's clock.
        clock_skew_s: how far the host's clock is ahead of the server's.
    """
    if began_at is None or paused_at is None:
        return False
    return kind == "rerun" or paused_at - timedelta(seconds=clock_skew_s) > began_at


async def pay(here: Platform, command_id: str) -> None:
    """Tell the batch what is owed by now, if anything is.

    Raises:
        BusUnavailable: ingest does not answer; it stays owed.
    """
    async with here.database.read() as connection:
        row = await repository.debt(connection, command_id)
    if row is None or row.owed_move is None or row.owed_after > now():
        return
    if row.owed_move in _ALWAYS or is_still_owed(
        row.kind,
        row.exit_code,
        row.batch_status,
        finished_at=row.finished_at,
        last_event_at=row.last_event_at,
        has_paused_since=has_paused_since(row.kind, row.acked_at, row.paused_at, row.clock_skew_s or 0),
    ):
        try:
            await move_batch(here.bus, row.batch_id, row.owed_move, reason=row.owed_reason)
        except BusUnavailable:
            raise
        except ArgusError as error:
            # Ingest will never do it, for example because the batch is deleted.
            log.info("command.batch_not_moved", batch_id=row.batch_id, reason=error.message)
    async with here.database.write() as connection:
        await repository.clear_debt(connection, command_id, row.owed_move)


async def pay_if_possible(here: Platform, ids: Sequence[str]) -> None:
    """The same at once where that is possible; else the worker does it."""
    for command_id in ids:
        with suppress(BusUnavailable):
            await pay(here, command_id)


class Payments(LeasedLoop):
    """Pays what could not be paid at once. Runs on one replica."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.database, "command-debts", every_s=_EVERY_S)
        self._platform = platform

    async def work(self) -> None:
        """One round."""
        if not self._platform.bus.is_connected:
            return
        async with self._platform.database.read() as connection:
            ids = await repository.owed(connection, now(), _AT_ONCE)
        for command_id in ids:
            await pay(self._platform, command_id)
