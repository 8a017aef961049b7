"""The `argus` command: `version`, `doctor`, `sync`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from argus._adoption import Orphan, adopt_file, adopt_folder
from argus._counters import Counters
from argus._delivery import detail
from argus._rejects import RejectedFile
from argus._sender import Sender
from argus._settings import journal_folder, resolve_url, token_source
from argus._transport import HttpTransport, Unreachable
from argus._version import SCHEMA_VERSION, __version__

if TYPE_CHECKING:
    from argus._transport import Reply

_DOCTOR_TIMEOUT_S = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 well, 1 not well, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    if options.command == "version":
        print(f"argus-reporter {__version__} (event schema {SCHEMA_VERSION})")
        return 0
    url = resolve_url(options.url)
    if url is None:
        print("No server: set ARGUS_URL or give --url.", file=sys.stderr)
        return 2
    if options.command == "doctor":
        return _doctor(url, options.token)
    return _sync(url, options.token, options.path or journal_folder(), options.timeout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="argus", description="Report training runs to an Argus server.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="print the version of this client")
    doctor = commands.add_parser("doctor", help="check the server's address and the token")
    sync = commands.add_parser("sync", help="deliver journals that are still on this machine, now")
    sync.add_argument("path", nargs="?", help="a journal, spill or rejected file, or a folder of them")
    sync.add_argument("--timeout", type=float, default=600.0, help="give up after so many seconds (default 600)")
    for command in (doctor, sync):
        command.add_argument("--url", help="the server (default: ARGUS_URL)")
        command.add_argument("--token", help="an em_live_ token (default: ARGUS_TOKEN)")
    return parser


def _doctor(url: str, token: str | None) -> int:
    """Ask the server for its health, then send an empty request: a token that it refuses says so, no event is made."""
    get_token = token_source(token)
    try:
        with closing(HttpTransport(url, get_token, _DOCTOR_TIMEOUT_S)) as server:
            health = server.request("GET", "/health")
            probe = server.request("POST", "/api/events/batch", b'{"events":[]}', {"Content-Type": "application/json"})
    except (Unreachable, ValueError) as error:
        print(f"{url} cannot be reached: {error}.")
        return 1
    sentence = _diagnosis(url, get_token() is not None, health, probe)
    print(sentence or f"{url} answers and takes your token. Journals are kept in {journal_folder()}.")
    return 0 if sentence is None else 1


def _diagnosis(url: str, has_token: bool, health: Reply, probe: Reply) -> str | None:
    """What is wrong, as one sentence; None when nothing is."""
    if not health.ok:
        return f"{url} answers, but /health says HTTP {health.status}: this is no Argus server, or it is not well."
    if probe.status == 401 and not has_token:
        return f"{url} answers, but ARGUS_TOKEN is not set. Make a token on the server's page Settings, Tokens."
    if probe.status in (401, 403):
        return f"{url} answers, but refuses your token: {detail(probe)}."
    if probe.status in (404, 405) or 300 <= probe.status < 400:
        return f"{url} answers, but not as an Argus server does (HTTP {probe.status}): is the address complete?"
    if probe.status >= 500 or probe.status == 429:
        return f"{url} answers, but takes no events now (HTTP {probe.status}): {detail(probe)}."
    return None


def _sync(url: str, token: str | None, path: str, timeout_s: float) -> int:
    """Deliver and say what happened."""
    if not os.path.exists(path):
        print(f"{path} does not exist.", file=sys.stderr)
        return 2
    counters = Counters()
    folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    sender = Sender(
        lambda: HttpTransport(url, token_source(token), 30.0),
        own=[],
        adopt=lambda: _orphans(path),
        rejects=RejectedFile(folder),
        counters=counters,
        on_end=lambda: None,
    )
    sender.start()
    sender.close(timeout_s)
    started = time.monotonic()
    sender.join()
    counts = counters.counts()
    left = sender.unfinished
    summary = {
        "delivered": counts.get("adopted", 0),
        "rejected": counts.get("adopted_rejected", 0),
        "torn": counts.get("torn", 0),
        "journals_left": left,
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(summary))
    return 1 if left else 0


def _orphans(path: str) -> Iterator[Orphan]:
    if os.path.isdir(path):
        yield from adopt_folder(path)
        return
    orphan = adopt_file(path)
    if orphan is None:
        print(f"{path} belongs to a process that is alive and will deliver it itself.", file=sys.stderr)
    else:
        yield orphan


if __name__ == "__main__":
    sys.exit(main())
