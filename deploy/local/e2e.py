"""Start Argus on a free port with an empty data folder, run the browser tests against it, stop it: e2e.py up|stack.

The tests find it by ARGUS_E2E_URL, its data folder by ARGUS_HOME, and the mails that it sends by ARGUS_E2E_MAILS. What
it printed stays in .make/e2e-<mode>.log.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e_mails import mail_server
from stack_layout import ROOT, free_ports

READY_S = 180
STOP_S = 15
# Playwright's exit status where tests failed; another one says that it could not run them.
TESTS_FAILED = 1
RESULTS = ROOT / "tests" / "e2e" / "test-results"
KEPT = ROOT / ".make" / "e2e-failed-at-first"
# Projects of tests/e2e/playwright.config.ts, and how many specs of each run at a time.
PARTS = {"beside": 2, "alone": 1}


class NotReady(Exception):
    """The server ended, or was not ready in time."""


def main(arguments: list[str]) -> int:
    mode, *rest = arguments
    with tempfile.TemporaryDirectory(prefix="argus-e2e-") as home:
        ports = free_ports(["web", "mail"])
        environment = os.environ | {"ARGUS_HOME": home, "ARGUS_PORT": str(ports["web"])}
        environment["ARGUS_E2E_URL"] = f"http://127.0.0.1:{environment['ARGUS_PORT']}"
        # Login providers of the tests stand on this machine, and come back to where the browser set out.
        environment |= {"ARGUS_BASE_URL": environment["ARGUS_E2E_URL"], "ARGUS_OUTBOUND_ALLOW": "127.0.0.0/8"}
        try:
            with mail_server(Path(home) / "e2e-mails", ports["mail"]) as of_mails:
                environment |= of_mails
                with _server(mode, environment):
                    return _tests(rest, environment)
        except NotReady as error:
            print(f"argus: {error}", file=sys.stderr)
            return 1


def _tests(chosen: list[str], environment: dict[str, str]) -> int:
    """Run the tests: the chosen ones, or part after part all of them. Returns an exit status."""
    if chosen:
        return _playwright(chosen, environment)
    shutil.rmtree(KEPT, ignore_errors=True)
    statuses = [_part(project, workers, environment) for project, workers in PARTS.items()]
    return next((status for status in statuses if status), 0)


def _part(project: str, workers: int, environment: dict[str, str]) -> int:
    """Run a part of the tests, and those that failed once more alone, where they have to pass."""
    failed = _playwright([f"--project={project}", f"--workers={workers}"], environment)
    if failed != TESTS_FAILED:
        return failed
    kept = KEPT / project
    shutil.copytree(RESULTS, kept)
    print(f"== once more, alone: what failed beside others, and is not sound. Its traces: {kept}", file=sys.stderr)
    return _playwright([f"--project={project}", "--workers=1", "--last-failed", "--trace=on"], environment)


def _playwright(arguments: list[str], environment: dict[str, str]) -> int:
    command = ["npx", "--no-install", "playwright", "test", *arguments]
    return subprocess.run(command, cwd=ROOT / "tests" / "e2e", env=environment, check=False).returncode


@contextmanager
def _server(mode: str, environment: dict[str, str]) -> Iterator[None]:
    log = ROOT / ".make" / f"e2e-{mode}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [ROOT / "deploy" / "local" / mode],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, environment["ARGUS_E2E_URL"], log)
        yield
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=3).close()  # our own http address  # nosec B310
        except OSError:
            time.sleep(0.2)
        else:
            return
    said = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise NotReady(f"Argus was not ready for the browser tests; the end of {log}:\n{said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise NotReady(f"Argus did not stop within {STOP_S} s of SIGTERM.") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
