"""The targets, from the page of what is measured: what must be reached, and how a figure is compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.results import Results


class Target(NamedTuple):
    """`at_most` says which way is better; `path` leads to the figure in the results."""

    part: str
    what: str
    limit: float
    unit: str
    path: tuple[str, ...]
    at_most: bool = True


TARGETS = (
    Target("P1", "`job.epoch()` p50, tight", 3, "us", ("here", "tight", "p50_us")),
    Target("P1", "p99, tight", 30, "us", ("here", "tight", "p99_us")),
    Target("P1", "worst, tight", 2, "ms", ("here", "tight", "worst_ms")),
    Target("P1", "p50, with 100 us of work", 3, "us", ("here", "work_100us", "p50_us")),
    Target("P1", "p99, with 100 us of work", 30, "us", ("here", "work_100us", "p99_us")),
    Target("P1", "worst, with 100 us of work", 2, "ms", ("here", "work_100us", "worst_ms")),
    Target("P1", "dropped", 0, "events", ("here", "stats", "dropped")),
    Target("P1", "slow-down of the loop", 1, "%", ("here", "slowdown_pct")),
    Target("P2", "`import argus`", 30, "ms", ("here", "argus", "ms")),
    Target("P2", "memory of it", 8, "MiB", ("here", "argus", "mib")),
    Target("P3", "stack, bodies of 500", 25_000, "events/s", ("stack", "full", "events_per_second"), at_most=False),
    Target("P3", "standalone, bodies of 500", 15_000, "events/s", ("standalone", "full", "events_per_second"), False),
    Target("P3", "stack, p99 at 80 %", 150, "ms", ("stack", "at_80_pct", "p99_ms")),
    Target("P3", "standalone, p99 at 80 %", 150, "ms", ("standalone", "at_80_pct", "p99_ms")),
    Target("P3", "stack, recovered after 3 times the load", 5, "s", ("stack", "at_300_pct", "recovered_s")),
    Target("P3", "standalone, the same", 5, "s", ("standalone", "at_300_pct", "recovered_s")),
    Target("P4", "stack, one event a request", 4000, "requests/s", ("stack", "events_per_second"), at_most=False),
    Target("P4", "standalone, one event a request", 4000, "requests/s", ("standalone", "events_per_second"), False),
    Target("P4", "stack, p99", 30, "ms", ("stack", "p99_ms")),
    Target("P4", "standalone, p99", 30, "ms", ("standalone", "p99_ms")),
    *(
        Target("P5", f"{mode}, {page}, p95", 50, "ms", (mode, page, "p95_ms"))
        for mode in ("stack", "standalone")
        for page in ("dashboard", "batches", "jobs", "projects", "leaderboard", "matrix", "search", "query")
    ),
    *(
        Target("P5", f"{mode}, {page}, against a tenth of the batches", 1.5, "times", (mode, page, "growth"))
        for mode in ("stack", "standalone")
        for page in ("dashboard", "batches", "jobs", "projects", "leaderboard", "matrix", "search", "query")
    ),
    Target("P6", "stack, one of 1 M points, p95", 100, "ms", ("stack", "1M", "p95_ms")),
    Target("P6", "stack, its body", 60, "KiB", ("stack", "1M", "kib")),
    Target("P6", "stack, 50 series of 100 k, p95", 500, "ms", ("stack", "50x100k", "p95_ms")),
    Target("P6", "standalone, one of 1 M points, p95", 100, "ms", ("standalone", "1M", "p95_ms")),
    Target("P6", "standalone, its body", 60, "KiB", ("standalone", "1M", "kib")),
    Target("P6", "standalone, 50 series of 100 k, p95", 500, "ms", ("standalone", "50x100k", "p95_ms")),
    *(
        target
        for mode in ("stack", "standalone")
        for target in (
            Target("P7", f"{mode}, Home, JavaScript before the paint", 250, "KiB", (mode, "home", "js_kib_to_lcp")),
            Target("P7", f"{mode}, Home, largest paint", 1200, "ms", (mode, "home", "lcp_ms")),
            Target("P7", f"{mode}, the same, processor 4 times slower", 1200, "ms", (mode, "home", "lcp_slow_ms")),
            Target("P7", f"{mode}, a batch's page, largest paint", 1200, "ms", (mode, "matrix", "lcp_ms")),
            Target("P7", f"{mode}, longest task, matrix live", 50, "ms", (mode, "matrix", "live", "longest_task_ms")),
            Target("P7", f"{mode}, longest task, curves live", 50, "ms", (mode, "curves", "live", "longest_task_ms")),
            Target("P7", f"{mode}, longest task, job live", 50, "ms", (mode, "job", "live", "longest_task_ms")),
            *(
                Target("P7", f"{mode}, {what} scrolls, frames", 55, "a second", (mode, "scroll", *path), at_most=False)
                for what, path in (
                    ("a list of 100,000", ("list", "by_rows", "frames_per_s")),
                    ("a matrix of 60 x 60", ("matrix", "by_rows", "frames_per_s")),
                )
            ),
        )
    ),
    Target("P8", "stack, 1 client, p50", 5, "ms", ("stack", "clients_1", "p50_ms")),
    Target("P8", "stack, 500 clients, p99", 60, "ms", ("stack", "clients_500", "p99_ms")),
    Target("P8", "stack, burst of 500 to 500", 1500, "ms", ("stack", "clients_500", "burst_last_ms")),
    Target("P8", "standalone, 1 client, p50", 5, "ms", ("standalone", "clients_1", "p50_ms")),
    Target("P8", "standalone, 500 clients, p99", 60, "ms", ("standalone", "clients_500", "p99_ms")),
    Target("P8", "standalone, burst of 500 to 500", 1500, "ms", ("standalone", "clients_500", "burst_last_ms")),
    Target("P9", "standalone, start to ready", 2, "s", ("standalone", "ready_s")),
    Target("P9", "standalone, memory idle", 160, "MiB", ("standalone", "memory_mib")),
    Target("P9", "standalone, processor idle", 1, "%", ("standalone", "idle_cpu_pct")),
    *(
        target
        for mode in ("stack", "standalone")
        for target in (
            Target(
                "P10",
                f"{mode}, stored a second after 10 million points",
                85,
                "% of an empty one",
                ("here", mode, "some", "share_pct"),
                False,
            ),
            Target(
                "P10", f"{mode}, after 100 million", 85, "% of an empty one", ("here", mode, "many", "share_pct"), False
            ),
            Target(
                "P10",
                f"{mode}, on the disk, events as they came too",
                40,
                "bytes a point",
                ("here", mode, "bytes_per_point"),
            ),
            Target("P10", f"{mode}, what stays of it", 40, "bytes a point", ("here", mode, "curve_bytes_per_point")),
        )
    ),
    Target("P12", "a session adds to a warm request", 100, "us", ("here", "request", "jwt_adds_us")),
    Target("P12", "a token adds to a warm request", 100, "us", ("here", "request", "token_adds_us")),
    *(
        target
        for mode in ("stack", "standalone")
        for target in (
            Target("P13", f"{mode}, from the click to a process, p95", 1000, "ms", (mode, "click", "p95_ms")),
            Target("P13", f"{mode}, 1,000 agents, a command to its agent, p99", 1000, "ms", (mode, "crowd", "p99_ms")),
            Target("P13", f"{mode}, the same, lost", 0, "commands", (mode, "crowd", "lost")),
        )
    ),
    Target(
        "P14",
        "10,000 failures of one batch: the first in the inbox",
        3000,
        "ms",
        ("here", "one_batch", "first_in_inbox_ms"),
    ),
    Target("P14", "the same, mails in the first two minutes", 2, "mails", ("here", "one_batch", "mails_sent")),
    Target(
        "P14", "10,000 failures of 500 batches: all counted", 10, "s", ("here", "many_batches", "all_counted_after_s")
    ),
    Target("P14", "the same, mails in the first two minutes", 2, "mails", ("here", "many_batches", "mails_sent")),
    *(
        Target(
            "P11",
            f"{count} replicas, {what}",
            85,
            "% of linear",
            ("here", "efficiency", f"replicas_{count}", shape),
            False,
        )
        for count in (2, 4)
        for shape, what in (("bundled", "bodies of 500"), ("single", "one event a request"))
    ),
    Target("P12", "event loop late in a storm of logins, p99", 25, "ms", ("here", "storm", "loop_late_p99_ms")),
)


class Reached(NamedTuple):
    """A target with what was measured."""

    target: Target
    found: Any

    @property
    def verdict(self) -> str:
        """Met, or by how much it is missed."""
        if self.found is None:
            return "not measured"
        limit = self.target.limit
        if self.found <= limit if self.target.at_most else self.found >= limit:
            return "met"
        if not limit:
            return f"missed: {self.found:,}"
        factor = self.found / limit if self.target.at_most else limit / max(self.found, 1e-9)
        return f"missed, {factor:.1f} times away"


def reached(results: Results) -> Iterator[Reached]:
    """All targets."""
    for target in TARGETS:
        yield Reached(target, results.get(target.part, *target.path))
