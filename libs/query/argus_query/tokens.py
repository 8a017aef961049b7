"""Cuts a query into words."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from argus_query.errors import QueryError, Reason
from argus_query.tree import KEYWORDS, NAME, PART, Duration

LONGEST: Final = 4_000
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# A thousand years: what is longer is no time that the database knows.
_LONGEST_S: Final = 1_000 * 366 * 86_400

_SPACE = re.compile(r"\s+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?")
_DURATION = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,6})?)([smhdw])(?!\w)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)")
_SIGN = re.compile(r"<=|>=|!=|<>|==|[<>=~(),]")
_SPELLED = {"==": "=", "<>": "!="}

Kind = Literal["name", "word", "sign", "value", "end"]


class Token(NamedTuple):
    """A word of a query: a field's path, a keyword, a sign, a value, or the end."""

    kind: Kind
    value: Any
    position: int


def tokens(text: str) -> list[Token]:
    """The words of a query; the last one is the end.

    Raises:
        QueryError: the text is too long, or something in it is no word.
    """
    if len(text) > LONGEST:
        raise QueryError(Reason.TOO_LONG, LONGEST, most=LONGEST, found=len(text))
    found: list[Token] = []
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at == len(text):
            return [*found, Token("end", None, at)]
        token, at = _next(text, at)
        found.append(token)


def _next(text: str, at: int) -> tuple[Token, int]:
    if text[at] in "\"'":
        value, end = _string(text, at)
        return Token("value", value, at), end
    if name := NAME.match(text, at):
        word = name.group()
        if word.lower() in KEYWORDS and not text.startswith(".", name.end()):
            return Token("word", word.lower(), at), name.end()
        path, end = _path(text, name.end(), word)
        return Token("name", path, at), end
    if sign := _SIGN.match(text, at):
        return Token("sign", _SPELLED.get(sign.group(), sign.group()), at), sign.end()
    return _quantity(text, at)


def _path(text: str, end: int, first: str) -> tuple[tuple[str, ...], int]:
    parts = [first.lower()]
    while text.startswith(".", end):
        begin = end + 1
        if text[begin : begin + 1] in {'"', "'"}:
            part, end = _string(text, begin)
        elif found := PART.match(text, begin):
            part, end = found.group(), found.end()
        else:
            raise QueryError(Reason.NAME_MISSING, begin)
        parts.append(part)
    return tuple(parts), end


def _string(text: str, at: int) -> tuple[str, int]:
    quote, end, letters = text[at], at + 1, []
    while end < len(text) and text[end] != quote:
        if text[end] == "\\" and end + 1 < len(text):
            end += 1
        # Neither is text to the database.
        if text[end] == "\0" or 0xD800 <= ord(text[end]) <= 0xDFFF:
            raise QueryError(Reason.CHARACTER_UNSEARCHABLE, end)
        letters.append(text[end])
        end += 1
    if end >= len(text):
        raise QueryError(Reason.QUOTE_OPEN, at, quote=quote)
    return "".join(letters), end + 1


def _quantity(text: str, at: int) -> tuple[Token, int]:
    if time := _TIME.match(text, at):
        return Token("value", _time(time.group(), at), at), time.end()
    if duration := _DURATION.match(text, at):
        seconds = float(duration[1]) * _SECONDS[duration[2]]
        if abs(seconds) > _LONGEST_S:
            raise QueryError(Reason.DURATION_TOO_LONG, at)
        return Token("value", Duration(seconds, duration.group()), at), duration.end()
    if number := _NUMBER.match(text, at):
        value = float(number.group())
        if not math.isfinite(value):
            raise QueryError(Reason.NUMBER_TOO_LARGE, at)
        return Token("value", value, at), number.end()
    raise QueryError(Reason.CHARACTER_UNKNOWN, at, character=ascii(text[at]))


def _time(text: str, at: int) -> datetime:
    try:
        value = datetime.fromisoformat(text.upper())
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise QueryError(Reason.DATE_UNKNOWN, at) from error
