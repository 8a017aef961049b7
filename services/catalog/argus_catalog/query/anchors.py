"""Parts of a query that the index of scores answers: which jobs have a final number in some range.

A condition on JSON reads every row that the caller sees. Where all of a query depends on one comparison of a final
metric, or on a model, a dataset, a project or settings, the jobs are found by their scores instead, and the whole
condition is then asked of those alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from argus_query import settings
from argus_query.conditions import compared
from argus_query.fields import JOBS, Json, place_of
from argus_query.parser import parse_field
from argus_query.tree import Both, Compare, Node
from argus_schema import ingest
from argus_schema.plans import unindexed
from argus_schema.sums.terms import LONGEST_NAME

cell = ingest.cell.c
group = ingest.seed_group.c
score = ingest.score.c

# The name of the rows that say of each job that it is there.
PRESENT: Final = ""
_METRICS: Final = "metrics"
_OPERATORS: Final = frozenset({"=", "<", "<=", ">", ">="})
_SETTINGS: Final = frozenset({"config", "params"})
# Fields that stand in a cell too, by which fewer cells are looked into.
_OF_CELLS: Final[dict[tuple[str, ...], sa.Column[Any]]] = {
    ("project",): cell.project,
    ("model",): cell.model,
    ("dataset",): cell.dataset,
}


class Anchor(NamedTuple):
    """A table to begin at, and what its rows fulfil.

    Attributes:
        table: scores with their cells, and with their seed groups where settings are asked for.
        where: what these fulfil.
        is_all: that is the whole query, and no job need be read.
        metric: the name of the scores' metric; `PRESENT` where none is asked for.
        groups: what cells and seed groups fulfil, where nothing else is asked for.
    """

    table: sa.FromClause
    where: sa.ColumnElement[bool]
    is_all: bool
    metric: str
    groups: sa.ColumnElement[bool] | None = None


def anchor(tree: Node | None) -> Anchor | None:
    """Where to begin; None where every job has to be asked."""
    needed = list(_needed(tree))
    metrics = [one for one in needed if _is_metric(one)]
    names = [one for one in needed if _is_of_cell(one)]
    of_settings = [one for one in needed if _is_setting(one)]
    if not metrics and not names and not of_settings:
        return None
    name = _name(metrics[0]) if metrics else PRESENT
    same = [one for one in metrics if _name(one) == name]
    of_groups = [
        *(_OF_CELLS[one.field.path] == one.value.value for one in names),
        *(unindexed(group.settings_key).in_(_with_settings(one)) for one in of_settings),
    ]
    where = sa.and_(score.name == name, *(_ranged(one) for one in same), *of_groups)
    is_all = len(same) + len(names) + len(of_settings) == _size(tree)
    # From cells to groups to scores: of these there are the fewest.
    table = ingest.cell.join(ingest.score, score.cell_key == unindexed(cell.cell_key))
    if of_settings:
        table = ingest.cell.join(ingest.seed_group, group.cell_key == unindexed(cell.cell_key))
        table = table.join(ingest.score, score.group_key == unindexed(group.group_key))
    return Anchor(table, where, is_all, name, sa.and_(*of_groups) if is_all and of_groups and not same else None)


def is_by_score(begin: Anchor, sort: Sequence[str]) -> bool:
    """Whether the scores to begin at decide the order too: then only jobs that are shown need be read."""
    asked = parse_field(sort[0].removeprefix("-"), "sort") if len(sort) == 1 else None
    if asked is None or not begin.is_all or begin.metric == PRESENT:
        return False
    return asked.path[0] == _METRICS and ".".join(asked.path[1:]) == begin.metric


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
    is_named = one.field.path[0] == _METRICS and 0 < len(_name(one)) <= LONGEST_NAME
    return is_named and is_number and one.operator in _OPERATORS


def _is_setting(one: Compare) -> bool:
    if one.field.path[0] not in _SETTINGS or one.operator not in {*_OPERATORS, "~"}:
        return False
    place = place_of(one.field, source=JOBS)
    return isinstance(place, Json) and settings.is_kept(place)


def _with_settings(one: Compare) -> sa.Select[tuple[int]]:
    place = place_of(one.field, source=JOBS)
    assert isinstance(place, Json), "asked for before"
    return settings.matching(place, lambda at: compared(one.field, at, one.operator, one.value))


def _ranged(one: Compare) -> sa.ColumnElement[bool]:
    value: Any = sa.literal(float(one.value.value), sa.Double())  # type: ignore[arg-type]
    compared = {"=": score.value.__eq__, "<": score.value.__lt__, "<=": score.value.__le__, ">": score.value.__gt__}
    return compared.get(one.operator, score.value.__ge__)(value)
