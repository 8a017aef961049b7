"""Soak: a steady load and open pages for a long while, and every minute a process is killed (`make soak`).

Reads MINUTES, RATE (events a second), CLIENTS (open streams), EVERY (seconds between kills), SEED, REPLICAS and REPORT
(a file for the JSON). Ends with 0 when nothing was lost, doubled or missed, and every process's memory stayed flat.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rig.systems import Stack
from roll.batches import broken
from roll.memory import Watch
from roll.traffic import Traffic

from argus_standalone.testing import Account

_SAMPLE_S = 5.0
# Kills leave the last moments to prove that all came back.
_QUIET_S = 15.0


@dataclass(frozen=True)
class Options:
    """What is asked for."""

    minutes: float
    rate: float
    clients: int
    every_s: float
    seed: int
    replicas: str
    report: Path | None

    @classmethod
    def from_environment(cls) -> Options:
        """Read the variables above."""
        said = os.environ.get
        report = said("REPORT")
        return cls(
            minutes=float(said("MINUTES") or 30),
            rate=float(said("RATE") or 2000),
            clients=int(said("CLIENTS") or 500),
            every_s=float(said("EVERY") or 60),
            seed=int(said("SEED") or 1),
            replicas=said("REPLICAS") or "1",
            report=Path(report) if report else None,
        )


class Soak:
    """One run on a fresh system."""

    def __init__(self, options: Options, stack: Stack, account: Account) -> None:
        self._options = options
        self._stack = stack
        self._watch = Watch(stack.pids)
        self._chance = random.Random(options.seed)
        self._killed: list[tuple[float, str]] = []
        self._traffic = Traffic(account.url, account, rate=options.rate, pages=options.clients, posters=8)

    def run(self) -> dict[str, Any]:
        """From the first event to the report."""
        self._traffic.start()
        begin = time.monotonic()
        sent = self._traffic.sent
        self._disturb(begin)
        seconds = time.monotonic() - begin
        sent = self._traffic.sent - sent
        self._stack.wait_ready()
        self._traffic.finish()
        return self._report(sent / seconds)

    def _disturb(self, begin: float) -> None:
        end = begin + 60 * self._options.minutes
        due = begin + self._options.every_s
        while (now := time.monotonic()) < end:
            self._watch.sample()
            if now >= due and now < end - _QUIET_S:
                self._kill()
                due += self._options.every_s
            time.sleep(_SAMPLE_S)

    def _kill(self) -> None:
        # No process is killed twice before every other was once.
        names = sorted(self._stack.pids())
        killed = [name for _, name in self._killed]
        fewest = min(killed.count(name) for name in names)
        name = self._chance.choice([name for name in names if killed.count(name) == fewest])
        print(f"{self._traffic.counts.now():7.1f} s  kill -9 {name}; {self._traffic.sent:,} events so far", flush=True)
        self._stack.kill(name)
        self._killed.append((self._traffic.counts.now(), name))

    def _report(self, rate: float) -> dict[str, Any]:
        traffic = self._traffic
        promises = broken(self._stack, traffic.batches)
        growths = self._watch.growths()
        growing = [growth.name for growth in growths if not growth.is_flat]
        return {
            "asked": asdict(self._options) | {"report": None},
            "events_acknowledged": traffic.sent,
            "events_per_second": round(rate, 1),
            "streams": len(traffic.pages),
            "stream_connections": sum(page.connections for page in traffic.pages),
            "killed": self._killed,
            "broken_promises": promises,
            "missed_by_pages": 0 if traffic.resyncs else traffic.missed,
            "resyncs": traffic.resyncs,
            "shown_again": sum(batch.repeated for batch in traffic.batches),
            "requests": dict(traffic.counts.asked),
            "failed_and_sent_again": len(traffic.counts.failures),
            "memory": [asdict(growth) | {"flat": growth.is_flat} for growth in growths],
            "growing": growing,
            "passed": not promises and not growing and (not traffic.missed or traffic.resyncs > 0),
        }


def main() -> int:
    """Entry point."""
    options = Options.from_environment()
    stack = Stack(
        via_relays=False,
        ARGUS_STACK_REPLICAS=options.replicas,
        ARGUS_SSE_MAX_STREAMS_PER_USER=str(10 * options.clients + 100),
    )
    try:
        stack.start(600)
        with Account(f"http://127.0.0.1:{stack.port}") as account:
            report = Soak(options, stack, account).run()
    finally:
        stack.end()
        if stack.disk:
            stack.disk.remove()
    if options.report:
        options.report.write_text(json.dumps(report, indent=1) + "\n")
    print(table(report))
    return 0 if report["passed"] else 1


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [
        f"{report['events_acknowledged']:,} events acknowledged, {report['events_per_second']:,} a second",
        f"{report['streams']} streams, opened {report['stream_connections']} times",
        f"{report['resyncs']} resyncs, {report['missed_by_pages']} events missed, {report['shown_again']} shown again",
        f"{len(report['killed'])} processes killed: {', '.join(name for _, name in report['killed'])}",
        f"{report['failed_and_sent_again']} requests failed and were sent again",
        "",
        f"{'process':20}{'lived s':>9}{'first MiB':>11}{'middle':>8}{'last MiB':>10}{'peak MiB':>10}{'MiB/min':>9}",
    ]
    lines += [
        f"{row['name']:20}{row['lived_s']:>9}{row['first_mib']:>11}{row['middle_mib']:>8}{row['last_mib']:>10}{row['peak_mib']:>10}"
        f"{row['slope_mib_per_minute']:>9}{'' if row['flat'] else '  grows'}"
        for row in report["memory"]
    ]
    lines += ["", *report["broken_promises"], "passed" if report["passed"] else "FAILED"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
