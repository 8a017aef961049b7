"""What is asked of the system: so many live jobs, and what follows from them by how clients behave."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

# How the SDK behaves unless told otherwise (sdk/argus/_settings.py), and the agent (argus_executor).
SENDS_EVERY_S: Final = 0.5
SNAPSHOT_EVERY_S: Final = 30.0
HEARTBEAT_EVERY_S: Final = 300.0
STOP_POLL_EVERY_S: Final = 10.0
# What we take for granted of people: each looks at so many jobs at once, and opens a page so often.
WATCHED_JOBS: Final = 20
PAGE_EVERY_S: Final = 60.0
_JOBS_A_HOST: Final = 8
_JOBS_A_VIEWER: Final = 100

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class InvalidLoadError(ValueError):
    """The load cannot be planned for. The text has a sentence for each fault."""


class Load(NamedTuple):
    """Live jobs, each a process of its own, which report `metrics` numbers every `interval_s` seconds."""

    jobs: int
    metrics: int
    interval_s: float
    hosts: int
    viewers: int
    retention_days: float

    @classmethod
    def of(  # noqa: PLR0917 (the command's options, in their order)
        cls,
        jobs: int,
        metrics: int = 10,
        interval: str = "10s",
        hosts: int | None = None,
        viewers: int | None = None,
        retention_days: float = 30,
    ) -> Load:
        """Checked; hosts and viewers have a guess where nothing is said: eight jobs a host, a page for a hundred jobs.

        Raises:
            InvalidLoadError: something is out of its bounds.
        """
        faults = [
            *_bounded("--jobs", jobs, 1, 10_000_000),
            *_bounded("--metrics", metrics, 1, 10_000),
            *_bounded("--hosts", hosts, 1, 1_000_000),
            *_bounded("--viewers", viewers, 0, 1_000_000),
            *_bounded("--retention", retention_days, 1, 3_650, " days"),
        ]
        seconds = seconds_of(interval)
        if seconds is None:
            faults.append(f"--interval is {interval!r}: write a number with ms, s, m or h, such as 10s or 500ms.")
        else:
            faults += _bounded("--interval", seconds, 0.01, 86_400, " seconds")
        if hosts is not None and hosts > jobs:
            faults.append(f"--hosts is {hosts:,}, and {jobs:,} jobs run on as many hosts at most.")
        if faults or seconds is None:
            raise InvalidLoadError("\n".join(faults))
        return cls(
            jobs=jobs,
            metrics=metrics,
            interval_s=seconds,
            hosts=hosts if hosts is not None else math.ceil(jobs / _JOBS_A_HOST),
            viewers=viewers if viewers is not None else max(5, math.ceil(jobs / _JOBS_A_VIEWER)),
            retention_days=retention_days,
        )

    def rates(self) -> Rates:
        """What happens each second."""
        epochs = self.jobs / self.interval_s
        snapshots, heartbeats = self.jobs / SNAPSHOT_EVERY_S, self.jobs / HEARTBEAT_EVERY_S
        return Rates(
            events=epochs + snapshots + heartbeats,
            epochs=epochs,
            # What happens within half a second travels together; snapshots and beats are taken to travel alone.
            requests=min(epochs, self.jobs / SENDS_EVERY_S) + snapshots + heartbeats,
            numbers=epochs * self.metrics,
            stop_polls=self.jobs / STOP_POLL_EVERY_S,
            frames=self.viewers * min(WATCHED_JOBS, self.jobs) / self.interval_s,
            pages=self.viewers / PAGE_EVERY_S,
        )


class Rates(NamedTuple):
    """Each a second."""

    events: float
    epochs: float
    requests: float
    numbers: float
    stop_polls: float
    frames: float
    pages: float


def seconds_of(text: str) -> float | None:
    """The seconds that `10s`, `500ms`, `2m` or `10` stand for; None: it stands for none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?\s*", text)
    return float(found[1]) * _UNITS[found[2] or "s"] if found else None


def _bounded(name: str, value: float | None, least: float, most: float, unit: str = "") -> list[str]:
    if value is None or (math.isfinite(value) and least <= value <= most):
        return []
    return [f"{name} is {_plain(value)}{unit}, and it is from {_plain(least)} to {_plain(most)}{unit}."]


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
