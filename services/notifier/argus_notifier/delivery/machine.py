"""What becomes of a delivery after an attempt, and when a receiver is left alone. Pure: no clock, no chance of its own.

The wait is half certain and half by chance (equal jitter, as in Amazon's "Exponential Backoff and Jitter"), so that
what failed together does not come back together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be handed over now. `retry_after_s`: the receiver said when to come again."""

    error: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver answers, and will never take this one."""

    error: str


Outcome = Sent | Failed | Refused


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long and how often a kind of receiver is tried. Times in seconds."""

    first_s: float
    longest_s: float
    attempts: int
    give_up_after_s: float


@dataclass(frozen=True, slots=True)
class Again:
    """To be tried again after so many seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Kept among the dead letters."""


@dataclass(frozen=True, slots=True)
class Done:
    """Delivered."""


def after(outcome: Outcome, backoff: Backoff, *, attempts: int, age_s: float, chance: float) -> Again | GivenUp | Done:
    """What becomes of a delivery.

    Args:
        outcome: of the attempt that has just ended.
        backoff: of its kind.
        attempts: how many there were, with this one.
        age_s: how long it has been in the queue.
        chance: from 0 to 1.
    """
    if isinstance(outcome, Sent):
        return Done()
    if isinstance(outcome, Refused) or attempts >= backoff.attempts:
        return GivenUp()
    wait_s = wait(backoff, attempts, chance)
    if outcome.retry_after_s is not None:
        # Sooner is rude; much later is for the receiver to say again.
        wait_s = max(wait_s, min(outcome.retry_after_s, backoff.longest_s))
    return GivenUp() if age_s + wait_s > backoff.give_up_after_s else Again(wait_s)


def wait(backoff: Backoff, attempts: int, chance: float) -> float:
    """Seconds until the next attempt after so many failed ones."""
    # 2 ** 64 seconds are for ever; beyond, a float overflows.
    whole = min(backoff.first_s * 2.0 ** min(attempts - 1, 64), backoff.longest_s)
    return whole * (0.5 + chance / 2)


OPENS_AFTER: Final = 5
"""Failures in a row after which a receiver is left alone."""
_REST: Final = Backoff(first_s=15.0, longest_s=600.0, attempts=0, give_up_after_s=0.0)


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of a receiver: closed while things go well; open, it is left alone; then one is tried."""

    failures: int = 0
    open_until: datetime | None = None

    def state(self, at: datetime) -> Literal["closed", "open", "half_open"]:
        """See the class."""
        if self.open_until is None:
            return "closed"
        return "open" if self.open_until > at else "half_open"

    def places(self, at: datetime, limit: int) -> int:
        """How many deliveries may be under way to it at once."""
        return {"closed": limit, "open": 0, "half_open": 1}[self.state(at)]


def circuit_after(circuit: Circuit, outcome: Outcome, at: datetime, *, chance: float) -> Circuit:
    """The circuit after an attempt. Who refuses one delivery is well."""
    if not isinstance(outcome, Failed):
        return Circuit()
    failures = circuit.failures + 1
    if circuit.state(at) == "open":
        # One that was under way when it opened tells nothing new.
        return Circuit(failures, circuit.open_until)
    asked_s = min(outcome.retry_after_s or 0.0, _REST.longest_s)
    if failures < OPENS_AFTER and not asked_s:
        return Circuit(failures)
    rest_s = max(wait(_REST, max(failures - OPENS_AFTER, 0) + 1, chance), asked_s)
    return Circuit(failures, at + timedelta(seconds=rest_s))


@dataclass(frozen=True, slots=True)
class Demand:
    """What waits for one receiver, and what is under way to it."""

    receiver: str
    due: int
    under_way: int
    limit: int
    circuit: Circuit = Circuit()


def share(demands: Sequence[Demand], free: int, at: datetime) -> Mapping[str, int]:
    """How many deliveries of each receiver to take up now: turn by turn, so that no receiver waits for another.

    Args:
        demands: who has waited longest comes first.
        free: places of this worker.
        at: now.
    """
    open_for = {d.receiver: min(d.due, max(d.circuit.places(at, d.limit) - d.under_way, 0)) for d in demands}
    taken = dict.fromkeys(open_for, 0)
    left = min(free, sum(open_for.values()))
    while left > 0:
        for receiver, most in open_for.items():
            if left > 0 and taken[receiver] < most:
                taken[receiver] += 1
                left -= 1
    return {receiver: count for receiver, count in taken.items() if count}
