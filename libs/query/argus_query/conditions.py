"""A query's tree as a condition of SQL. Every value is bound, none becomes part of the statement.

A comparison with what is not there is false, and its contrary true.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from argus_query import fields, settings
from argus_query.errors import QueryError, Reason
from argus_query.fields import JOBS, Json, Plain, Source, Tags
from argus_query.json_values import is_there, value_at
from argus_query.tree import Both, Compare, Duration, Field, In, Is, Node, Not, Value
from argus_schema import ingest
from argus_schema.base import UtcDateTime

job = ingest.job.c

Condition = sa.ColumnElement[bool]

_COMPARED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "~": lambda a, b: a.icontains(b.value, autoescape=True),
}


def condition(tree: Node | None, at: datetime, source: Source = JOBS, *, is_certain: bool = False) -> Condition:
    """What the rows of a source must fulfil; `at` is the moment from which durations count.

    Within a contrary every part is certain. Elsewhere unknown does as well as false, and an index can be asked.

    Raises:
        QueryError: a field is not known, or a value does not fit it.
    """
    if tree is None:
        return sa.true()
    if isinstance(tree, Both):
        join = sa.and_ if tree.word == "and" else sa.or_
        return join(*(condition(item, at, source, is_certain=is_certain) for item in tree.items)).self_group()
    if isinstance(tree, Not):
        return sa.not_(condition(tree.item, at, source, is_certain=True).self_group())
    if isinstance(tree, Is):
        return _is(tree, source)
    found = _one_of(tree, at, source)
    return _certain(found) if is_certain else found


def _one_of(tree: Compare | In, at: datetime, source: Source) -> Condition:
    if isinstance(tree, In):
        found = sa.or_(*(_compare(tree.field, "=", value, at, source) for value in tree.values)).self_group()
        is_negated = tree.negated
    else:
        is_negated = tree.operator == "!="
        found = _compare(tree.field, "=" if is_negated else tree.operator, tree.value, at, source)
    return sa.and_(_has_value(tree.field, source), sa.not_(_certain(found))) if is_negated else found


def _is(tree: Is, source: Source) -> Condition:
    if tree.what == "null":
        return _has_value(tree.field, source) if tree.negated else sa.not_(_has_value(tree.field, source))
    place = fields.place_of(tree.field, source=source)
    if not isinstance(place, Json):
        raise QueryError(Reason.NEVER_NAN, tree.field.position, field=str(tree.field))
    found = settings.asked(place, lambda at: _certain(value_at(at.column, at.path, "text") == "NaN"))
    return sa.not_(found) if tree.negated else found


def _has_value(field: Field, source: Source) -> Condition:
    place = fields.place_of(field, source=source)
    if isinstance(place, Plain):
        return place.value.is_not(None)
    if isinstance(place, Tags):
        return is_there(job.extra, ("tags",))
    return settings.asked(place, lambda at: is_there(at.column, at.path))


def _compare(field: Field, operator: str, value: Value, at: datetime, source: Source) -> Condition:
    place = fields.place_of(field, source=source)
    if isinstance(place, Tags):
        return _tagged(operator, value)
    if isinstance(place, Plain):
        return cast("Condition", _COMPARED[operator](place.value, _fitting(field, place, operator, value, at)))
    return settings.asked(place, lambda at: compared(field, at, operator, value))


def compared(field: Field, place: Json, operator: str, value: Value) -> Condition:
    """A comparison with what stands at a place.

    Raises:
        QueryError: the value does not fit.
    """
    return cast("Condition", _compare_json(field, place, operator, value))


def _compare_json(field: Field, place: Json, operator: str, value: Value) -> Any:
    given = value.value
    if isinstance(given, datetime):
        raise QueryError(Reason.NO_TIMES, value.position, field=str(field))
    if isinstance(given, Duration):
        given = given.seconds
    if operator == "~" and not isinstance(given, str):
        raise QueryError(Reason.TEXT_SOUGHT, value.position, value=str(value))
    if isinstance(given, bool):
        if operator != "=":
            raise QueryError(Reason.TRUTH_ORDERED, value.position)
        return value_at(place.column, place.path, "bool") == sa.literal(given, sa.Boolean())
    if isinstance(given, str):
        return _COMPARED[operator](value_at(place.column, place.path, "text"), sa.literal(given, sa.Text()))
    return _COMPARED[operator](value_at(place.column, place.path, "number"), sa.literal(float(given), sa.Double()))


def _fitting(field: Field, place: Plain, operator: str, value: Value, at: datetime) -> Any:
    given = value.value
    if operator == "~" and place.kind != "text":
        raise QueryError(Reason.NO_TEXT, field.position, field=str(field))
    if place.kind == "time":
        return sa.literal(_moment(field, operator, value, at), UtcDateTime())
    if place.kind == "text":
        return sa.literal(_text(field, value), sa.Text())
    if isinstance(given, Duration) and place.kind == "duration":
        given = given.seconds
    if isinstance(given, bool) or not isinstance(given, int | float):
        reason = Reason.DURATION_NEEDED if place.kind == "duration" else Reason.NUMBER_NEEDED
        raise QueryError(reason, value.position, field=str(field))
    return sa.literal(float(given), sa.Double())


def _text(field: Field, value: Value) -> str:
    given = value.value
    if not isinstance(given, str):
        raise QueryError(Reason.TEXT_NEEDED, value.position, field=str(field), value=str(value))
    # Statuses are shown in lower case, whatever the sender wrote.
    return given.lower() if field.path == ("status",) else given


def _moment(field: Field, operator: str, value: Value, at: datetime) -> datetime:
    given = value.value
    if operator == "=":
        raise QueryError(Reason.MOMENT_HARDLY_MET, value.position, field=str(field))
    if isinstance(given, datetime):
        return given
    if not isinstance(given, Duration):
        raise QueryError(Reason.TIME_NEEDED, value.position, field=str(field))
    try:
        return at + timedelta(seconds=given.seconds)
    except OverflowError as error:
        raise QueryError(Reason.TIME_UNKNOWN, value.position) from error


class _HasTag(sa.sql.functions.FunctionElement[bool]):
    inherit_cache = True
    name = "has_tag"
    type = sa.Boolean()


@compiles(_HasTag, "sqlite")
def _in_sqlite(element: _HasTag, compiler: Any, **more: Any) -> str:
    column, tag = (compiler.process(clause, **more) for clause in element.clauses)
    tags = f"CASE WHEN json_type({column}, '$.tags') = 'array' THEN json_extract({column}, '$.tags') ELSE '[]' END"
    return f"EXISTS (SELECT 1 FROM json_each({tags}) AS tag WHERE tag.value = {tag})"  # noqa: S608 # nosec B608


@compiles(_HasTag, "postgresql")
def _in_postgresql(element: _HasTag, compiler: Any, **more: Any) -> str:
    column, tag = (compiler.process(clause, **more) for clause in element.clauses)
    return f"coalesce(jsonb_exists(jsonb_extract_path({column}, 'tags'), {tag}), false)"


def _tagged(operator: str, value: Value) -> Condition:
    if operator not in {"=", "~"} or not isinstance(value.value, str):
        raise QueryError(Reason.TAG_NEEDED, value.position)
    return _HasTag(job.extra, sa.literal(value.value, sa.Text()))


def _certain(found: Any) -> Condition:
    return sa.func.coalesce(found, sa.false())
