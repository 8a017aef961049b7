"""Whether a text says that memory ran out. Pure; the patterns are those by which crashes are told apart."""

from __future__ import annotations

import re
from typing import Final

from argus_contracts import memory

_SIGNS: Final = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern in (*memory.CARD, *memory.HOST))
    + r"|out of memory|CUDA.{0,200}allocate",
    re.IGNORECASE,
)
# Every sign has one of these words in it: most lines are not searched.
_HINTS: Final = ("mem", "oom", "alloc", "kill", "errno 12")
# No pattern runs over a line of a megabyte.
_LONGEST: Final = 4_000


def sign(text: str) -> bool:
    """Whether it speaks of memory that ran out."""
    cut = text[:_LONGEST]
    small = cut.lower()
    return any(hint in small for hint in _HINTS) and _SIGNS.search(cut) is not None
