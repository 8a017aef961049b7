"""Turns a job's metric blocks into curves: numbers are mapped, not parsed.

Of two values of one metric at one step the later wins. A job that began anew replaces what its earlier run had said
from the new run's first step on: a run that resumes from a checkpoint keeps the curve before it, a run from scratch
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_contracts.points import layout

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class StoredBlock(NamedTuple):
    """A row of `metric_block`."""

    names: Sequence[str]
    payload: bytes


class Curve(NamedTuple):
    """One metric of one job, steps rising, one value a step. `times` in seconds since 1970."""

    steps: Steps
    times: Floats
    values: Floats


class _Mapped(NamedTuple):
    steps: Steps
    times: Floats
    names: Sequence[str]
    values: Floats
    presence: NDArray[np.uint8]


def decode(
    blocks: Iterable[StoredBlock], wanted: Sequence[str] | None = None, run_began: float | None = None
) -> dict[str, Curve]:
    """The curves in blocks that come in the order of their ids.

    Args:
        blocks: of one job.
        wanted: names of metrics; None for all.
        run_began: time of the first epoch of the job's present run, in seconds since 1970.

    Raises:
        ValueError: a block is damaged.
    """
    mapped = [_map(block) for block in blocks]
    names = list(dict.fromkeys(name for block in mapped for name in block.names if wanted is None or name in wanted))
    first_step = _first_step(mapped, run_began)
    return {name: _curve(mapped, name, run_began, first_step) for name in names}


def all_steps(blocks: Iterable[StoredBlock], run_began: float | None = None) -> Curve:
    """Every step that was sent, with its time (the value is the time again), whether it carried numbers or not."""
    mapped = [_map(block) for block in blocks]
    if not mapped:
        return Curve(np.empty(0, np.int64), np.empty(0), np.empty(0))
    times = np.concatenate([block.times for block in mapped])
    curve = Curve(np.concatenate([block.steps for block in mapped]), times, times)
    return _last_of_each_step(_of_present_run(curve, run_began, _first_step(mapped, run_began)))


def _map(block: StoredBlock) -> _Mapped:
    at = layout(block.payload)
    count, payload = at.n_points, block.payload
    if at.n_names != len(block.names):
        raise ValueError(f"a metric block of {at.n_names} columns has {len(block.names)} names")
    return _Mapped(
        np.frombuffer(payload, "<i8", count, at.steps),
        np.frombuffer(payload, "<f8", count, at.times),
        block.names,
        np.frombuffer(payload, "<f8", count * at.n_names, at.values).reshape(at.n_names, count),
        np.frombuffer(payload, np.uint8, at.presence_size * at.n_names, at.presence).reshape(
            at.n_names, at.presence_size
        ),
    )


def _first_step(mapped: Sequence[_Mapped], run_began: float | None) -> int | None:
    """The lowest step of the present run, or None when there was no other run."""
    if run_began is None or not mapped:
        return None
    steps = np.concatenate([block.steps for block in mapped])
    is_old = np.concatenate([block.times for block in mapped]) < run_began
    return int(steps[~is_old].min()) if is_old.any() and not is_old.all() else None


def _curve(mapped: Sequence[_Mapped], name: str, run_began: float | None, first_step: int | None) -> Curve:
    parts = [_column(block, block.names.index(name)) for block in mapped if name in block.names]
    curve = Curve(*(np.concatenate([part[i] for part in parts]) for i in range(3)))
    return _last_of_each_step(_of_present_run(curve, run_began, first_step))


def _of_present_run(curve: Curve, run_began: float | None, first_step: int | None) -> Curve:
    if run_began is None or first_step is None:
        return curve
    kept = (curve.times >= run_began) | (curve.steps < first_step)
    return Curve(curve.steps[kept], curve.times[kept], curve.values[kept])


def _column(block: _Mapped, index: int) -> Curve:
    count = len(block.steps)
    sent: Bools = np.unpackbits(block.presence[index], count=count, bitorder="little").astype(bool)
    if sent.all():
        return Curve(block.steps, block.times, block.values[index])
    return Curve(block.steps[sent], block.times[sent], block.values[index][sent])


def _last_of_each_step(curve: Curve) -> Curve:
    steps = curve.steps
    if len(steps) < 2 or bool((steps[1:] > steps[:-1]).all()):
        return curve
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)
    chosen = order[is_last]
    return Curve(steps[chosen], curve.times[chosen], curve.values[chosen])
