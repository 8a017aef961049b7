"""Reads a query: precedence climbing over its words (Pratt, 1973). `or` binds least, then `and`, then `not`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast, get_args

from argus_catalog.query.errors import QueryError
from argus_catalog.query.tokens import Token, tokens
from argus_catalog.query.tree import Both, Compare, Field, In, Is, Node, Not, Operator, Value

DEEPEST: Final = 40
MOST_CONDITIONS: Final = 100
MOST_VALUES: Final = 200
_BINDING: Final[dict[str, int]] = {"or": 1, "and": 2}
_OPERATORS: Final = get_args(Operator)
_MISSING: Final[tuple[Literal["null"], Literal["nan"]]] = ("null", "nan")


def parse(text: str) -> Node | None:
    """The tree of a query; None where nothing is asked.

    Raises:
        QueryError: with the place of the first fault.
    """
    reader = _Reader(tokens(text))
    if reader.is_at_end():
        return None
    found = reader.expression(0, 0)
    if not reader.is_at_end():
        hint = "Conditions are joined by and, or"
        raise QueryError("The query goes on where it should end", reader.ahead.position, hint)
    return found


def parse_field(text: str, part: str) -> Field:
    """A field alone, as columns name one.

    Raises:
        QueryError: it is none.
    """
    try:
        words = tokens(text)
        if [word.kind for word in words] == ["name", "end"]:
            return Field(words[0].value, words[0].position)
        raise QueryError(f"{text[:80]!r} is not the name of a field", 0, 'Such as model or metrics."my metric"')
    except QueryError as error:
        raise QueryError(error.what, error.position, error.hint, part) from error


class _Reader:
    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        self._at = 0
        self._conditions = 0

    @property
    def ahead(self) -> Token:
        return self._words[self._at]

    def is_at_end(self) -> bool:
        """Whether all words were read."""
        return self.ahead.kind == "end"

    def expression(self, binding: int, depth: int) -> Node:
        """All that binds more than `binding`."""
        left = self._prefix(depth)
        while self.ahead.kind == "word" and _BINDING.get(self.ahead.value, 0) > binding:
            word = cast("Literal['and', 'or']", self.ahead.value)
            items = [left]
            while self._takes("word", word):
                items.append(self.expression(_BINDING[word], depth))
            left = Both(word, tuple(items))
        return left

    def _prefix(self, depth: int) -> Node:
        token = self.ahead
        if depth > DEEPEST:
            raise QueryError(f"This is nested more than {DEEPEST} deep", token.position)
        if self._takes("word", "not"):
            return Not(self._prefix(depth + 1))
        if self._takes("sign", "("):
            inner = self.expression(0, depth + 1)
            self._must(")", "The parenthesis is not closed")
            return inner
        if token.kind == "name":
            return self._condition()
        hint = "It is written like: metrics.val_acc > 0.9"
        raise QueryError("A condition is missing", token.position, hint)

    def _condition(self) -> Node:
        token = self._take()
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise QueryError(f"A query has at most {MOST_CONDITIONS} conditions", token.position)
        field = Field(token.value, token.position)
        if self._takes("word", "is"):
            return self._is(field)
        is_negated = self._takes("word", "not")
        if self._takes("word", "in"):
            return In(field, self._values(), is_negated)
        if is_negated:
            raise QueryError("After `not` comes `in` here", self.ahead.position, "Else write not before the condition")
        if self._takes("word", "contains"):
            return Compare(field, "~", self._value())
        if self.ahead.kind == "sign" and self.ahead.value in _OPERATORS:
            return Compare(field, self._take().value, self._value())
        hint = "One of = != < <= > >= ~ (contains), in (...), is null"
        raise QueryError("An operator is missing", self.ahead.position, hint)

    def _is(self, field: Field) -> Is:
        is_negated = self._takes("word", "not")
        for word in _MISSING:
            if self._takes("word", word):
                return Is(field, word, is_negated)
        raise QueryError("After `is` comes null or nan", self.ahead.position, "For values write =")

    def _values(self) -> tuple[Value, ...]:
        self._must("(", "A list in parentheses is missing")
        found = [self._value()]
        while self._takes("sign", ","):
            found.append(self._value())
        if len(found) > MOST_VALUES:
            raise QueryError(f"A list has at most {MOST_VALUES} values", found[MOST_VALUES].position)
        self._must(")", "The list is not closed")
        return tuple(found)

    def _value(self) -> Value:
        token = self._take()
        if token.kind == "value":
            return Value(token.value, token.position)
        if token.kind == "word" and token.value in {"true", "false"}:
            return Value(token.value == "true", token.position)
        if token.kind == "word" and token.value in {"null", "nan"}:
            raise QueryError(f"Nothing equals {token.value}", token.position, f"Write: is {token.value}")
        hint = f'Texts are quoted: "{".".join(token.value)[:60]}"' if token.kind == "name" else None
        raise QueryError("A value is missing", token.position, hint)

    def _must(self, sign: str, what: str) -> None:
        if not self._takes("sign", sign):
            raise QueryError(what, self.ahead.position, f"Here should be {sign}")

    def _takes(self, kind: str, value: str) -> bool:
        if (self.ahead.kind, self.ahead.value) != (kind, value):
            return False
        self._take()
        return True

    def _take(self) -> Token:
        token = self.ahead
        if token.kind != "end":
            self._at += 1
        return token
