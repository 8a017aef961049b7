"""Values on their way from a training script to JSON.

`freeze` runs in the training thread and takes a copy of what could change later (a running-loss tensor, a list that
is appended to). `plain` runs in the worker and makes anything encodable: NaN and infinities become the strings
"NaN", "Infinity" and "-Infinity", because JSON has no numbers for them.
"""

from __future__ import annotations

# Values that cannot change and that JSON knows: the hot path lets them through with one set look-up.
ATOMS = frozenset({float, int, str, bool, type(None)})

# A list this long is data, not a metric; it is cut rather than sent.
_LONGEST_ARRAY = 10_000


def freeze(value: object, depth: int = 6) -> object:
    """A copy of `value` that later changes cannot reach, made of JSON-like parts; unknown objects become text."""
    if type(value) in ATOMS:
        return value
    if isinstance(value, dict) and depth:
        return {str(key): freeze(part, depth - 1) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth:
        return [freeze(part, depth - 1) for part in list(value)[:_LONGEST_ARRAY]]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int) and not hasattr(value, "name"):  # an enum member keeps its name, below
        return int(value)
    return _from_object(value, depth)


def plain(value: object) -> object:
    """`value`, already frozen, with non-finite floats as strings."""
    if type(value) is float:
        return value if value - value == 0.0 else spell(value)
    if type(value) is dict:
        return {key: plain(part) for key, part in value.items()}
    if type(value) is list:
        return [plain(part) for part in value]
    return value


def spell(value: float) -> str:
    """The wire's text of a float that JSON cannot carry."""
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _from_object(value: object, depth: int) -> object:
    """Arrays and scalars of numpy, torch, tensorflow and jax by their own duck type; the rest as text."""
    to_list = getattr(value, "tolist", None)
    if depth and callable(to_list):
        return freeze(to_list(), depth - 1)
    item = getattr(value, "item", None)
    if depth and callable(item):
        return freeze(item(), 0)
    numpy = getattr(value, "numpy", None)
    if depth and callable(numpy):
        return freeze(numpy(), depth - 1)
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return str(isoformat())
    return str(value)
