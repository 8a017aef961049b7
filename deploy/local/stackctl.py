"""Ask or disturb a running stack: stackctl.py pids | url | kill NAME [SIGNAL]. Finds it by ARGUS_HOME."""

from __future__ import annotations

import json
import os
import signal
import sys
import xmlrpc.client  # to our own supervisor, on loopback, behind a password  # nosec B411

from stack_layout import Layout

USAGE = "usage: stackctl.py pids | url | kill NAME [SIGNAL]"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["pids"]:
            print(json.dumps(pids(), indent=1))
        case ["url"]:
            print(_state()["url"])
        case ["kill", name, *rest]:
            os.kill(pids()[name], signal.Signals[f"SIG{rest[0] if rest else 'KILL'}"])
        case _:
            sys.exit(USAGE)
    return 0


def pids() -> dict[str, int]:
    """Process id by program name, of those that run right now."""
    control = xmlrpc.client.ServerProxy(_state()["control"])
    answer = control.supervisor.getAllProcessInfo()
    assert isinstance(answer, list)
    return {program["name"]: program["pid"] for program in answer if program["pid"]}


def _state() -> dict[str, str]:
    path = Layout.from_environment().state
    if not path.exists():
        sys.exit(f"argus: no stack has run in {path.parent}; start one with `make stack`.")
    state: dict[str, str] = json.loads(path.read_text())
    return state


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
