"""Turns a job's metric blocks into curves: numbers are mapped, not parsed.

Of two values of one metric at one step the later wins. A job that began anew replaces what its earlier run had said
from the new run's first step on: a run that resumes from a checkpoint keeps the curve before it, a run from scratch
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_contracts.points import Layout, layout

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


class _Placed(NamedTuple):
    names: Sequence[str]
    payload: bytes
    at: Layout


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
    placed = [_place(block) for block in blocks]
    names = list(dict.fromkeys(name for block in placed for name in block.names if wanted is None or name in wanted))
    first_step = _first_step(placed, run_began)
    return {name: _curve(placed, name, run_began, first_step) for name in names}


def all_steps(blocks: Iterable[StoredBlock], run_began: float | None = None) -> Curve:
    """Every step that was sent, with its time (the value is the time again), whether it carried numbers or not."""
    placed = [_place(block) for block in blocks]
    times = _times(placed)
    curve = Curve(_steps(placed), times, times)
    return _last_of_each_step(_of_present_run(curve, run_began, _first_step(placed, run_began)))


def _place(block: StoredBlock) -> _Placed:
    at = layout(block.payload)
    if at.n_names != len(block.names):
        raise ValueError(f"a metric block of {at.n_names} columns has {len(block.names)} names")
    return _Placed(block.names, block.payload, at)


# A job may have a block for each epoch: bytes are joined first and read as numbers once.
def _steps(placed: Iterable[_Placed]) -> Steps:
    return np.frombuffer(b"".join([b.payload[b.at.steps : b.at.times] for b in placed]), "<i8")


def _times(placed: Iterable[_Placed]) -> Floats:
    return np.frombuffer(b"".join([b.payload[b.at.times : b.at.values] for b in placed]), "<f8")


def _first_step(placed: Sequence[_Placed], run_began: float | None) -> int | None:
    """The lowest step of the present run, or None when there was no other run."""
    if run_began is None or not placed:
        return None
    is_old = _times(placed) < run_began
    return int(_steps(placed)[~is_old].min()) if is_old.any() and not is_old.all() else None


def _curve(placed: Sequence[_Placed], name: str, run_began: float | None, first_step: int | None) -> Curve:
    having = [block for block in placed if name in block.names]
    values, presence, is_full = [], [], True
    for _, payload, at, index in ((*block, block.names.index(name)) for block in having):
        begin = at.values + 8 * at.n_points * index
        values.append(payload[begin : begin + 8 * at.n_points])
        begin = at.presence + at.presence_size * index
        bits = payload[begin : begin + at.presence_size]
        presence.append((bits, at.n_points))
        is_full = is_full and bits == _all_sent(at.n_points)
    curve = Curve(_steps(having), _times(having), np.frombuffer(b"".join(values), "<f8"))
    if not is_full:
        sent = np.concatenate([_sent(bits, count) for bits, count in presence])
        curve = Curve(curve.steps[sent], curve.times[sent], curve.values[sent])
    return _last_of_each_step(_of_present_run(curve, run_began, first_step))


@lru_cache(maxsize=1024)
def _all_sent(count: int) -> bytes:
    return ((1 << count) - 1).to_bytes((count + 7) // 8, "little")


def _sent(bits: bytes, count: int) -> Bools:
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=count, bitorder="little").astype(bool)


def _of_present_run(curve: Curve, run_began: float | None, first_step: int | None) -> Curve:
    if run_began is None or first_step is None:
        return curve
    kept = (curve.times >= run_began) | (curve.steps < first_step)
    return Curve(curve.steps[kept], curve.times[kept], curve.values[kept])


def _last_of_each_step(curve: Curve) -> Curve:
    steps = curve.steps
    if len(steps) < 2 or bool((steps[1:] > steps[:-1]).all()):
        return curve
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)
    chosen = order[is_last]
    return Curve(steps[chosen], curve.times[chosen], curve.values[chosen])
