"""What is measured, part by part: named after the targets, each returning JSON of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import psutil
from bench import floors
from bench.load import epoch_event
from bench.servers import COMMANDS, ROOT, Target

Figures = dict[str, Any]


class PartFailed(Exception):
    """A benchmark ended badly; the text is the end of what it printed."""


def script(name: str, *arguments: str, timeout_s: float = 300) -> Figures:
    """Run a benchmark as a process of its own and read the JSON that it prints.

    Raises:
        PartFailed: it did not end well.
    """
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=timeout_s)
    if done.returncode:
        raise PartFailed(f"bench.{name}: {(done.stderr or done.stdout)[-600:]}")
    found: Figures = json.loads(done.stdout)
    return found


def limits(_quick: bool) -> Figures:
    """What nothing on this machine can beat."""
    return asyncio.run(floors.measure())


def hot_path(_quick: bool) -> Figures:
    """P1."""
    return script("sdk_epoch")


def importing(_quick: bool) -> Figures:
    """P2."""
    return script("sdk_import")


def knowing_the_caller(quick: bool) -> Figures:
    """P12."""
    return script("auth", *(["--quick"] if quick else []))


def storing(target: Target, quick: bool) -> Figures:
    """P3: as fast as it is answered, at four fifths of that, and at three times as much."""
    address = ("--url", target.url, "--token", target.token, "--pid", str(target.pid), "--batch-size", "500")
    events = 20_000 if quick else 100_000
    full = script("ingest", *address, "--events", str(events), "--clients", "8")
    rate = full["events_per_second"]
    seconds = 2 if quick else 6
    calm = script(
        "ingest", *address, "--events", str(rate * seconds), "--clients", "8", "--offered", str(rate * 4 // 5)
    )
    return {"full": full, "at_80_pct": calm, "at_300_pct": _flood(target, address, rate, seconds)}


def _flood(target: Target, address: tuple[str, ...], rate: int, seconds: int) -> Figures:
    """Three times as much as is stored: does it go on, stay small, and recover?"""
    before = _memory_mib(target.pid)
    flood = script(
        "ingest", *address, "--events", str(rate * seconds * 2), "--clients", "64", "--offered", str(rate * 3)
    )
    return flood | {
        "recovered_s": _recovered_s(target),
        "memory_before_mib": before,
        "memory_after_mib": _memory_mib(target.pid),
    }


def _recovered_s(target: Target, calm_s: float = 0.15) -> float:
    """Seconds until five requests in a row are answered quickly."""
    begin, quick = time.perf_counter(), 0
    headers = {"Authorization": f"Bearer {target.token}"}
    with httpx.Client(base_url=target.url, headers=headers, timeout=30) as client:
        while quick < 5 and time.perf_counter() - begin < 60:
            sent = time.perf_counter()
            answer = client.post("/api/events", json=epoch_event("bench-after", 1))
            quick = quick + 1 if answer.status_code == 200 and time.perf_counter() - sent < calm_s else 0
    return round(time.perf_counter() - begin, 2)


def _memory_mib(pid: int) -> float:
    """Of a server and all that it started."""
    root = psutil.Process(pid)
    return round(sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]) / 2**20, 1)


def one_a_request(target: Target, quick: bool) -> Figures:
    """P4."""
    address = ("--url", target.url, "--token", target.token, "--pid", str(target.pid), "--batch-size", "1")
    return script("ingest", *address, "--events", "4000" if quick else "20000", "--clients", "32")


def curves(target: Target, quick: bool) -> Figures:
    """P6."""
    address = ("--url", target.url, "--token", target.token)
    found = script("curves", *address, *(["--quick"] if quick else []), timeout_s=400)
    return {name: figures | {"kib": round(figures["bytes"] / 1024, 1)} for name, figures in found.items()}


def pages(target: Target, quick: bool) -> Figures:
    """P5."""
    address = ("--url", target.url, "--token", target.token, "--home", str(target.home), "--pid", str(target.pid))
    return script("pages", *address, *(["--quick"] if quick else []), timeout_s=1_800)


def paint(target: Target, quick: bool) -> Figures:
    """P7."""
    shared = ("--url", target.url, *(["--quick"] if quick else []))
    return script("paint", *shared, timeout_s=900) | {"scroll": script("scroll", *shared, timeout_s=900)}


def fan_out(target: Target, quick: bool) -> Figures:
    """P8."""
    address = ("--url", target.url, "--token", target.token)
    counts = (1, 100) if quick else (1, 100, 500)
    return {f"clients_{count}": script("fanout", *address, "--clients", str(count)) for count in counts}


def acting(target: Target, quick: bool) -> Figures:
    """P13."""
    address = ("--url", target.url, "--token", target.token, "--pid", str(target.pid))
    return script("commands", *address, *(["--quick"] if quick else []), timeout_s=1_200)


def acting_at_best(_quick: bool) -> Figures:
    """P13: what no command can beat on this machine."""
    return script("commands", "--floors")


def at_rest(target: Target, _quick: bool) -> Figures:
    """P9: what it takes while nothing happens."""
    root = psutil.Process(target.pid)
    everyone = [root, *root.children(recursive=True)]
    begin = [sum(one.cpu_times()[:2]) for one in everyone]
    time.sleep(3)
    spent = sum(sum(one.cpu_times()[:2]) for one in everyone) - sum(begin)
    return {"memory_mib": _memory_mib(target.pid), "idle_cpu_pct": round(spent / 3 * 100, 1), "ready_s": target.ready_s}


def storms(quick: bool) -> Figures:
    """P14."""
    return script("storm", *(["--quick"] if quick else []), timeout_s=900)


def growing(quick: bool) -> Figures:
    """P10, in both modes: a server of each that is full, and one that is empty."""
    more = ["--quick"] if quick else []
    return {mode: script("growth", "--mode", mode, *more, timeout_s=3_000) for mode in COMMANDS}


def scaling(quick: bool) -> Figures:
    """P11."""
    return script("scale", *(["--quick"] if quick else []), timeout_s=1_500)


# Without a server, and with one of each mode.
ALONE: dict[str, Callable[[bool], Figures]] = {
    "floors": limits,
    "P1": hot_path,
    "P2": importing,
    "P12": knowing_the_caller,
    "P13": acting_at_best,
    "P14": storms,
    "P10": growing,
    "P11": scaling,
}
WITH_SERVER: dict[str, Callable[[Target, bool], Figures]] = {
    "P9": at_rest,
    "P3": storing,
    "P4": one_a_request,
    "P6": curves,
    "P8": fan_out,
    "P13": acting,
    "P7": paint,
    "P5": pages,
}
