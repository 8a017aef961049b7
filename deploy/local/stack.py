"""Run Argus as a system of services on this machine, in the foreground, until Ctrl-C or SIGTERM.

Supervisor keeps the processes running; this launcher prepares what they need, starts them in order, says when the
whole is ready, and brings all of it down. See docs/decisions/0003.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client  # to our own supervisor, on loopback, behind a password  # nosec B411
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil
import stack_postgres
from stack_layout import Layout, Public, Secrets, StackError
from stack_programs import Plan

STOP_S = 9.5
SLOW_START_S = 90
LOOK_EVERY_S = 2
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


class StopAsked(BaseException):
    """SIGTERM or Ctrl-C arrived. Like KeyboardInterrupt, it is nobody's to handle on the way up."""


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    try:
        layout, public = Layout.from_environment(), Public.from_environment()
        with layout.open():
            return _run(layout, public)
    except StackError as error:
        print(f"argus: {error}", file=sys.stderr)
        return 1
    except StopAsked:
        return 0


def _run(layout: Layout, public: Public) -> int:
    end_leftovers(layout)
    public.check_free()
    secrets = Secrets.of(layout)
    stack_postgres.prepare(layout, secrets)
    plan = Plan(layout, public, secrets)
    with _supervisor(plan) as supervisor:
        stack_postgres.wait_until_ready(secrets, plan.ports["postgres"])
        _migrate(plan)
        control = xmlrpc.client.ServerProxy(plan.control_url)
        control.supervisor.startProcessGroup("services", False)
        _say_when_ready(plan, supervisor)
        _mind_nats(plan, control, supervisor)
    print(f"argus: supervisor ended by itself; see {layout.logs / 'supervisord.log'}", file=sys.stderr)
    return 1


@contextmanager
def _supervisor(plan: Plan) -> Iterator[subprocess.Popen[bytes]]:
    config = plan.layout.write("supervisord.conf", plan.supervisor_config())
    state = {"url": plan.public.url, "control": plan.control_url, "launcher": os.getpid(), "ports": plan.ports}
    plan.layout.write("state.json", json.dumps(state, indent=1))
    # In a session of its own, so that a signal to the terminal's group reaches it once, and through us
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-n", "-c", str(config)],
        env=plan.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 (this launcher has one thread)
    )
    try:
        yield process
    finally:
        _stop(process, plan.layout)


def _stop(process: subprocess.Popen[bytes], layout: Layout) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
    end_leftovers(layout)


def _end_with_parent() -> None:
    """On Linux: when this launcher is killed outright, supervisor is told to stop (between fork and exec)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_leftovers(layout: Layout) -> None:
    """End what an earlier stack in this folder left behind when it was killed. The lock says that it is ours."""
    left = [process for process in psutil.process_iter() if _belongs(process, layout)]
    for process in left:
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=3)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=2)


def _belongs(process: psutil.Process, layout: Layout) -> bool:
    try:
        return process.environ().get("ARGUS_STACK") == str(layout.room)
    except (psutil.Error, OSError):  # gone, or another user's
        return False


def _migrate(plan: Plan) -> None:
    log = plan.layout.logs / "migrate.log"
    secrets = {"ARGUS_DB_URL": plan.admin_database_url, "ARGUS_DB_ROLE_PASSWORDS": json.dumps(plan.secrets.roles)}
    if code := os.environ.get("ARGUS_STACK_CODE"):
        secrets["PYTHONPATH"] = f"{code}/migrate"
    command = [sys.executable, "-m", "argus_kit.migrate"]
    with log.open("w") as output:
        done = subprocess.run(command, env=plan.environment() | secrets, stdout=output, stderr=output, check=False)
    if done.returncode:
        print("\n".join(log.read_text().splitlines()[-15:]), file=sys.stderr)
        raise StackError(f"the database could not be migrated; the whole log is {log}.")


def _say_when_ready(plan: Plan, supervisor: subprocess.Popen[bytes]) -> None:
    begin = time.monotonic()
    complained = False
    while supervisor.poll() is None:
        waiting = _waits_for(plan.public.url)
        if waiting is None:
            print(f"Argus is ready at {plan.public.url}  (Ctrl-C stops it; logs: {plan.layout.logs})", flush=True)
            return
        if not complained and time.monotonic() - begin > SLOW_START_S:
            complained = True
            print(f"argus: not ready yet: {waiting}; the logs are in {plan.layout.logs}", file=sys.stderr, flush=True)
        time.sleep(0.1)


def _mind_nats(plan: Plan, control: xmlrpc.client.ServerProxy, supervisor: subprocess.Popen[bytes]) -> None:
    """Until supervisor ends: start NATS anew when its health says that a stream takes nothing more, as it does after
    a write that failed (a full disk), also when there is room again.
    """
    ill = 0
    while supervisor.poll() is None:
        time.sleep(LOOK_EVERY_S)
        said = _waits_for(plan.url("nats-monitor"), "/healthz")
        ill = ill + 1 if said and "write error" in said else 0
        if ill > 1:
            print("argus: NATS could not write and starts anew", file=sys.stderr, flush=True)
            with contextlib.suppress(xmlrpc.client.Error, OSError):
                control.supervisor.signalProcess("servers:nats", "TERM")
            ill = 0


def _waits_for(url: str, path: str = "/readyz") -> str | None:
    """None when the whole system is ready, else what it says that it waits for."""
    try:
        urllib.request.urlopen(f"{url}{path}", timeout=3).close()  # our own http address  # nosec B310
    except urllib.error.HTTPError as error:
        return error.read(2000).decode(errors="replace")
    except OSError as error:
        return str(error)
    return None


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # once is enough: make passes on what its group already got
    raise StopAsked


if __name__ == "__main__":
    sys.exit(main())
