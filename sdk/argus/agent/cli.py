"""The `argus-agent` command: `register`, `run`, `status`, `drain`, `install-service`."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import socket
import sys
import time
from contextlib import closing
from typing import Any

from argus._settings import resolve_url, token_source
from argus._transport import Unreachable
from argus.agent import service
from argus.agent.agent import Agent
from argus.agent.api import AgentApi, Refused
from argus.agent.clock import ServerClock
from argus.agent.following import LAUNCHES
from argus.agent.host import MOST_RUNS, Host
from argus.agent.ledger import Ledger
from argus.agent.orders import INSTALL, can_verify
from argus.agent.policy import Policy, PolicyError
from argus.agent.runs import Runs
from argus.agent.status import show
from argus.agent.store import Registration, home

OK, NOT_WELL, USAGE, UNREACHABLE, REFUSED = 0, 1, 2, 3, 4
_FLAG_S = 15.0
_GRACE_S = 30.0
_DRAIN_TICK_S = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code, which is that of `argus` for the same reason (docs/cli.md)."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        if options.command == "register":
            return _register(options)
        registration = Registration.load(home())
        if registration is None:
            return _complain("This host is not registered: run `argus-agent register` first.", USAGE)
        handler = {"run": _run, "status": _status, "drain": _drain, "install-service": _install}[options.command]
        return handler(registration, options)
    except Unreachable as error:
        return _complain(f"The server cannot be reached: {error}.", UNREACHABLE)
    except Refused as refusal:
        hint = " Register this host again: `argus-agent register`." if refusal.status in (401, 403) else ""
        return _complain(f"The server refused: {refusal}.{hint}", REFUSED)
    except OSError as error:
        return _complain(f"The agent's folder cannot be used: {error}.", NOT_WELL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="argus-agent", description="Let an Argus server rerun and stop runs here.")
    commands = parser.add_subparsers(dest="command", required=True)
    register = commands.add_parser("register", help="make this host known to the server")
    register.add_argument("--url", help="the server (default: ARGUS_URL)")
    register.add_argument("--token", help="your em_live_ token or a session's token (default: ARGUS_TOKEN)")
    register.add_argument("--hostname", default=socket.gethostname(), help="default: this host's name")
    register.add_argument(
        "--allow-unsigned",
        action="store_true",
        help="trust a server that signs no commands: whoever can speak in its name can run anything here",
    )
    for name, words in (("run", "carry out commands until Ctrl-C"), ("install-service", "run it as a systemd unit")):
        run = commands.add_parser(name, help=words)
        run.add_argument("--max-runs", type=int, default=MOST_RUNS, help="runs at the same time (default 4)")
        run.add_argument(
            "--flag-grace", type=float, default=_FLAG_S, help="seconds to end by itself before SIGTERM (default 15)"
        )
        run.add_argument("--grace", type=float, default=_GRACE_S, help="seconds from SIGTERM to SIGKILL (default 30)")
        run.add_argument("--poll", type=float, help="seconds between two polls of a server that cannot hold one")
        if name == "install-service":
            run.add_argument("--print", action="store_true", help="show the unit and change nothing")
    status = commands.add_parser(
        "status", help="say who this agent is, what runs here, and whether the server knows it"
    )
    status.add_argument("--json", action="store_true", help="as JSON")
    drain = commands.add_parser("drain", help="take no new runs; those that go on end as they will")
    drain.add_argument("--off", action="store_true", help="take runs again")
    drain.add_argument("--wait", action="store_true", help="come back when nothing runs any more")
    return parser


def _register(options: argparse.Namespace) -> int:
    url = resolve_url(options.url)
    token = token_source(options.token, url)()
    if not url or not token:
        return _complain("Run `argus login`, or set ARGUS_URL and ARGUS_TOKEN, or give --url and --token.", USAGE)
    if not options.allow_unsigned and not can_verify():
        return _complain(f"{INSTALL}\nNothing was registered.", USAGE)
    try:
        with closing(AgentApi(url, token)) as api:
            person = _person(api)
            answer = api.register(options.hostname)
    except ValueError as error:
        return _complain(f"{error}.", USAGE)
    keys = {str(key["key_id"]): str(key["public_key"]) for key in answer.get("command_keys") or []}
    if not keys and not options.allow_unsigned:
        return _complain(
            "This server signs no commands, so whoever can speak in its name could run anything here. Nothing was "
            "kept. If you trust it and the way to it: argus-agent register --allow-unsigned",
            REFUSED,
        )
    if keys and not can_verify():
        return _complain(f"This server signs its commands. {INSTALL}", USAGE)
    registration = Registration(
        url,
        str(answer["agent_id"]),
        str(answer["agent_token"]),
        float(answer.get("poll_interval_s") or 10),
        token if token.startswith("em_live_") else None,
        hostname=options.hostname,
        owner=person.get("username"),
        owner_id=person.get("id"),
        command_keys=keys,
        allow_unsigned=not keys,
        keys_serial=int(answer.get("command_keys_serial") or 0),
    )
    registration.save(home())
    print(f"Registered {options.hostname} as {registration.agent_id}. Start it with `argus-agent run`.")
    print(f"Only commands signed with {', '.join(keys)} are obeyed." if keys else "UNSIGNED commands are obeyed.")
    print(f"What may run here is written in {os.path.join(home(), 'policy.toml')}; {_who(registration)}.")
    return OK


def _person(api: AgentApi) -> dict[str, Any]:
    """Who registers; a token that may not ask for it leaves that open."""
    try:
        return api.me()
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return {}


def _who(registration: Registration) -> str:
    who = f"{registration.owner} alone" if registration.owner else "whoever the server lets"
    return f"without it {who} may start what was recorded"


def _run(registration: Registration, options: argparse.Namespace) -> int:
    folder = home()
    if options.poll is not None:
        registration.poll_interval_s = options.poll
    if not registration.command_keys and not registration.allow_unsigned:
        return _complain("This registration is of an earlier version: run `argus-agent register` again.", USAGE)
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _complain(f"An agent runs already with {folder}.", USAGE)
    try:
        rules = Policy.load(folder).summary()
        print("Policy: " + (", ".join(f"{name} {rule}" for name, rule in rules.items() if rule) or "none"), flush=True)
    except PolicyError as error:
        print(f"Until this is mended, every command is refused. {error}", file=sys.stderr, flush=True)
    _serve(registration, options, folder)
    return OK


def _serve(registration: Registration, options: argparse.Namespace, folder: str) -> None:
    clock = ServerClock()
    ledger = Ledger(folder)
    host = Host(
        registration,
        ledger,
        Runs(os.path.join(folder, "runs")),
        clock,
        folder,
        most_runs=options.max_runs,
        flag_s=options.flag_grace,
        grace_s=options.grace,
    )
    url, token = registration.argus_url, registration.agent_token
    with closing(AgentApi(url, token, clock)) as polling, closing(AgentApi(url, token, clock)) as telling:
        agent = Agent(registration, polling, telling, host, ledger)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: agent.stop())
        print(f"{registration.agent_id} waits for commands of {url}.", flush=True)
        agent.run()


def _status(registration: Registration, options: argparse.Namespace) -> int:
    with closing(AgentApi(registration.argus_url, registration.agent_token)) as api:
        api.heartbeat(registration.agent_id)
    print(show(registration, home(), as_json=options.json))
    return OK


def _drain(registration: Registration, options: argparse.Namespace) -> int:
    folder = home()
    mark = os.path.join(folder, "drain")
    if options.off:
        if os.path.exists(mark):
            os.unlink(mark)
        print("The agent takes runs again.")
        return OK
    with open(mark, "w", encoding="utf-8"):
        pass
    print("The agent takes no new runs. To undo: argus-agent drain --off", flush=True)
    runs = Runs(os.path.join(folder, "runs"))
    while options.wait:
        begun = Ledger(folder, is_ours=False).open(*LAUNCHES)
        left = [entry["batch_id"] for entry in begun if runs.run(entry["id"]).is_supervised]
        if not left:
            print("Nothing runs any more.")
            return OK
        time.sleep(_DRAIN_TICK_S)
    return OK


def _install(registration: Registration, options: argparse.Namespace) -> int:
    arguments = [f"--max-runs={options.max_runs}", f"--flag-grace={options.flag_grace}", f"--grace={options.grace}"]
    if options.poll is not None:
        arguments.append(f"--poll={options.poll}")
    if options.print:
        print(service.unit(registration.argus_url, arguments), end="")
    else:
        print("\n".join(service.install(registration.argus_url, arguments)))
    return OK


def _complain(words: str, code: int) -> int:
    print(words, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
