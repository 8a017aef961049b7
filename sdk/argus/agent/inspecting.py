"""The agent's inspections: each a process with an end, in a thread, so that runs are looked after meanwhile."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from argus.agent.following import report

if TYPE_CHECKING:
    from argus.agent.ledger import Ledger

LIMIT_S = 40.0
_KILLED_S = 1.0
# A person looks at one; several at once are several people.
_MOST_AT_ONCE = 3
# Two hundred kilobytes are two thousand packages; servers take no more than 256 KiB.
_MOST_BYTES = 200 * 1024

log = logging.getLogger("argus.agent")


class Inspections:
    """Inspections that go on. None changes anything: after a crash the server asks again, and it begins anew."""

    def __init__(self, ledger: Ledger, *, limit_s: float = LIMIT_S) -> None:
        self._ledger = ledger
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._going_on: set[str] = set()

    def begin(self, command_id: str, order: dict[str, Any], facts: dict[str, Any]) -> bool:
        """Begin one, unless it goes on already or there are too many; then it comes again with a later answer.

        `order` is that of `inspection`, `facts` what the ledger keeps of the command.
        """
        with self._lock:
            if command_id in self._going_on or len(self._going_on) >= _MOST_AT_ONCE:
                return False
            self._going_on.add(command_id)
        work = threading.Thread(
            target=self._work, args=(command_id, order, facts), name="argus-agent-inspect", daemon=True
        )
        work.start()
        return True

    def _work(self, command_id: str, order: dict[str, Any], facts: dict[str, Any]) -> None:
        try:
            found, is_whole = inspect(order, self._limit_s)
            if not found:
                raise OSError("this host did not answer in time" if not is_whole else "it found nothing")
            said = report("inspected", result={**found, "is_whole": is_whole})
            self._ledger.note(command_id, said, **facts, state="over")
            log.info("inspected %s", order["cwd"])
        except OSError as failure:
            error = f"The inspection failed: {failure}."
            log.warning("command %s: %s", command_id, error)
            # Where the disk is full no word is kept: the command comes again, or expires.
            with suppress(OSError):
                self._ledger.note(command_id, {"ack": "failed", "error": error}, **facts, state="failed", error=error)
        finally:
            with self._lock:
                self._going_on.discard(command_id)


def inspect(order: dict[str, Any], limit_s: float) -> tuple[dict[str, Any], bool]:
    """Run an inspection: what it told within its time, and whether that is all of it. Raises OSError."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "argus.agent.inspection"],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        is_whole = False
        try:
            process.communicate(json.dumps(order).encode(), timeout=limit_s)
            is_whole = process.returncode == 0
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(process)
        told.seek(0)
        return _merged(told.read(_MOST_BYTES)), is_whole


def _merged(content: bytes) -> dict[str, Any]:
    """All parts as one; half a line, where the time was over, is none."""
    found: dict[str, Any] = {}
    for line in content.split(b"\n")[:-1]:
        found.update(json.loads(line))
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and the Python that it asks. One that hangs in the kernel is left to it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_KILLED_S)
