"""What the readers of both makers' GPUs share: reading a card by a table, and which cards a process may use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Card: TypeAlias = dict[str, Any]
    # Given the library and a card's handle: fields of the card.
    Reading: TypeAlias = Callable[[Any, Any], Card]

_MIB = 1024 * 1024
# A shared card may hold hundreds of processes; the run's own come first.
_MOST_PROCESSES = 16
# What the libraries say of a question that this card, or this version of the library, will never answer.
_FOR_GOOD = ("not supported", "function not found")


def collect(
    library: Any, handle: Any, readings: Sequence[Reading], errors: tuple[type[Exception], ...], never: set[Reading]
) -> Card:
    """What the card can tell: each reading by itself, those that fail are left out.

    `never` remembers the readings that this kind of card does not know, so that they are not asked for again.
    """
    card: Card = {}
    for reading in readings:
        if reading in never:
            continue
        try:
            card.update(reading(library, handle))
        except errors as error:
            if isinstance(error, AttributeError) or any(words in str(error).lower() for words in _FOR_GOOD):
                never.add(reading)
    return card


def own_first(held: dict[int, int | None], own: set[int]) -> Card:
    """`processes` and `proc_mem_mb` of a card, from the bytes that each process holds (None: not told)."""
    order = sorted(held, key=lambda pid: (pid not in own, -(held[pid] or 0)))
    processes = [
        {"pid": pid, "mem_mb": None if held[pid] is None else int(held[pid] or 0) // _MIB, "own": pid in own}
        for pid in order[:_MOST_PROCESSES]
    ]
    return {"proc_mem_mb": sum(held[pid] or 0 for pid in own if pid in held) // _MIB, "processes": processes}


def chosen(names: str | None, cards: Sequence[Sequence[str]]) -> list[int]:
    """Indices of the cards that a variable such as CUDA_VISIBLE_DEVICES names, in its order.

    Each card is given by its ids; a name is a number or the beginning of exactly one card's id. As CUDA and HIP read
    it: unset means all, empty means none, and the first name that fits no card, or one named before, ends the list.
    """
    if names is None:
        return list(range(len(cards)))
    found: list[int] = []
    for name in names.split(","):
        index = _index_of(name.strip(), cards)
        if index is None or index in found:
            break
        found.append(index)
    return found


def mark_visible(cards: list[Card], order: list[int]) -> None:
    """Note on each card whether this process may use it, and by which number it then counts it."""
    for index, card in enumerate(cards):
        card["visible"] = index in order
        if index in order:
            card["ordinal"] = order.index(index)


def text_of(value: object) -> str:
    """A library's text, which older ones give as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _index_of(name: str, cards: Sequence[Sequence[str]]) -> int | None:
    if name.isdigit():
        return int(name) if int(name) < len(cards) else None
    if not name:
        return None
    fits = [index for index, ids in enumerate(cards) if any(known.lower().startswith(name.lower()) for known in ids)]
    return fits[0] if len(fits) == 1 else None
