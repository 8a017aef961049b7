"""What an event costs with one, two and four replicas of each service, who of them did the work, and what one of each
thing that the capacity calculator counts takes: a number, a stream, an idle agent, a page, bytes on disk and bus.

    python -m bench.scale [--replicas 1,2,4] [--quick]

Prints one JSON object. On a machine whose processors one replica keeps busy, more of them store no more: what has to
stay the same there is the processor time of an event, which is what more machines would share.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from typing import Any, Final

from bench import units
from bench.cpu import Usage
from bench.ingest import body_of
from bench.parts import script
from bench.servers import running
from bench.system import System

# Events, events a request, numbers an event, clients. Each has another one of the three costs in front.
SHAPES: Final = {
    "single": (8_000, 1, 4, 32),
    "bundled": (60_000, 500, 4, 8),
    "wide": (20_000, 100, 50, 8),
}
_STREAMS: Final = 100
_LOGGED: Final = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicas", default="1,2,4", help="a comma list")
    parser.add_argument("--quick", action="store_true", help="a quarter of the events")
    options = parser.parse_args()
    counts = [int(count) for count in options.replicas.split(",")]
    found = {f"replicas_{count}": of_replicas(count, options.quick) for count in counts}
    print(json.dumps(found | {"efficiency": efficiency(found)}))


def efficiency(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Events that a second of processor stores, in per cent of what it stores with one replica: 100 is linear."""
    one = found.get("replicas_1")
    return {
        name: {shape: round(100 * one[shape]["cpu_us_all"] / figures[shape]["cpu_us_all"], 1) for shape in SHAPES}
        for name, figures in (found.items() if one else ())
    }


def of_replicas(count: int, quick: bool) -> dict[str, Any]:
    """Everything with so many replicas of each service; with one, also what the calculator needs besides."""
    with running("stack", ARGUS_STACK_REPLICAS=str(count)) as target:
        system = System(target)
        found: dict[str, Any] = {"ready_s": target.ready_s, "idle_cpu": system.rest(5)}
        found |= {name: write(system, shape, quick) for name, shape in SHAPES.items()}
        found["fan_out"] = fan_out(system)
        found["connections"] = connections(system)
        found["process_mib"] = round(system.memory_mib("catalog") / count, 1)
        if count == 1:
            found["units"] = units.measure(system)
        return found


def write(system: System, shape: tuple[int, int, int, int], quick: bool) -> dict[str, Any]:
    """Store events, and wait until everybody has heard of them."""
    events, size, numbers, clients = shape
    target = system.target
    arguments = {"events": events // 4 if quick else events, "batch-size": size, "numbers": numbers, "clients": clients}
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    taken, on_bus, on_disk, logged = _taken(system), system.bus_bytes(), _size(system), system.ask(_LOGGED)
    usage, begin = Usage(target.pid), time.monotonic()
    figures = script("ingest", "--url", target.url, "--token", target.token, *words)
    spent = system.spent(usage, begin)
    stored = figures["events"]
    return {
        "events": stored,
        "events_per_second": figures["events_per_second"],
        "p99_ms": figures["p99_ms"],
        "refused_requests": figures["refused_requests"],
        "cpu_us": {name: round(cpu / stored * 1e6, 2) for name, cpu in spent.items()},
        "cpu_us_all": round(sum(spent.values()) / stored * 1e6, 1),
        "events_by_replica": [round(now - then) for now, then in zip(_taken(system), taken, strict=True)],
        "bus_bytes": round((system.bus_bytes() - on_bus) / stored, 1),
        "wal_bytes": round((system.ask(_LOGGED) - logged) / stored, 1),
        "disk_bytes": round((_size(system) - on_disk) / stored, 1),
        "sent_bytes": round(len(gzip.compress(body_of(0, 0, size, numbers - 4), 1)) / size, 1),
    }


def fan_out(system: System) -> dict[str, Any]:
    """Streams over all replicas of realtime: nothing missed, and what a frame costs."""
    target = system.target
    usage, begin = Usage(target.pid), time.monotonic()
    figures = script("fanout", "--url", target.url, "--token", target.token, "--clients", str(_STREAMS))
    spent = system.spent(usage, begin)
    frames = (figures["events"] + figures["burst"]) * _STREAMS
    return {
        **{name: figures[name] for name in ("clients", "p50_ms", "p99_ms", "missed", "burst_missed", "burst_last_ms")},
        "frames": frames,
        "cpu_us": {name: round(spent.get(name, 0.0) / frames * 1e6, 2) for name in ("realtime", "traefik")},
        "frames_by_replica": [round(one) for one in system.counts("realtime", "argus_sse_frames_total")],
    }


def connections(system: System) -> dict[str, int]:
    """Connections that PostgreSQL has now, by role."""
    text = system.ask(
        "select json_object_agg(usename, n) from (select usename, count(*) as n from pg_stat_activity "
        "where backend_type = 'client backend' and usename like 'argus%' group by usename) as found"
    )
    return dict(sorted(json.loads(text).items()))


def _taken(system: System) -> list[float]:
    return system.counts("ingest", "argus_ingest_events_total")


def _size(system: System) -> int:
    # Blocks, and what the outbox held, go again; the raw events stay for as long as they are kept.
    size: int = system.ask("select pg_total_relation_size('event')")
    return size


if __name__ == "__main__":
    main()
