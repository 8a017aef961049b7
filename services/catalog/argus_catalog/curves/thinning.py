"""Thins a curve out for a chart: the line on the screen stays the same, every extreme stays exact.

The points are divided into equal runs; of each run the lowest and the highest value stay, at their own steps, and the
first and last point of all (M4 without the runs' ends; Jugel et al., VLDB 2014, doi:10.14778/2732951.2732953).
"""

from __future__ import annotations

from argus_contracts.curves.rollups import extremes
from argus_contracts.curves.rows import Curve


def thin(curve: Curve, points: int) -> Curve:
    """At most `points` (at least 2) points of a curve; the curve itself when it is short enough."""
    count = len(curve.steps)
    if count <= points:
        return curve
    return curve.at([0, count - 1] if points < 4 else extremes(curve.values, (points - 2) // 2))
