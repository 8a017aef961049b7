"""What a rerun would find on this host now: code, packages, cards, files. Read only; nothing recorded is run.

It is a process of its own, so that a disk that does not answer holds up nobody else: the agent ends it when its time is
over, and keeps the parts that it has told until then. The only program of the record that it starts is the Python that
the command would start, with our own list of packages as its script.

    python -m argus.agent.inspection < order.json
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from argus import _packages
from argus._git import compared_with, git_state
from argus._gpu import open_gpus
from argus._host import host_facts
from argus._resources import psutil_library
from argus.agent.policy import is_inside
from argus.agent.recorded import Recorded, read_command

if TYPE_CHECKING:
    from collections.abc import Iterator

# More of anything than this is no report that a person reads.
MOST_PATHS = 100
_MOST_PACKAGES = 2_000
_LONGEST = 1_024
_ANSWER_BYTES = 512 * 1024
# Hundreds of packages on a network disk take a while.
_PYTHON_TIMEOUT_S = 15.0
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
# The folder of the run must not lend us its own `json` or `re`; its packages count as the run would see them.
_LAUNCHER = (
    "import sys; folder = sys.argv.pop(); sys.path[:] = [p for p in sys.path if p not in ('', '.')];"
    "scope = {'__name__': 'packages', 'folder': folder}; exec(compile(sys.stdin.read(), 'packages', 'exec'), scope)"
)
_TELL = """
import json, platform
if folder:
    sys.path.insert(0, folder)
print(json.dumps({"python": platform.python_version(), "packages": packages(), **torch_build()}))
"""


def main() -> int:
    """Write one JSON line for each part as soon as it is known."""
    for part in parts(json.load(sys.stdin)):
        sys.stdout.write(json.dumps(_clean(part)) + "\n")
        sys.stdout.flush()
    return 0


def parts(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The quick and the important first.

    `order`: `command`, `cwd`, `env` (the variables that a rerun would get), `commit` (the recorded one), `paths` (to
    look for), `directories` (globs of the policy: nothing outside is looked at; None: anything may be).
    """
    cwd, command, variables = order["cwd"], order.get("command"), order["env"]
    program = read_command(command, cwd, variables.get("PATH")) if command else Recorded(is_found=False)
    cwd_exists = os.path.isdir(cwd)
    yield {
        "at": datetime.now(UTC).isoformat(),
        "cwd_exists": cwd_exists,
        "command_found": program.is_found,
        "command_missing": program.missing,
    }
    yield {"os": host_facts(psutil_library()).get("os")}
    yield _cards()
    if cwd_exists:
        yield {"git": _git(cwd, order.get("commit"))}
        yield _disk(cwd)
        yield _python(program, cwd, variables)
    directories = order.get("directories")
    allowed = None if directories is None else tuple(directories)
    yield {"paths": [_path(path, cwd, allowed) for path in order.get("paths", ())[:MOST_PATHS]]}


def _cards() -> dict[str, Any]:
    gpus = open_gpus()
    if gpus is None:
        return {"driver": None, "gpus": None}
    facts = gpus.facts()
    return {"driver": facts.get("driver_version"), "gpus": facts.get("gpu_names", [])}


def _git(folder: str, recorded: object) -> dict[str, Any] | None:
    state = git_state(folder)
    if not state:
        return None
    known = str(recorded) if recorded is not None and _COMMIT.fullmatch(str(recorded)) else None
    return {
        "commit": state["git_sha"],
        "branch": state["git_branch"],
        "is_dirty": state["git_dirty"],
        "diff_sha256": state.get("git_diff_sha256"),
        "diff_bytes": state.get("git_diff_bytes", 0),
        "untracked": state.get("git_untracked_count", 0),
        **compared_with(folder, known),
    }


def _disk(folder: str) -> dict[str, Any]:
    usage = shutil.disk_usage(folder)
    return {"disk_free": usage.free, "disk_total": usage.total}


def _python(program: Recorded, cwd: str, variables: dict[str, str]) -> dict[str, Any]:
    """Version and packages of the Python that the command would start, and what its torch was built for."""
    if program.interpreter is None:
        return {"python": None}
    source = inspect.getsource(_packages) + _TELL
    try:
        done = subprocess.run(
            [program.interpreter, "-c", _LAUNCHER, program.folder or ""],
            input=source.encode(),
            capture_output=True,
            cwd=cwd,
            env=variables,
            timeout=_PYTHON_TIMEOUT_S,
            check=False,
        )
        told = json.loads(done.stdout[-_ANSWER_BYTES:].splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return {"python": None}
    named = (line.partition("==") for line in told["packages"][:_MOST_PACKAGES])
    return {
        "executable": program.interpreter,
        "python": told["python"],
        "packages": {name: version for name, _, version in named},
        "cuda": told.get("cuda_version") or told.get("hip_version"),
    }


def _path(path: str, cwd: str, directories: tuple[str, ...] | None) -> dict[str, Any]:
    whole = os.path.join(cwd, os.path.expanduser(path))
    if directories is not None and not is_inside(whole, directories):
        return {"path": path, "exists": None}
    try:
        found = os.stat(whole)
    except FileNotFoundError:
        return {"path": path, "exists": False}
    except (OSError, ValueError):
        return {"path": path, "exists": None}  # it may be there, but not for us
    modified = datetime.fromtimestamp(found.st_mtime, UTC).isoformat()
    is_folder = os.path.isdir(whole)
    return {"path": path, "exists": True, "is_dir": is_folder, "size": found.st_size, "modified": modified}


def _clean(value: Any) -> Any:
    """The same with texts that any database takes, none of them endless."""
    if isinstance(value, str):
        return value[:_LONGEST].replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    sys.exit(main())
