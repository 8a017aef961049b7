"""From a load and the measured costs to what it takes: processors, replicas, disk, bus, network, memory."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Final, NamedTuple

from argus_contracts.bus import LIVE_BYTES, LIVE_STREAM
from argus_standalone.capacity.costs import Costs
from argus_standalone.capacity.load import Load, Rates

# A process of ours has one thread that works: at more than this of a core, requests begin to wait for one another.
BUSY: Final = 0.6
# What answers people and machines is there twice at least, so that one may end.
LEAST: Final = 2
SERVICES: Final = ("ingest", "catalog", "realtime", "executor", "auth", "notifier")
WORKERS: Final = ("ingest-worker", "notifier-worker", "executor-worker", "catalog-worker", "auth-worker")
SERVERS: Final = ("traefik", "postgres", "nats-server", "valkey-server")
# What a replica of realtime, and one of executor, holds: tested with as many (P8, argus_executor.agents.polls).
STREAMS_A_REPLICA: Final = 5_000
POLLS_A_REPLICA: Final = 5_000
# For so long a replica of executor gathers questions whether to stop, which share a statement (its batches.polls).
QUESTIONS_APART_S: Final = 0.02
# All other raw events are kept for so long by default, snapshots for a week.
_DAY_S: Final = 86_400.0
_OTHER_DAYS: Final = 90.0


class Part(NamedTuple):
    """A program: processors that it keeps busy, and how many of it there should be (0: as its own page says)."""

    cores: float
    replicas: int
    memory_mib: float


class Needs(NamedTuple):
    """What a load takes. Bytes on disk are of PostgreSQL without copies, of the stream with one copy."""

    load: Load
    rates: Rates
    parts: dict[str, Part]
    raw_bytes: float
    curve_bytes_a_year: float
    wal_bytes_s: float
    connections: int
    bus_bytes_s: float
    stream_bytes: float
    # For how long the stream holds a message.
    stream_s: float
    in_bytes_s: float
    out_bytes_s: float
    # Processors that one process needs, however many replicas there are.
    alone: dict[str, float]


def needs(load: Load, costs: Costs) -> Needs:
    """What this load takes."""
    rates = load.rates()
    askers = _executors(load, rates, costs)
    cores = _cores(load, rates, costs, askers)
    least = {"executor": askers}
    parts = {name: _part(name, cores.get(name, 0.0), load, costs, least) for name in (*SERVICES, *WORKERS)}
    parts |= {name: Part(cores.get(name, 0.0), 0, 0.0) for name in SERVERS}
    on_bus = _bytes(costs.bytes["bus"], rates)
    disk = costs.bytes["disk"]
    event_bytes = disk["event"] + disk["request"]
    other = rates.events - rates.epochs
    return Needs(
        load=load,
        rates=rates,
        parts=parts,
        # The numbers of an epoch lie in the curves; what its raw event takes is the same for two and for two hundred.
        raw_bytes=_DAY_S * event_bytes * (rates.epochs * load.retention_days + other * _OTHER_DAYS),
        curve_bytes_a_year=365 * _DAY_S * rates.numbers * costs.point_bytes,
        wal_bytes_s=_bytes(costs.bytes["wal"], rates),
        connections=_connections(parts, costs),
        bus_bytes_s=on_bus,
        stream_bytes=min(on_bus * LIVE_STREAM.max_age_s, LIVE_BYTES),
        stream_s=min(LIVE_STREAM.max_age_s, LIVE_BYTES / on_bus if on_bus else math.inf),
        in_bytes_s=_bytes(costs.bytes["sent"], rates),
        out_bytes_s=rates.frames * costs.frame_bytes + rates.pages * costs.page_bytes,
        alone=_alone(rates, costs),
    )


def statements(polls: float, replicas: int) -> float:
    """Statements a second for so many questions whether to stop: each replica answers the first at once, and together
    what comes within a moment after.

    Questions come by chance (Poisson). While some come in every moment, a replica goes on; then it rests until the
    next: of `x` in a moment `x + exp(-x)` share a statement on average.
    """
    in_a_moment = polls / replicas * QUESTIONS_APART_S
    return polls / (in_a_moment + math.exp(-in_a_moment))


def _executors(load: Load, rates: Rates, costs: Costs) -> int:
    """Replicas of executor: the fewest that hold all polls and are not too busy. More of them would share less."""
    replicas = max(LEAST, math.ceil(load.hosts / POLLS_A_REPLICA))
    while _cores(load, rates, costs, replicas)["executor"] > replicas * BUSY:
        replicas += 1
    return replicas


def _cores(load: Load, rates: Rates, costs: Costs, executors: int) -> dict[str, float]:
    counts = {
        "request": rates.requests,
        "event": rates.events,
        "number": rates.numbers,
        "stop_poll": rates.stop_polls,
        "stop_round": statements(rates.stop_polls, executors),
        "frame": rates.frames,
        "page": rates.pages,
        "agent_second": load.hosts,
        "merge": rates.numbers,
    }
    cores: dict[str, float] = defaultdict(float)
    for what, count in counts.items():
        for program, us in costs.cpu_us[what].items():
            cores[program] += count * us / 1e6
    return cores


def _part(name: str, cores: float, load: Load, costs: Costs, least: dict[str, int]) -> Part:
    replicas = max(least.get(name, LEAST), math.ceil(cores / BUSY))
    held = 0.0
    if name == "realtime":
        replicas = max(replicas, math.ceil(load.viewers / STREAMS_A_REPLICA))
        held = load.viewers / replicas * costs.memory_kib["stream"] / 1024
    if name == "executor":
        held = load.hosts / replicas * costs.memory_kib["agent"] / 1024
    return Part(cores, replicas, costs.process_mib + held)


def _bytes(cost: dict[str, float], rates: Rates) -> float:
    return rates.requests * cost["request"] + rates.events * cost["event"] + rates.numbers * cost["number"]


def _connections(parts: dict[str, Part], costs: Costs) -> int:
    """As many as were seen of each process, for all replicas."""
    return math.ceil(
        sum(part.replicas * costs.connections.get(name.removesuffix("-worker"), 0.0) for name, part in parts.items())
    )


def _alone(rates: Rates, costs: Costs) -> dict[str, float]:
    hearing = sum(
        count * costs.cpu_us[what].get("realtime", 0.0) / 1e6
        for what, count in (("request", rates.requests), ("event", rates.events), ("number", rates.numbers))
    )
    return {
        # Every replica of realtime reads every message.
        "hearing": hearing,
        # One replica of ingest's worker holds the lease of merging.
        "merging": rates.numbers * costs.cpu_us["merge"].get("ingest-worker", 0.0) / 1e6,
    }
