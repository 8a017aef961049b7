"""Thins a curve out for a chart: the line on the screen stays the same, every extreme stays exact.

The points are divided into equal runs; of each run the lowest and the highest value stay, at their own steps, and the
first and last point of all (M4 without the runs' ends; Jugel et al., VLDB 2014, doi:10.14778/2732951.2732953).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from argus_catalog.curves.decoding import Curve

_MARKS = 200


def thin(curve: Curve, max_points: int) -> Curve:
    """At most `max_points` (at least 2) points of a curve; the curve itself when it is short enough."""
    count = len(curve.steps)
    if count <= max_points:
        return curve
    chosen = _ends(count) if max_points < 4 else _chosen(curve.values, (max_points - 2) // 2)
    return Curve(curve.steps[chosen], curve.times[chosen], curve.values[chosen])


def _ends(count: int) -> NDArray[np.intp]:
    return np.array([0, count - 1], dtype=np.intp)


def _chosen(values: NDArray[np.float64], n_runs: int) -> NDArray[np.intp]:
    count = len(values)
    width = -(-count // n_runs)
    n_runs = -(-count // width)
    padding = n_runs * width - count
    # What is no number must win neither contest; a run without any number is told by its first point.
    finite = np.isfinite(values)
    low = np.pad(np.where(finite, values, np.inf), (0, padding), constant_values=np.inf).reshape(n_runs, width)
    high = np.pad(np.where(finite, values, -np.inf), (0, padding), constant_values=-np.inf).reshape(n_runs, width)
    begins = np.arange(n_runs, dtype=np.intp) * width
    return np.unique(np.concatenate([begins + low.argmin(1), begins + high.argmax(1), _ends(count)]))


def series(curve: Curve, max_points: int) -> dict[str, Any]:
    """A thinned curve as columns of plain numbers, ready to be encoded: see `schemas.Series`."""
    thinned = thin(curve, max_points)
    return {
        "steps": thinned.steps.tolist(),
        "times": np.round(thinned.times, 3).tolist(),
        "values": [None if v != v or v in (np.inf, -np.inf) else v for v in thinned.values.tolist()],  # noqa: PLR0124
        "n_points": len(curve.steps),
        "nonfinite": nonfinite(curve),
    }


def nonfinite(curve: Curve) -> dict[str, list[int]] | None:
    """Where a curve is no number; None when it always is."""
    values = curve.values
    if bool(np.isfinite(values).all()):
        return None
    masks = {"nan": np.isnan(values), "pos_inf": np.isposinf(values), "neg_inf": np.isneginf(values)}
    return {kind: curve.steps[mask][:_MARKS].tolist() for kind, mask in masks.items()}
