"""`make bench`: measures both modes and the SDK beside this machine's own limits, in one run.

Prints JSON, and with `--write` puts the figures into docs/benchmarks.md. `--quick` takes fewer events.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import floors
from bench.report import write
from bench.servers import ROOT, Target, running


def script(name: str, *arguments: str) -> dict[str, Any]:
    """Run a benchmark as a process of its own and read the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        sys.exit(f"bench.{name} failed:\n{done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def server(target: Target, *, quick: bool) -> dict[str, Any]:
    """What a server does: batches of 500, one event a request, event to browser."""
    address = ("--url", target.url, "--token", target.token)
    events = 20_000 if quick else 100_000
    return {
        "batches_of_500": script("ingest", *address, "--events", str(events), "--batch-size", "500", "--clients", "8"),
        "one_a_request": script(
            "ingest", *address, "--events", str(events // 10), "--batch-size", "1", "--clients", "32"
        ),
        "fanout_1": script("fanout", *address, "--clients", "1"),
        "fanout_100": script("fanout", *address, "--clients", "100"),
        "fanout_500": script("fanout", *address, "--clients", "500"),
    }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
            "load": round(os.getloadavg()[0], 1),
        },
        "floors": asyncio.run(floors.measure()),
    }
    for mode in ("standalone", "stack"):
        print(f"measuring {mode} ...", file=sys.stderr)
        with running(mode) as target:
            found[mode] = server(target, quick=options.quick)
            if mode == "standalone":
                found["sdk"] = script("sdk_epoch", "--url", target.url, "--token", target.token)
    print(json.dumps(found, indent=1))
    if options.write:
        write(found, Path(ROOT / "docs" / "benchmarks.md"))


if __name__ == "__main__":
    main()
