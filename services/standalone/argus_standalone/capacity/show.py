"""A plan for people: rows of text in English or Chinese, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from argus_standalone.capacity.limits import Limit, limits, size
from argus_standalone.capacity.model import LEAST, SERVERS, Needs

Language = Literal["en", "zh"]
Row = tuple[str, ...]

_TEXT: Final = {
    "jobs": ("live jobs", "在线任务数"),
    "events": ("events a second", "每秒事件数"),
    "requests": ("requests with events a second", "每秒事件请求数"),
    "numbers": ("numbers a second", "每秒数值个数"),
    "frames": ("frames to pages a second", "每秒推送到页面的帧数"),
    "cores": ("processor cores, all together", "CPU 核数（合计）"),
    "raw": ("PostgreSQL, raw events", "PostgreSQL：原始事件"),
    "curves": ("PostgreSQL, curves, a year", "PostgreSQL：曲线（每年）"),
    "wal": ("PostgreSQL, log written", "PostgreSQL：WAL 写入"),
    "connections": ("PostgreSQL, connections", "PostgreSQL：连接数"),
    "stream": ("JetStream, and how far it reaches back", "JetStream，可回溯"),
    "bus": ("bus, in", "总线写入"),
    "in": ("network, in", "网络入站"),
    "out": ("network, out", "网络出站"),
    "first": ("gives way first", "最先饱和的部分"),
    "database-cores": ("PostgreSQL: processors", "PostgreSQL：CPU"),
    "database-disk": ("PostgreSQL: disk after a year", "PostgreSQL：一年后的磁盘"),
    "database-log": ("PostgreSQL: log written", "PostgreSQL：WAL 写入"),
    "database-connections": ("PostgreSQL: connections", "PostgreSQL：连接数"),
    "bus-cores": ("NATS: processors", "NATS：CPU"),
    "gateway-cores": ("Traefik: processors", "Traefik：CPU"),
    "line": ("network of the gateway", "网关的网络带宽"),
    "hearing": ("realtime: each replica reads all events", "realtime：每个副本都读全部事件"),
    "merging": ("ingest: one worker merges curves", "ingest：只有一个 worker 合并曲线"),
    "fits": ("fits", "够用"),
    "near": ("near", "接近上限"),
    "too much": ("too much", "超出"),
}
# With less than this of all our own programs together one process is enough.
_ONE_PROCESS: Final = 0.4


def text(key: str, language: Language = "en") -> str:
    """A label."""
    return _TEXT[key][0 if language == "en" else 1]


def totals(needs: Needs, language: Language = "en") -> list[Row]:
    """What a load is, and what it takes as a whole."""
    rates = needs.rates
    first = limits(needs)[0]
    rows = {
        "jobs": f"{needs.load.jobs:,}",
        "events": _count(rates.events),
        "requests": _count(rates.requests),
        "numbers": _count(rates.numbers),
        "frames": _count(rates.frames),
        "cores": f"{cores(needs):.1f}",
        "raw": size(needs.raw_bytes),
        "curves": size(needs.curve_bytes_a_year),
        "wal": f"{size(needs.wal_bytes_s)}/s",
        "connections": f"{needs.connections:,}",
        "stream": f"{size(needs.stream_bytes)}, {_hours(needs.stream_s)}",
        "bus": f"{size(needs.bus_bytes_s)}/s",
        "in": f"{size(needs.in_bytes_s)}/s",
        "out": f"{size(needs.out_bytes_s)}/s",
        "first": f"{text(first.name, language)} ({first.share:.0%})",
    }
    return [(text(key, language), value) for key, value in rows.items()]


def parts(needs: Needs) -> list[Row]:
    """Programs: cores that are busy, replicas, memory of a replica."""
    return [
        (name, f"{part.cores:.2f}", f"{part.replicas}" if part.replicas else "-", _mib(part.memory_mib))
        for name, part in needs.parts.items()
        if part.replicas > LEAST or part.cores >= 0.005 or name in SERVERS
    ]


def bounds(needs: Needs, language: Language = "en") -> list[Row]:
    """What gives way, the first in front."""
    return [
        (text(one.name, language), one.used, f"{one.share:.0%}", text(one.verdict, language)) for one in limits(needs)
    ]


def cores(needs: Needs) -> float:
    """All processors that are busy."""
    return sum(part.cores for part in needs.parts.values())


def report(needs: Needs, measured: str) -> str:
    """The whole plan as plain text."""
    load = needs.load
    said = [
        f"{load.jobs:,} live jobs, {load.metrics:,} numbers every {load.interval_s:g} s",
        f"{load.hosts:,} hosts, {load.viewers:,} open pages, raw events for {load.retention_days:g} days",
        f"From costs measured {measured}.",
        "",
        *table(("", ""), totals(needs)[1:]),
        "",
        *table(("program", "cores", "replicas", "memory of one"), parts(needs)),
        "",
        *table(("what gives way, the first in front", "used", "share", ""), bounds(needs)),
        "",
        *advice(needs),
    ]
    return "\n".join(said)


def advice(needs: Needs) -> list[str]:
    """What to do."""
    found = [f"{text(one.name)}: {one.advice}" for one in limits(needs) if one.verdict != "fits"]
    if found:
        return ["What to do:", *(f"  {line}" for line in found)]
    ours = sum(part.cores for name, part in needs.parts.items() if name not in SERVERS)
    if ours < _ONE_PROCESS:
        return ["One process is enough for this: `argus-server up`."]
    return ["Everything fits: one PostgreSQL, one NATS, and as many replicas as the table says."]


def as_json(needs: Needs, measured: str) -> dict[str, Any]:
    """The plan for programs: plain numbers, bytes and seconds."""
    return {
        "load": needs.load._asdict(),
        "measured": measured,
        "rates_per_second": {name: round(value, 3) for name, value in needs.rates._asdict().items()},
        "cores": round(cores(needs), 3),
        "programs": {
            name: {
                "cores": round(part.cores, 4),
                "replicas": part.replicas or None,
                "memory_mib": round(part.memory_mib),
            }
            for name, part in needs.parts.items()
        },
        "postgres": {
            "raw_bytes": round(needs.raw_bytes),
            "curve_bytes_a_year": round(needs.curve_bytes_a_year),
            "wal_bytes_per_second": round(needs.wal_bytes_s),
            "connections": needs.connections,
        },
        "jetstream": {
            "bytes": round(needs.stream_bytes),
            "bytes_per_second": round(needs.bus_bytes_s),
            "seconds": round(needs.stream_s),
        },
        "network": {"in_bytes_per_second": round(needs.in_bytes_s), "out_bytes_per_second": round(needs.out_bytes_s)},
        "limits": [_limit(one) for one in limits(needs)],
    }


def table(head: Row, rows: Sequence[Row]) -> list[str]:
    """Columns in line: the first to the left, the others to the right."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
    return [line for line in lines if line]


def _limit(one: Limit) -> dict[str, Any]:
    return {"name": one.name, "share": round(one.share, 4), "used": one.used, "verdict": one.verdict, "do": one.advice}


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _mib(value: float) -> str:
    return f"{value:.0f} MiB" if value else "-"
