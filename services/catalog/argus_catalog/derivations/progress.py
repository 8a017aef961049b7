"""How far something is, and when it will be done. Formulas: the wire contract, semantics, sections 3 to 5."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

_SMOOTHING = 0.3
_ASSUMED_EPOCHS = 50
EPOCH_KEYS = ("train_epochs", "epochs", "n_epochs", "total_epochs", "max_epochs", "num_epochs")
SAMPLES = 10
"""Of how many finished jobs the pace is taken."""


def completion_pct(n_total: int | None, n_done: int, n_failed: int) -> float | None:
    """Ended jobs in percent of all; None when the number of jobs is not known (0 counts as unknown)."""
    return round(min(100.0, 100 * (n_done + n_failed) / n_total), 2) if n_total else None


def failure_rate(n_done: int, n_failed: int) -> float | None:
    """Share of failed jobs among the ended ones, 0..1; None when none ended."""
    ended = n_done + n_failed
    return round(n_failed / ended, 4) if ended else None


def pending_jobs(n_total: int | None, n_done: int, n_failed: int) -> int:
    """Jobs that have not ended, as far as the number of jobs is known."""
    return max(0, (n_total or 0) - n_done - n_failed)


def smoothed_s(samples: Sequence[float]) -> float | None:
    """Exponential mean of durations, the oldest first: a batch's later jobs say more about the next one."""
    mean: float | None = None
    for sample in samples:
        mean = sample if mean is None else _SMOOTHING * sample + (1 - _SMOOTHING) * mean
    return mean


def batch_eta_s(pending: int, samples: Sequence[float]) -> int | None:
    """Seconds until `pending` jobs are done one after the other; None when no job has shown its pace."""
    if pending == 0:
        return 0
    mean = smoothed_s(samples)
    return None if mean is None else round(mean * pending)


def epochs_total(*told: Mapping[str, Any] | None) -> int | None:
    """How many epochs a job will have, from what it told in its final metrics or at its start."""
    for values in told:
        for key in EPOCH_KEYS:
            count = epoch_count((values or {}).get(key))
            if count is not None:
                return count
    return None


def epoch_count(told: Any) -> int | None:
    """A positive whole number, also one written as text; None for anything else."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        value = float(told)
    except (ValueError, OverflowError):
        return None
    return int(value) if value.is_integer() and value > 0 else None


class Pace(NamedTuple):
    """A job's pace. `eta_s` is 0 and `finish` None when nothing is left; both are None when the pace is not known. Of a
    paused job `eta_s` is what is left to do, and `finish` None: nobody knows when it goes on.
    """

    epochs_done: int
    epochs_total: int
    avg_epoch_time_s: float | None
    eta_s: int | None
    finish: datetime | None


def job_pace(
    done: int,
    total: int | None,
    first_at: datetime | None,
    last_at: datetime | None,
    *,
    is_live: bool,
    now: datetime,
    is_paused: bool = False,
    paused_s: int = 0,
) -> Pace:
    """When a job will be done, from the mean time between its epochs. Without a total, 50 epochs are assumed.

    `paused_s` seconds between them it was paused.
    """
    expected = total or _ASSUMED_EPOCHS
    average: float | None = None
    if done >= 2 and first_at is not None and last_at is not None:
        average = round(max(0.0, (last_at - first_at).total_seconds() - paused_s) / (done - 1), 3) or None
    left = max(0, expected - done)
    if not (is_live or is_paused) or left == 0:
        return Pace(done, expected, average, 0, None)
    if average is None:
        return Pace(done, expected, None, None, None)
    eta = math.ceil(left * average)
    return Pace(done, expected, average, eta, None if is_paused else now + timedelta(seconds=eta))


def elapsed_s(
    start: datetime | None,
    end: datetime | None,
    known: int | None,
    *,
    is_live: bool,
    now: datetime,
    paused_s: int = 0,
) -> int | None:
    """How long something has run: what its end told, else from its start to its end, or to now while it lives. The
    `paused_s` seconds of its pauses do not count.
    """
    if known is not None and not is_live:
        return known
    if start is None:
        return None
    until = now if is_live else end
    return None if until is None else max(0, int((until - start).total_seconds()) - paused_s)


def health_warnings(*, is_stalled: bool, age_s: float | None, threshold_s: float, failures: int) -> list[str]:
    """What a person should know of a batch, one line each."""
    warnings = []
    if is_stalled:
        silent = f" for {int(age_s)} s" if age_s is not None else ""
        warnings.append(f"No event{silent}; the threshold is {int(threshold_s)} s.")
    if failures:
        warnings.append(f"{failures} job{'s' if failures > 1 else ''} failed.")
    return warnings


def host_warnings(snapshot: Mapping[str, Any]) -> list[str]:
    """A GPU hotter than 85 degrees, less than 10 GB of free disk."""
    warnings = []
    gpus = snapshot.get("gpus")
    temperatures = (
        [g.get("temp_c", g.get("gpu_temp_c")) for g in gpus if isinstance(g, dict)] if isinstance(gpus, list) else []
    )
    hottest = max((t for t in (*temperatures, snapshot.get("gpu_temp_c")) if isinstance(t, int | float)), default=None)
    free = snapshot.get("disk_free_mb")
    if hottest is not None and hottest > 85:
        warnings.append(f"GPU at {hottest:.0f} °C.")
    if isinstance(free, int | float) and free < 10_000:
        warnings.append(f"Only {free / 1024:.1f} GiB of disk left.")
    return warnings
