"""A table of values, and a sheet for people made of one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from argus_catalog.derivations.metrics import number

Format = Literal["csv", "jsonl", "parquet", "latex", "markdown"]
Kind = Literal["text", "integer", "number", "truth", "time"]


class Column(NamedTuple):
    """A column of values of one kind; any of them may be missing."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Values to compute with: each row has one for each column, or None."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


class Measure(NamedTuple):
    """A number for people: with its deviation where several were summed up, in bold where it is the best."""

    mean: float | None
    std: float | None = None
    is_best: bool = False


Shown = str | int | Measure | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table for people. `spans` are heads over several columns, of which the first `n_names` hold names."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Shown]]
    n_names: int = 1
    spans: Sequence[tuple[str, int]] = ()
    notes: Sequence[str] = field(default=())


def kind_of(values: Iterable[Any]) -> Kind:
    """The kind that fits all values: of different ones, text."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int):
        return "integer" if -(2**63) <= value < 2**63 else "number"
    if isinstance(value, float):
        return "number"
    return "time" if isinstance(value, datetime) else "text"


def as_text(value: Any) -> str | None:
    """A value of any type as text: texts as they are, all else as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table whose columns have the kinds that fit their values; values of mixed kinds become texts."""
    kinds = [kind_of(row[place] for row in rows) for place in range(len(names))]
    shown = [[_fitting(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    return Table([Column(name, kind) for name, kind in zip(names, kinds, strict=True)], shown)


def _fitting(value: Any, kind: Kind) -> Any:
    if kind == "text":
        return as_text(value)
    return number(value) if kind == "number" and isinstance(value, int) else value
