"""What a server that holds much stores per second, beside one that holds nothing, in turns; and what a point takes.

    python -m bench.growth --mode standalone|stack [--quick]

Two servers of the mode run at once. One gets ten million points through the API, 500 events a request with four
numbers each, as P3 is measured; then curves straight into the tables (`bench/points.py`) until there are a hundred
million. After each, both are asked for P3 in turns: `share_pct` is the median of the full one against that of the
empty one. `bytes_per_point` is what the database's files grew by for the points that came through the API, once they
are merged, divided by their number: with the events as they came, which are kept for a while. `curve_bytes_per_point`
is the share of the curves, which stay. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any, Final

import httpx
from bench import pages, points
from bench.parts import script
from bench.servers import COMMANDS, Target, running
from bench.system import System

NUMBERS: Final = 4
A_TIME: Final = 100_000
_SETTLED_S: Final = 600
_LOOK_EVERY_S: Final = 15
_CURVES_POSTGRES: Final = "relkind = 'r' and relname like 'metric\\_%'"
_CURVES_SQLITE: Final = "name in (select name from sqlite_schema where tbl_name like 'metric\\_%' escape '\\')"


class Store:
    """The database of a server, looked at from outside."""

    def __init__(self, target: Target) -> None:
        self._file = target.home / "argus.db"
        self._system = None if self._file.exists() else System(target)

    def bytes(self) -> int:
        """What it takes on the disk."""
        if self._system is not None:
            self._system.ask("checkpoint")
            return int(self._system.ask("select pg_database_size(current_database())"))
        return sum(path.stat().st_size for path in self._file.parent.glob(f"{self._file.name}*"))

    def curve_bytes(self) -> int:
        """What curves take of that."""
        if self._system is not None:
            return int(
                self._system.ask(f"select sum(pg_total_relation_size(oid)) from pg_class where {_CURVES_POSTGRES}")
            )
        return self._ask(f"select sum(pgsize) from dbstat where {_CURVES_SQLITE}")

    def blocks(self) -> int:
        """What is not merged yet."""
        statement = "select count(*) from metric_block"
        return int(self._system.ask(statement)) if self._system is not None else self._ask(statement)

    def _ask(self, statement: str) -> int:
        with contextlib.closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=60)) as database:
            return int(database.execute(statement).fetchone()[0])

    def settle(self) -> None:
        """Wait until merging has nothing more to do: it leaves the newest blocks of each job as they are.

        Raises:
            TimeoutError: it goes on and on.
        """
        deadline, before = time.monotonic() + _SETTLED_S, -1
        while (now := self.blocks()) != before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{now} blocks after {_SETTLED_S} s, {before} a moment before")
            before = now
            time.sleep(_LOOK_EVERY_S)


def store(target: Target, events: int) -> int:
    """Store so many; how many that was a second."""
    address = ("--url", target.url, "--token", target.token, "--batch-size", "500", "--clients", "8")
    return int(script("ingest", *address, "--events", str(events))["events_per_second"])


def in_turns(empty: Target, full: Target, turns: int, events: int) -> dict[str, Any]:
    """Both, one after the other, so that what the machine does besides concerns both."""
    found = [(store(empty, events), store(full, events)) for _ in range(turns)]
    of_empty, of_full = (statistics.median(rates) for rates in zip(*found, strict=True))
    return {"empty": of_empty, "full": of_full, "share_pct": round(of_full / of_empty * 100, 1)}


async def more_jobs(target: Target, batches: int) -> None:
    """Batches with jobs that ended, to put curves behind."""
    headers = {"Authorization": f"Bearer {target.token}"}
    async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=120) as client:
        await pages.fill(client, range(batches))


def measure(mode: str, *, quick: bool) -> dict[str, Any]:
    """All of it."""
    first, events, turns = (1_000_000, 20_000, 3) if quick else (10_000_000, A_TIME, 5)
    batches, per_job = (100, 4_500) if quick else (2_000, 2_250)
    found: dict[str, Any] = {}
    with running(mode) as empty, running(mode) as full:
        data = Store(full)
        # Else the first figures would be of files that grow for the first time.
        for one in (empty, full, empty, full):
            store(one, events)
        data.settle()
        before, of_curves = data.bytes(), data.curve_bytes()
        rounds = first // NUMBERS // A_TIME + 1
        for _ in range(rounds):
            store(full, A_TIME)
        data.settle()
        stored = rounds * A_TIME * NUMBERS
        found["bytes_per_point"] = round((data.bytes() - before) / stored, 1)
        found["curve_bytes_per_point"] = round((data.curve_bytes() - of_curves) / stored, 1)
        found["some"] = {"points": stored, **in_turns(empty, full, turns, events)}
        asyncio.run(more_jobs(full, batches))
        held = points.add(Path(full.home), per_job)
        data.settle()
        found["many"] = {"points": held, **in_turns(empty, full, turns, events)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=tuple(COMMANDS), required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(measure(options.mode, quick=options.quick)))


if __name__ == "__main__":
    main()
