"""A run with commands, drawn from a seed: at which step of which command what dies or is cut off."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

# Steps of a command's life, in their order: `asked` is the click, `queued` its answer. A name alone comes before the
# server hears of it, `-answered` before the agent hears that the server did.
_OF_A_RUN = (
    "asked",
    "queued",
    "delivered",
    "begun",
    "claimed",
    "running",
    "ack",
    "ack-answered",
    "spawned",
    "spawned-answered",
    "over",
    "ended",
    "ended-answered",
)
STEPS = {
    "rerun": _OF_A_RUN,
    "stop": ("asked", "queued", "delivered", "ack", "ack-answered", "ended", "ended-answered"),
    # A pause is no command: `saved` is when the training obeys it, `over` when its process is gone.
    "pause": ("asked", "queued", "saved", "over"),
    "resume": _OF_A_RUN,
    "inspect": ("asked", "queued", "delivered", "inspected", "inspected-answered"),
}
_WEIGHTS = {"rerun": 2, "stop": 1, "pause": 1, "resume": 2, "inspect": 1}
PROCESSES = ("agent", "supervisor", "executor", "executor-worker", "ingest", "nats", "postgres")
WAYS = ("front", "nats", "postgres")
# Before these steps there is no supervisor.
_NO_SUPERVISOR = {"asked", "queued", "delivered", "begun"}


@dataclass(frozen=True)
class Blow:
    """At the moment when a `command` comes to `step`, `target` is killed, or the way cut for `for_s`
    seconds. A killed agent comes back after `for_s`; everything else by itself.
    """

    command: str
    step: str
    kind: str
    target: str
    for_s: float

    @property
    def at(self) -> str:
        """The step's whole name."""
        return f"{self.command}:{self.step}"

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.kind} {self.target}"

    def __str__(self) -> str:
        return f"at {self.at}: {self.name} for {self.for_s:.2f} s"


@dataclass(frozen=True)
class CommandPlan:
    """One run: reruns of which each is carried out once, the last of them stopped in the middle, and before them one
    that is looked into, paused and resumed.
    """

    seed: int
    reruns: int
    is_deaf: bool
    blows: list[Blow] = field(default_factory=list)

    @property
    def kills_supervisor(self) -> bool:
        """Whether a run may be left without its supervisor, so that how it ended is not known."""
        return any(blow.target == "supervisor" for blow in self.blows)

    def __str__(self) -> str:
        end = "deaf" if self.is_deaf else "hears"
        head = f"seed {self.seed}: one that is paused, {self.reruns} reruns, the last is stopped and {end}"
        return "\n".join([head, *(f"  {blow}" for blow in self.blows)])


def draw_commands(seed: int) -> CommandPlan:
    """The plan of a seed."""
    chance = random.Random(f"commands {seed}")
    blows = [_blow(chance) for _ in range(chance.choice([1, 2, 2, 3]))]
    different = list({blow.at: blow for blow in blows}.values())
    return CommandPlan(seed, chance.randint(2, 3), chance.random() < 0.5, different)


def _blow(chance: random.Random) -> Blow:
    command = chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    step = chance.choice(STEPS[command])
    is_kill = chance.random() < 0.7
    targets = WAYS if not is_kill else [name for name in PROCESSES if name != "supervisor" or _has_one(command, step)]
    return Blow(command, step, "kill" if is_kill else "cut", chance.choice(targets), chance.uniform(0.2, 2.0))


def _has_one(command: str, step: str) -> bool:
    return STEPS[command] != _OF_A_RUN or step not in _NO_SUPERVISOR
