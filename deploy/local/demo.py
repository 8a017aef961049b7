"""Fill a running Argus with a laboratory's last three weeks, and let its trainings go on: demo.py [--once | --remove].

Through the public API alone. Told twice, nothing is there twice; `--remove` takes all of it back.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime

from demo_lab import removal, trimmings
from demo_lab.server import Refused, Server, State, accounts
from demo_lab.telling import Story


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except Refused as error:
        print(f"argus: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo's trainings go on with the next `make demo`.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    default = f"http://127.0.0.1:{os.environ.get('ARGUS_PORT', '8000')}"
    parser.add_argument("--url", default=os.environ.get("ARGUS_URL") or default, help="the server's address")
    parser.add_argument("--token", default=os.environ.get("ARGUS_TOKEN"), help="everything belongs to its owner")
    parser.add_argument("--once", action="store_true", help="tell what was, and end")
    parser.add_argument("--remove", action="store_true", help="take everything back")
    return parser


def _run(options: argparse.Namespace) -> None:
    server, state = Server(options.url), State.of(options.url)
    if options.remove:
        removal.remove(server, state, options.token, print)
        return
    people = accounts(server, state, options.token)
    story = Story(server, state, people, print)
    story.tell_past(datetime.now(UTC), goes_on=not options.once)
    trimmings.add(server, state, people, story.batches, print, meanwhile=story.report_due)
    _say_where(server, state, options.token)
    if not options.once:
        print("Trainings go on while this runs. Ctrl-C ends it; `make demo ARGS=--remove` takes everything back.")
        story.go_on()


def _say_where(server: Server, state: State, token: str | None) -> None:
    print(f"\nOpen {server.url}", end="")
    known = state.known.get("people", {}).get("ada")
    print(
        "" if token or known is None else f" and sign in as {known['username']} with the password {known['password']}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
