"""`make bench`: measures Argus beside this machine's own limits, and with `--rivals` beside others, part by part.

Every part's figures go to docs/benchmarks.json as soon as they are there, and docs/benchmarks.md is made from that
file: `--only P1,P2` measures some parts and keeps the figures of the others, `--report` measures nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import costs
from bench.parts import ALONE, WITH_SERVER
from bench.report import write
from bench.results import Results
from bench.servers import running

from argus_standalone.capacity import page

MODES = ("standalone", "stack")


class Bench:
    """One run over the chosen parts."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self.failed: list[str] = []

    def measure(self, part: str, name: str, work: Callable[[], dict[str, Any]]) -> None:
        """Measure one part; where it fails, the others go on."""
        begin = time.monotonic()
        try:
            self._results.put(part, name, work())
        except Exception as error:  # noqa: BLE001 (whatever it is, it is one part's)
            self.failed.append(f"{part} {name}: {error}")
            print(f"{part} {name}: FAILED {error}", file=sys.stderr)
        else:
            print(f"{part} {name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)


def main() -> int:
    """Entry point."""
    options = _options()
    results = Results()
    bench = Bench(results)
    chosen = set(options.only.split(",")) if options.only else {*ALONE, *WITH_SERVER}
    if not options.report:
        for part, alone in ALONE.items():
            if part in chosen:
                bench.measure(part, "here", lambda alone=alone: alone(options.quick))
        for mode in options.modes.split(",") if chosen & set(WITH_SERVER) else ():
            with running(mode) as target:
                for part, work in WITH_SERVER.items():
                    if part in chosen:
                        bench.measure(part, mode, lambda work=work, target=target: work(target, options.quick))
    if options.rivals:
        from bench.rivals.run import measure

        measure(bench.measure, options.rivals.split(",") if options.rivals != "all" else None)
    write(results)
    costs.write(results)
    page.write()
    return 1 if bench.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help=f"of {','.join([*ALONE, *WITH_SERVER])}, a comma list")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--quick", action="store_true", help="fewer events: a minute or two, for a look")
    parser.add_argument("--rivals", nargs="?", const="all", help="others too: all, or a comma list; they are installed")
    parser.add_argument("--report", action="store_true", help="measure nothing, write docs/benchmarks.md anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
