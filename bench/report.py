"""Writes the figures of one run into docs/benchmarks.md, between two marks; the prose around them is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"


def write(found: dict[str, Any], target: Path) -> None:
    """Replace what stands between the marks."""
    text = target.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(lines(found))
    target.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The tables."""
    machine = found["machine"]
    yield ""
    yield f"{machine['cpus']} CPUs, {machine['system']}, Python {machine['python']}; load before: {machine['load']}."
    yield from _floors(found["floors"])
    yield from _servers(found)
    yield from _fanout(found)
    yield from _sdk(found["sdk"], found["floors"])
    yield ""


def _floors(floors: dict[str, float]) -> Iterator[str]:
    yield from ("", "### This machine's limits", "", "| what | figure |", "|---|---|")
    yield f"| decode in a bare uvicorn, bodies of 500 | {floors['echo_events_per_s_500']:,.0f} events/s |"
    yield f"| the same, one event a request | {floors['echo_requests_per_s_1']:,.0f} requests/s |"
    yield f"| PostgreSQL COPY, two unique indexes | {floors['postgres_copy_rows_per_s']:,.0f} rows/s |"
    yield f"| PostgreSQL unnest, on conflict do nothing | {floors['postgres_unnest_rows_per_s']:,.0f} rows/s |"
    yield f"| SQLite, WAL, synchronous=full | {floors['sqlite_rows_per_s']:,.0f} rows/s |"
    yield f"| deque append / queue.Queue put | {floors['deque_append_us']:.2f} / {floors['queue_put_us']:.2f} us |"


def _servers(found: dict[str, Any]) -> Iterator[str]:
    floors = found["floors"]
    limits = {"standalone": floors["sqlite_rows_per_s"], "stack": floors["postgres_unnest_rows_per_s"]}
    yield from ("", "### Events stored, acknowledged = on disk", "")
    yield "| mode | batches of 500 | of the database's limit | p99 | one event a request | p50 / p99 |"
    yield "|---|---|---|---|---|---|"
    for mode, limit in limits.items():
        many, single = found[mode]["batches_of_500"], found[mode]["one_a_request"]
        yield (
            f"| {mode} | {many['events_per_second']:,.0f} events/s | {many['events_per_second'] / limit:.0%} "
            f"| {many['p99_ms']:.0f} ms | {single['events_per_second']:,.0f}/s "
            f"| {single['p50_ms']:.1f} / {single['p99_ms']:.1f} ms |"
        )


def _fanout(found: dict[str, Any]) -> Iterator[str]:
    yield from ("", "### Event to browser: request sent to frame received", "")
    yield "| mode | clients on one channel | p50 | p99 | burst of events, to the last frame | missed |"
    yield "|---|---|---|---|---|---|"
    for mode in ("standalone", "stack"):
        for name in ("fanout_1", "fanout_100", "fanout_500"):
            one = found[mode][name]
            yield (
                f"| {mode} | {one['clients']} | {one['p50_ms']} ms | {one['p99_ms']} ms "
                f"| {one['burst']} in {one['burst_last_ms']} ms | {one['missed'] + one['burst_missed']} |"
            )


def _sdk(sdk: dict[str, Any], floors: dict[str, float]) -> Iterator[str]:
    yield from ("", f"### What `job.epoch()` costs the loop ({sdk['calls']:,} calls, four metrics)", "")
    yield "| | p50 | p99 | worst |"
    yield "|---|---|---|---|"
    for label, name in (("tight loop", "tight"), ("100 us of work between", "with_100us_of_work")):
        row = sdk[name]
        yield f"| {label} | {row['p50_us']:.1f} us | {row['p99_us']:.1f} us | {row['worst_us'] / 1000:.1f} ms |"
    yield f"| floor: queue.Queue put | {floors['queue_put_us']:.1f} us | | |"
    stats = sdk["stats"]
    yield ""
    dropped = f"{stats['dropped']} of {stats['accepted']:,} events dropped"
    yield f"The loop slows by {sdk['slowdown_percent']:.1f} %; {dropped}."
