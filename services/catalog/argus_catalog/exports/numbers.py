"""How numbers are written for people: three decimals, more for a small deviation, an exponent for far ones. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from argus_catalog.exports.table import Measure, Shown

_DECIMALS, _MOST_DECIMALS = 3, 6
_SMALLEST, _LARGEST = 1e-2, 1e4


def decimals(column: Iterable[Shown]) -> int:
    """So many that the smallest deviation of a column is not written as zero."""
    small = min((one.std for one in column if isinstance(one, Measure) and one.std), default=1.0)
    return max(_DECIMALS, min(_MOST_DECIMALS, math.ceil(-math.log10(small))))


def written(value: float, places: int) -> tuple[str, str | None]:
    """The digits, and the power of ten where there is one."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf"), None
    if value == 0 or _SMALLEST <= abs(value) < _LARGEST:
        return f"{value:.{places}f}", None
    digits, power = f"{value:.2e}".split("e")
    return digits, str(int(power))
