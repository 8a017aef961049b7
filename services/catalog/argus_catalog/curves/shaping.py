"""Curves as they travel: columns of plain numbers, ready to be encoded."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from argus_catalog.curves.reading import Drawn
from argus_catalog.curves.repository import JobHead
from argus_catalog.curves.thinning import thin
from argus_catalog.derivations.metrics import direction
from argus_contracts.curves.rollups import Stats
from argus_contracts.points import EPOCHS


def series(name: str, kind: int, drawn: Drawn, points: int) -> dict[str, Any]:
    """One curve: see `schemas.Series`. Values are exact; times are rounded to milliseconds."""
    thinned = thin(drawn.curve, points)
    finite = np.isfinite(thinned.values)
    values: list[float | None] = thinned.values.tolist()
    for place in np.flatnonzero(~finite).tolist():
        values[place] = None
    return {
        "name": name,
        "kind": "epoch" if kind == EPOCHS else "step",
        "steps": thinned.steps.tolist(),
        "times": np.round(thinned.times, 3).tolist(),
        "values": values,
        "n_points": drawn.n_points,
        "nonfinite": drawn.nonfinite and drawn.nonfinite._asdict(),
        "summary": _summary(name, drawn.known),
    }


def _summary(name: str, known: Stats | None) -> dict[str, Any]:
    assert known is not None, "a curve without points is not shown"
    best = direction(name)
    chosen = (known.max, known.max_step) if best == "max" else (known.min, known.min_step)
    return {
        "n": known.n,
        "last": known.last if isfinite(known.last) else None,
        "last_step": known.last_step,
        "min": known.min,
        "min_step": known.min_step,
        "max": known.max,
        "max_step": known.max_step,
        "best": chosen[0],
        "best_step": chosen[1],
        "direction": best,
    }


def resumes_of(head: JobHead) -> list[dict[str, Any]]:
    """Where a job began anew: see `schemas.Resume`."""
    return [{name: one.get(name) for name in ("at", "epoch", "step")} for one in head.resumes or ()]
