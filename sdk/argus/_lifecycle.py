"""The ends and beginnings of processes: interpreter exit, SIGTERM, fork.

Reporters that are open register here; hooks are installed once, with the first of them.
"""

from __future__ import annotations

import atexit
import logging  # noqa: F401 - it hooks into forks too, and must not begin to in the middle of one
import os
import signal
import sys
import threading
from functools import partial

from argus._pipeline import end_quietly
from argus._settings import exit_flush_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Protocol

    class ProcessMember(Protocol):
        """Somebody whom the end of the process concerns."""

        def end_of_process(self, reason: str) -> None:
            """The process ends now, for this reason: say so and flush, within the exit limit."""

        def before_fork(self) -> None:
            """This process is about to fork."""

        def after_fork(self) -> None:
            """This is the child of a fork."""


# Strong references: a reporter that its user has let go of still has events to bring home.
# In the order in which they came: who came last ends first, as a job does before the batch that it is in.
_members: dict[ProcessMember, None] = {}
_installed = False
# More than one flush, because the ending may have to wait for a request that is on its way.
_SIGTERM_EXTRA_S = 1.0


def register(member: ProcessMember) -> None:
    """Tell `member` about the end of the process and about forks."""
    global _installed
    _members[member] = None
    if not _installed:
        _installed = True
        atexit.register(_at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
    _watch_sigterm()


def end_with_multiprocessing() -> None:
    """End the members when this process, if it is a child of `multiprocessing`, ends.

    Such children leave by os._exit, which runs no atexit hooks, but they run their finalizers first.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return
    from multiprocessing.util import Finalize

    Finalize(None, _at_exit, exitpriority=10)


def unregister(member: ProcessMember) -> None:
    """`member` has ended in order."""
    _members.pop(member, None)


def _at_exit() -> None:
    for member in list(reversed(_members)):
        end_quietly(partial(member.end_of_process, "the process ended before the batch was closed"))


def _before_fork() -> None:
    for member in list(_members):
        end_quietly(member.before_fork)


def _after_fork() -> None:
    for member in list(_members):
        end_quietly(member.after_fork)


def _watch_sigterm() -> None:
    """Handle SIGTERM where nobody does: only then, and only in the main thread, which alone may."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    """Report the end, then die of the signal as if it had not been handled.

    The ending runs in a thread: the main thread may hold, at this moment, a lock that the ending needs.
    """
    members = list(reversed(_members))
    ending = threading.Thread(target=_end_all, args=(members,), daemon=True)
    ending.start()
    ending.join(exit_flush_s() + _SIGTERM_EXTRA_S)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _end_all(members: list[ProcessMember]) -> None:
    for member in members:
        end_quietly(partial(member.end_of_process, "terminated by SIGTERM"))
