"""What was tried, and of what kind its parameters are. Pure, and without numpy, which comes with the first design.

Numbers count by their logarithm where they look as if they were drawn so: all above zero, over two decades or more, and
a quarter of them below a twentieth of the largest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from argus_catalog.derivations.metrics import number

_LOG_FROM_RATIO: Final = 100.0
_SMALL: Final = 20.0

Kind = Literal["number", "log", "category"]


class Trial(NamedTuple):
    """What was tried, and what it reached: a finite number."""

    params: Mapping[str, Any]
    value: float


def kind_of(values: Sequence[Any]) -> Kind:
    """Whether these are numbers, numbers that count by their logarithm, or categories."""
    if not values or not all(is_number(value) for value in values):
        return "category"
    low, high = min(values), max(values)
    if low <= 0 or high / low < _LOG_FROM_RATIO:
        return "number"
    small = sum(value < high / _SMALL for value in values)
    return "log" if 4 * small >= len(values) else "number"


def is_number(value: Any) -> bool:
    """Whether it is a finite number; true and false are categories."""
    return number(value) is not None
