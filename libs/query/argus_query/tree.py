"""A query as a tree, and back to text: what is parsed from the text of a tree is the same tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "is", "null", "nan", "true", "false", "contains"})
NAME: Final = re.compile(r"[^\W\d]\w*")
# What follows a dot may be the name of a metric as people write them: val/loss, top-5, 2nd.
PART: Final = re.compile(r"\w+(?:[-/:@%]\w+)*")


@dataclass(frozen=True, slots=True)
class Field:
    """What is compared: the name of a field and, in a JSON column, the path."""

    path: tuple[str, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        first, *rest = self.path
        return ".".join([first, *(part if PART.fullmatch(part) else quoted(part) for part in rest)])


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of seconds, perhaps below zero. `text` is how it was written."""

    seconds: float
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


Scalar = str | float | bool | Duration | datetime


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written."""

    value: Scalar
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, str):
            return quoted(self.value)
        if isinstance(self.value, datetime):
            return self.value.isoformat()
        return str(self.value) if isinstance(self.value, Duration) else repr(self.value)


@dataclass(frozen=True, slots=True)
class Compare:
    """A field beside a value."""

    field: Field
    operator: Operator
    value: Value

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class In:
    """A field that is one of some values, or none of them."""

    field: Field
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        word = "not in" if self.negated else "in"
        return f"{self.field} {word} ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Is:
    """Whether a field has a value, or is the number that is none."""

    field: Field
    what: Literal["null", "nan"]
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.field} is {'not ' if self.negated else ''}{self.what}"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    item: Node

    def __str__(self) -> str:
        return f"not {_within(self.item)}"


@dataclass(frozen=True, slots=True)
class Both:
    """All of two or more (`and`), or any of them (`or`)."""

    word: Literal["and", "or"]
    items: tuple[Node, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(_within(item) for item in self.items)


Node = Compare | In | Is | Not | Both


def quoted(text: str) -> str:
    """A text between double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _within(item: Node) -> str:
    return f"({item})" if isinstance(item, Both) else str(item)
