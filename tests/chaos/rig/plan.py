"""What happens in one run, drawn from a seed: which system, which clients, which faults at which moment."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

STANDALONE, STACK = "standalone", "stack"

# Processes, the likelier ones on the path of an event.
PROCESSES = {
    STANDALONE: ["server"] * 3 + ["nats"],
    STACK: ["ingest"] * 4
    + ["nats"] * 2
    + ["realtime"] * 2
    + ["postgres"] * 2
    + ["valkey", "catalog", "traefik", "ingest-worker"],
}
# Ways on which something stands in between: `front` is that of the clients to the public port.
WAYS = {STANDALONE: ["front"], STACK: ["front", "postgres", "nats", "valkey"]}


@dataclass(frozen=True)
class Fault:
    """`kind` happens to `target` at `at_s` seconds of the run, for `for_s` seconds (0: it is a moment).

    `size` is the delay in seconds of a slow way, and the seconds by which a clock jumps.
    """

    at_s: float
    kind: str
    target: str
    for_s: float = 0.0
    size: float = 0.0

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.kind} {self.target}"

    def __str__(self) -> str:
        lasts = f" for {self.for_s:.2f} s" if self.for_s else ""
        size = f" ({self.size:+.2f} s)" if self.size else ""
        return f"at {self.at_s:.2f} s: {self.name}{size}{lasts}"


@dataclass(frozen=True)
class Plan:
    """One run. `reporters` processes of the SDK with `jobs` jobs each, and `posters` clients of bare HTTP."""

    seed: int
    mode: str
    seconds: float
    reporters: int
    jobs: int
    posters: int
    faults: list[Fault] = field(default_factory=list)

    def __str__(self) -> str:
        head = (
            f"seed {self.seed}: {self.mode}, {self.seconds:.2f} s, {self.reporters} reporter(s) with {self.jobs} "
            f"job(s), {self.posters} poster(s)"
        )
        return "\n".join([head, *(f"  {fault}" for fault in self.faults)])


def draw(seed: int, able: frozenset[str]) -> Plan:
    """The plan of a seed; `able` are the kinds of faults that this machine can make (see `able.kinds`)."""
    chance = random.Random(seed)
    mode = STANDALONE if chance.random() < 0.6 else STACK
    seconds = chance.uniform(2.0, 4.0)
    reporters, jobs, posters = chance.choice([1, 1, 2]), chance.randint(1, 3), chance.randint(0, 1)
    faults: list[Fault] = []
    for _ in range(chance.randint(1, 3)):
        faults += _fault(chance, mode, seconds, able)
    return Plan(seed, mode, seconds, reporters, jobs, posters, _sound(sorted(faults, key=lambda fault: fault.at_s)))


def _fault(chance: random.Random, mode: str, seconds: float, able: frozenset[str]) -> list[Fault]:
    kind = chance.choices(
        ["die", "kill", "freeze", "cut", "stall", "slow", "fill", "jump"], weights=[5, 4, 3, 2, 2, 2, 3, 3]
    )[0]
    at, lasts = chance.uniform(0.1, seconds), chance.uniform(0.2, 2.0)
    if kind not in able:
        return []
    match kind:
        case "die":  # also while it starts, and while it ends
            return [Fault(chance.uniform(0.1, seconds + 0.8), "kill", "reporter")]
        case "kill":
            return [Fault(at, kind, chance.choice(PROCESSES[mode]))]
        case "freeze":
            return [Fault(at, kind, chance.choice([*PROCESSES[mode], "reporter"]), lasts)]
        case "cut" | "stall" | "slow":
            size = chance.uniform(0.02, 0.3) if kind == "slow" else 0.0
            return [Fault(at, kind, chance.choice(WAYS[mode]), lasts, size)]
        case "fill":
            return [Fault(at, kind, chance.choice(["journal", "data"]), lasts)]
        case _:
            size = chance.choice([-1, 1]) * chance.choice([0.5, 5, 120, 4000, 90_000])
            return [Fault(at, "jump", chance.choice(["reporter", "server"]), lasts, size)]


def _sound(faults: list[Fault]) -> list[Fault]:
    """Drop what breaks a promise that nobody made: events that no disk took die with their process."""
    if any(fault.name == "fill journal" for fault in faults):
        return [fault for fault in faults if fault.name != "kill reporter"]
    return faults
