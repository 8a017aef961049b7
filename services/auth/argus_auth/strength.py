"""How easy a password is to guess, by zxcvbn: a score from 0 to 4, and hints why it is low.

The contract's rule (length, a letter, a digit) stands in `fields`; this one knows words, names, dates and keyboards.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, Final, NamedTuple

from argus_auth.errors import FieldInvalid
from argus_contracts.errors import ErrorCode

# The estimate takes long for a long text, and by then it knows.
_LONGEST: Final = 72
# Where characters may stand for letters in several ways, each way is tried, and costs the square of the length. Who
# asks for the worst would keep a processor busy for seconds.
_COSTLIEST: Final = 20_000
# What everybody who guesses here tries.
_OURS: Final = "argus"
# Two at a time: a storm of them leaves the rest of the process its share.
_POOL: Final = ThreadPoolExecutor(2, thread_name_prefix="strength")

HINTS: Final = {
    "personal": "It holds your name or address.",
    "common": "It is one of the passwords that are tried first.",
    "similar": "It is like a password that is tried first.",
    "word": "A word or two are easy to guess.",
    "name": "Names are easy to guess.",
    "keyboard": "Rows of keys are easy to guess.",
    "repeat": "Repetitions are easy to guess.",
    "sequence": "Sequences such as abc or 6543 are easy to guess.",
    "date": "Dates and years are easy to guess.",
    "capitals": "Capitals add little.",
    "reversed": "Words spelled backwards add little.",
    "substitutions": "Digits in place of letters add little.",
    "longer": "Add a word or two that do not belong together.",
}
"""By code, which a frontend translates, what to say."""

_BY_SENTENCE: Final = {
    "straight rows": "keyboard",
    "short keyboard": "keyboard",
    "repeats like": "repeat",
    "sequences like": "sequence",
    "recent years": "date",
    "dates are": "date",
    "this is a top": "common",
    "this is a very common": "common",
    "this is similar": "similar",
    "a word by itself": "word",
    "names and surnames": "name",
    "common names": "name",
    "capitalization": "capitals",
    "all-uppercase": "capitals",
    "reversed words": "reversed",
    "predictable": "substitutions",
    "add another word": "longer",
    "use a few words": "longer",
}


class Estimate(NamedTuple):
    """A score from 0 (guessed at once) to 4, and codes of `HINTS`, the most telling first."""

    score: int
    hints: Sequence[str]


async def estimate(password: str, about: Sequence[str]) -> Estimate:
    """Judge a password of somebody of whom a guesser knows `about`: name, address. In a thread: it takes a while."""
    known = [*_known(about), _OURS]
    return await asyncio.get_running_loop().run_in_executor(_POOL, _estimate, password[:_LONGEST], known)


async def require(password: str, about: Sequence[str], *, least: int, field: str) -> None:
    """Refuse a password that is too easy to guess.

    Raises:
        FieldInvalid: auth.password_weak (422), with what to do about it.
    """
    if least == 0:
        return
    found = await estimate(password, about)
    if found.score < least:
        why = " ".join(HINTS[hint] for hint in found.hints[:2])
        raise FieldInvalid(ErrorCode.AUTH_PASSWORD_WEAK, field, f"{ErrorCode.AUTH_PASSWORD_WEAK.message} {why}".strip())


def _estimate(password: str, about: list[Any]) -> Estimate:
    # Its lists of words take a while to load, and only who chooses a password needs them.
    from zxcvbn import zxcvbn

    found = zxcvbn(_affordable(password), user_inputs=about)
    known = {part["matched_word"] for part in found["sequence"] if part.get("dictionary_name") == "user_inputs"}
    hints = ["personal"] if known - {_OURS} else ["word"] if known else []
    sentences = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    told = [sentence.lower() for sentence in sentences]
    hints += [code for sentence in told for start, code in _BY_SENTENCE.items() if sentence.startswith(start)]
    if found["score"] < 4:
        hints.append("longer")
    return Estimate(found["score"], list(dict.fromkeys(hints)))


def _affordable(password: str) -> str:
    """The longest beginning of a password that is judged in a moment."""
    from zxcvbn.matching import L33T_TABLE, relevant_l33t_subtable

    def cost(length: int) -> int:
        standing_for = list(relevant_l33t_subtable(password[:length], L33T_TABLE).values())
        meanings = Counter(chain.from_iterable(standing_for))
        return math.prod((*map(len, standing_for), *meanings.values())) * length**2

    return password[: next(length for length in range(len(password), -1, -1) if cost(length) <= _COSTLIEST)]


def _known(about: Sequence[str]) -> list[str]:
    parts = [part for text in about for part in (text, *text.replace("@", " ").replace(".", " ").split())]
    return [part for part in parts if len(part) > 2]
