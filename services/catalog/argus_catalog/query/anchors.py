"""Parts of a query that the index of scores answers: which jobs have a final number in some range.

A condition on JSON reads every row that the caller sees. Where all of a query depends on one comparison of a final
metric, or on a model, a dataset or a project, the jobs are found by their scores instead, and the whole condition is
then asked of those alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from argus_catalog.query.tree import Both, Compare, Node
from argus_schema import ingest
from argus_schema.sums.terms import LONGEST_NAME

cell = ingest.cell.c
job = ingest.job.c
score = ingest.score.c

# The name of the rows that say of each job that it is there.
PRESENT: Final = ""
_OPERATORS: Final = frozenset({"=", "<", "<=", ">", ">="})
# Fields that stand in a cell too, by which fewer cells are looked into.
_OF_CELLS: Final[dict[tuple[str, ...], sa.Column[Any]]] = {
    ("project",): cell.project,
    ("model",): cell.model,
    ("dataset",): cell.dataset,
}


class Anchor(NamedTuple):
    """A table to begin at, and what its rows fulfil; `is_all`: that is the whole query, and no job need be read."""

    table: sa.FromClause
    where: sa.ColumnElement[bool]
    is_all: bool


def anchor(tree: Node | None) -> Anchor | None:
    """Where to begin; None where every job has to be asked."""
    needed = list(_needed(tree))
    metrics = [one for one in needed if _is_metric(one)]
    names = [one for one in needed if _is_of_cell(one)]
    if not metrics and not names:
        return None
    name = _name(metrics[0]) if metrics else PRESENT
    same = [one for one in metrics if _name(one) == name]
    where = sa.and_(
        score.name == name,
        *(_ranged(one) for one in same),
        *(_OF_CELLS[one.field.path] == one.value.value for one in names),
    )
    table = ingest.cell.join(ingest.score, score.cell_key == cell.cell_key)
    return Anchor(table, where, is_all=len(same) + len(names) == _size(tree))


def _needed(tree: Node | None) -> Iterator[Compare]:
    """The comparisons without which the whole is false."""
    if isinstance(tree, Compare):
        yield tree
    elif isinstance(tree, Both) and tree.word == "and":
        for item in tree.items:
            yield from _needed(item)


def _size(tree: Node | None) -> int:
    """How many parts a conjunction has; one that is not a comparison counts as well."""
    return sum(map(_size, tree.items)) if isinstance(tree, Both) and tree.word == "and" else 1


def _name(one: Compare) -> str:
    return ".".join(one.field.path[1:])


def _is_of_cell(one: Compare) -> bool:
    # In a cell, a name that is not there is empty.
    return (
        one.field.path in _OF_CELLS
        and one.operator == "="
        and isinstance(one.value.value, str)
        and bool(one.value.value)
    )


def _is_metric(one: Compare) -> bool:
    value = one.value.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_named = one.field.path[0] == "metrics" and 0 < len(_name(one)) <= LONGEST_NAME
    return is_named and is_number and one.operator in _OPERATORS


def _ranged(one: Compare) -> sa.ColumnElement[bool]:
    value: Any = sa.literal(float(one.value.value), sa.Double())  # type: ignore[arg-type]
    compared = {"=": score.value.__eq__, "<": score.value.__lt__, "<=": score.value.__le__, ">": score.value.__gt__}
    return compared.get(one.operator, score.value.__ge__)(value)
