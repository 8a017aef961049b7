"""The `argus-agent` command: `register`, `run`, `status`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from contextlib import closing

from argus._settings import resolve_url, token_source
from argus._transport import Unreachable
from argus.agent.api import AgentApi, Refused
from argus.agent.children import Children
from argus.agent.loop import MOST_RUNS, Agent
from argus.agent.store import Ledger, Registration, home

_GRACE_S = 30.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 well, 1 not well, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        if options.command == "register":
            return _register(options)
        registration = Registration.load(home())
        if registration is None:
            print("This host is not registered: run `argus-agent register` first.", file=sys.stderr)
            return 2
        return _status(registration) if options.command == "status" else _run(registration, options)
    except Unreachable as error:
        print(f"The server cannot be reached: {error}.", file=sys.stderr)
    except Refused as refusal:
        hint = " Register this host again." if refusal.status in (401, 403) else ""
        print(f"The server refused: {refusal}.{hint}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="argus-agent", description="Let an Argus server rerun and stop runs here.")
    commands = parser.add_subparsers(dest="command", required=True)
    register = commands.add_parser("register", help="make this host known to the server")
    register.add_argument("--url", help="the server (default: ARGUS_URL)")
    register.add_argument("--token", help="your em_live_ token or a session's token (default: ARGUS_TOKEN)")
    register.add_argument("--hostname", default=socket.gethostname(), help="default: this host's name")
    run = commands.add_parser("run", help="carry out commands until Ctrl-C")
    run.add_argument("--max-runs", type=int, default=MOST_RUNS, help="reruns at the same time (default 4)")
    run.add_argument("--grace", type=float, default=_GRACE_S, help="seconds from SIGTERM to SIGKILL (default 30)")
    run.add_argument("--poll", type=float, help="seconds between two polls (default: the server's wish)")
    commands.add_parser("status", help="say who this agent is and whether the server knows it")
    return parser


def _register(options: argparse.Namespace) -> int:
    url = resolve_url(options.url)
    token = token_source(options.token, url)()
    if not url or not token:
        print("Run `argus login`, or set ARGUS_URL and ARGUS_TOKEN, or give --url and --token.", file=sys.stderr)
        return 2
    try:
        with closing(AgentApi(url, token)) as api:
            answer = api.register(options.hostname)
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    registration = Registration(
        url,
        str(answer["agent_id"]),
        str(answer["agent_token"]),
        float(answer.get("poll_interval_s") or 10),
        token if token.startswith("em_live_") else None,
    )
    registration.save(home())
    print(f"Registered {options.hostname} as {registration.agent_id}. Start it with `argus-agent run`.")
    return 0


def _run(registration: Registration, options: argparse.Namespace) -> int:
    folder = home()
    if options.poll is not None:
        registration.poll_interval_s = options.poll
    children = Children(os.path.join(folder, "logs"), options.grace)
    with closing(AgentApi(registration.argus_url, registration.agent_token)) as api:
        agent = Agent(registration, api, children, Ledger(folder), options.max_runs)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: agent.stop())
        print(f"{registration.agent_id} waits for commands of {registration.argus_url}.", flush=True)
        agent.run()
    return 0


def _status(registration: Registration) -> int:
    with closing(AgentApi(registration.argus_url, registration.agent_token)) as api:
        api.heartbeat(registration.agent_id)
    print(f"{registration.argus_url} knows this host as {registration.agent_id}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
