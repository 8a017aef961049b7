"""What numbers are together: mean, deviation, extremes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from argus_catalog.wire import Shape


class Spread(Shape):
    """A number over the members that have it; `std` is the sample's, null of fewer than two."""

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


def spread(values: Sequence[float]) -> Spread:
    """Mean and so on of finite numbers; the deviations are summed in a second pass, so that little is cancelled."""
    n = len(values)
    if not n:
        return Spread(n=0, mean=None, std=None, min=None, max=None)
    scale = max(abs(value) for value in values) or 1.0
    mean = math.fsum(value / scale for value in values) / n
    squares = math.fsum((value / scale - mean) ** 2 for value in values)
    std = scale * math.sqrt(squares / (n - 1)) if n > 1 else None
    return Spread(n=n, mean=_finite(scale * mean), std=_finite(std), min=min(values), max=max(values))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
