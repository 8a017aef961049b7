"""Makes the calculator's costs out of what P11 measured: three shapes of requests give the cost of a request, of an
event and of a number; everything else is taken as it is. `make bench` writes them with its tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.results import Results
from bench.units import TOGETHER

FILE = Path(__file__).parents[1] / "services" / "standalone" / "argus_standalone" / "capacity" / "costs.json"
_FROM = "docs/benchmarks.json, P11 here replicas_1"
# Requests an event, and numbers an event: see bench.scale.SHAPES.
_SINGLE, _BUNDLED, _WIDE = (1.0, 4.0), (1 / 500, 4.0), (1 / 100, 50.0)
# Processes of each service with connections; realtime has no worker.
_PROCESSES = {"realtime": 1}


def write(results: Results, file: Path = FILE) -> None:
    """Write them, where P11 was measured."""
    if found := costs(results):
        file.write_text(json.dumps(found, indent=1) + "\n")


def costs(results: Results) -> dict[str, Any] | None:
    """Each group with its figures, their unit, and where they come from."""
    part = results.get("P11", "here")
    one = (part or {}).get("replicas_1")
    if not one:
        return None
    units, machine = one["units"], results.get("machine")
    split = {program: _split(one[shape]["cpu_us"].get(program, 0.0) for shape in _SHAPES) for program in _STORING}
    cpu: dict[str, dict[str, float]] = {
        name: {program: three[name] for program, three in split.items()} for name in _THREE
    }
    cpu |= {
        "frame": one["fan_out"]["cpu_us"],
        **{name: _of(units[unit]["cpu_us"], programs) for name, (unit, programs) in _UNITS.items()},
        **_questions(units["stop_poll_alone"]["cpu_us"], units["stop_poll"]["cpu_us"]),
    }
    amounts = {
        name: _split(one[shape][f"{name}_bytes"] for shape in _SHAPES) for name in ("bus", "wal", "disk", "sent")
    }
    return {
        "measured": f"{part['at']}, load average {part['load']}, {machine['cpus']} CPUs, Python {machine['python']}",
        "cpu_us": _group(
            cpu, "microseconds of processor", f"single, bundled, wide, fan_out, units{_apart(units['stop_poll'])}"
        ),
        "bytes": _group(amounts, "bytes", "single, bundled, wide: bus_bytes, wal_bytes, disk_bytes, sent_bytes"),
        "point_bytes": _group(units["merged_point"]["bytes"], "bytes", "units.merged_point"),
        "frame_bytes": _group(one["single"]["bus_bytes"], "bytes", "single.bus_bytes: a frame is an event"),
        "page_bytes": _group(units["page"]["bytes"], "bytes", "units.page"),
        "memory_kib": _group(
            {"stream": units["stream"]["kib"]["realtime"], "agent": units["agent"]["kib"]}, "KiB", "units.stream, agent"
        ),
        "process_mib": _group(one["process_mib"], "MiB", "process_mib"),
        "connections": _group(
            {
                role.removeprefix("argus_"): count / _PROCESSES.get(role.removeprefix("argus_"), 2)
                for role, count in one["connections"].items()
            },
            "connections of a process",
            "connections",
        ),
    }


# Who takes part; what others spent meanwhile was their own work.
_STORING = ("ingest", "postgres", "nats-server", "realtime", "notifier-worker", "traefik", "valkey-server")
_UNITS = {
    "page": ("page", ("catalog", "postgres", "traefik", "valkey-server")),
    "agent_second": ("agent", ("executor", "postgres", "traefik", "valkey-server", "nats-server")),
    "merge": ("merged_point", ("ingest-worker",)),
}
_SHAPES = ("single", "bundled", "wide")
_THREE = ("request", "event", "number")


def _split(found: Iterable[float]) -> dict[str, float]:
    """What a request, an event in it and a number of that cost, when these are the costs of an event in each shape.

    Noise may make one of them less than nothing; it counts as nothing then.
    """
    single, bundled, wide = found
    request = max(0.0, (single - bundled) / (_SINGLE[0] - _BUNDLED[0]))
    number = max(0.0, (wide - bundled - request * (_WIDE[0] - _BUNDLED[0])) / (_WIDE[1] - _BUNDLED[1]))
    event = max(0.0, bundled - request * _BUNDLED[0] - number * _BUNDLED[1])
    return {"request": round(request, 3), "event": round(event, 3), "number": round(number, 4)}


def _questions(alone: dict[str, float], together: dict[str, float]) -> dict[str, dict[str, float]]:
    """What a question whether to stop costs by itself, and what the statement costs that those who ask at once share.

    Alone each has a statement, so the difference is what is shared. The gateway shares nothing.
    """
    once, each = {}, {"traefik": together["traefik"]}
    for program in ("executor", "postgres", "valkey-server"):
        one, shared = alone.get(program, 0.0), together.get(program, 0.0)
        once[program] = round(max(0.0, one - shared) / (1 - 1 / TOGETHER), 2)
        each[program] = round(max(0.0, shared - once[program] / TOGETHER), 2)
    return {"stop_poll": each, "stop_round": once}


def _apart(unit: dict[str, Any]) -> str:
    """Where a unit was measured by itself, after the rest: when, and under which load."""
    return f"; stop_poll of {unit['at']}, load average {unit['load']}" if "at" in unit else ""


def _of(found: dict[str, float], programs: Iterable[str]) -> dict[str, float]:
    return {program: found[program] for program in programs if program in found}


def _group(value: Any, unit: str, where: str) -> dict[str, Any]:
    return {"unit": unit, "from": f"{_FROM}: {where}", "value": value}
