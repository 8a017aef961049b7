"""Reads a query: precedence climbing over its words (Pratt, 1973). `or` binds least, then `and`, then `not`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast, get_args

from argus_query.errors import QueryError, Reason
from argus_query.tokens import Token, tokens
from argus_query.tree import Both, Compare, Field, In, Is, Node, Not, Operator, Value

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
        raise QueryError(Reason.GOES_ON, reader.ahead.position)
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
        raise QueryError(Reason.NO_FIELD_NAME, text=repr(text[:80]))
    except QueryError as error:
        raise error.of(part) from error


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
            raise QueryError(Reason.TOO_DEEP, token.position, most=DEEPEST)
        if self._takes("word", "not"):
            return Not(self._prefix(depth + 1))
        if self._takes("sign", "("):
            inner = self.expression(0, depth + 1)
            self._must(")", Reason.PARENTHESIS_OPEN)
            return inner
        if token.kind == "name":
            return self._condition()
        raise QueryError(Reason.CONDITION_MISSING, token.position)

    def _condition(self) -> Node:
        token = self._take()
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise QueryError(Reason.TOO_MANY_CONDITIONS, token.position, most=MOST_CONDITIONS)
        field = Field(token.value, token.position)
        if self._takes("word", "is"):
            return self._is(field)
        is_negated = self._takes("word", "not")
        if self._takes("word", "in"):
            return In(field, self._values(), is_negated)
        if is_negated:
            raise QueryError(Reason.IN_MISSING, self.ahead.position)
        if self._takes("word", "contains"):
            return Compare(field, "~", self._value())
        if self.ahead.kind == "sign" and self.ahead.value in _OPERATORS:
            return Compare(field, self._take().value, self._value())
        raise QueryError(Reason.OPERATOR_MISSING, self.ahead.position)

    def _is(self, field: Field) -> Is:
        is_negated = self._takes("word", "not")
        for word in _MISSING:
            if self._takes("word", word):
                return Is(field, word, is_negated)
        raise QueryError(Reason.NULL_MISSING, self.ahead.position)

    def _values(self) -> tuple[Value, ...]:
        self._must("(", Reason.LIST_MISSING)
        found = [self._value()]
        while self._takes("sign", ","):
            found.append(self._value())
        if len(found) > MOST_VALUES:
            raise QueryError(Reason.TOO_MANY_VALUES, found[MOST_VALUES].position, most=MOST_VALUES)
        self._must(")", Reason.LIST_OPEN)
        return tuple(found)

    def _value(self) -> Value:
        token = self._take()
        if token.kind == "value":
            return Value(token.value, token.position)
        if token.kind == "word" and token.value in {"true", "false"}:
            return Value(token.value == "true", token.position)
        if token.kind == "word" and token.value in {"null", "nan"}:
            raise QueryError(Reason.NOTHING_EQUALS, token.position, word=token.value)
        if token.kind == "name":
            raise QueryError(Reason.VALUE_UNQUOTED, token.position, text=".".join(token.value)[:60])
        raise QueryError(Reason.VALUE_MISSING, token.position)

    def _must(self, sign: str, reason: Reason) -> None:
        if not self._takes("sign", sign):
            raise QueryError(reason, self.ahead.position, sign=sign)

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
