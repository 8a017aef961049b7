"""The agent or a supervisor, killed as by `kill -9` when it comes to its n-th step (`KILL_AT`).

    python killed.py agent [arguments of argus-agent]
    python killed.py shim FOLDER

A step is any write, message or start of a process, and the kill comes right after it, before the next one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

_lock = threading.Lock()
_steps = 0


def _step() -> None:
    global _steps
    with _lock:
        _steps += 1
        if _steps == int(os.environ.get("KILL_AT", "0")):
            os.kill(os.getpid(), signal.SIGKILL)


def _watched(owner, name):
    whole = getattr(owner, name)

    def around(*args, **kwargs):
        result = whole(*args, **kwargs)
        _step()
        return result

    setattr(owner, name, around)


def main() -> int:
    what, *arguments = sys.argv[1:]
    if what == "agent":
        from argus.agent import cli, ledger, runs

        _watched(ledger.Ledger, "_append")
        _watched(cli.AgentApi, "acknowledge")
        _watched(cli.AgentApi, "report")
        _watched(runs.Run, "stop")
        _watched(subprocess.Popen, "__init__")
        return cli.main(arguments)
    from argus.agent import shim

    _watched(shim, "claim")
    _watched(shim, "write_whole")
    _watched(shim.Supervisor, "_tell")
    _watched(subprocess.Popen, "__init__")
    return shim.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
