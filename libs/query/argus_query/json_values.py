"""Values at a path of a JSON column by their type, on both databases. What has another type there is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

Kind = Literal["number", "text", "bool"]

_TYPES: dict[Kind, tuple[str, str, sa.types.TypeEngine[Any]]] = {
    # in SQLite, in PostgreSQL, here
    "number": ("'integer', 'real'", "number", sa.Double()),
    "text": ("'text'", "string", sa.Text()),
    "bool": ("'true', 'false'", "boolean", sa.Boolean()),
}
# JSON has integers that no float holds: they are no numbers here.
_IN_POSTGRESQL = {
    "number": "CASE WHEN abs(CAST({0} AS NUMERIC)) <= 1.7976931348623157e308 THEN CAST({0} AS DOUBLE PRECISION) END",
    "text": "{0}",
    "bool": "CAST({0} AS BOOLEAN)",
}
_IN_SQLITE = {"number": "nullif(nullif({0}, 9e999), -9e999)", "text": "{0}", "bool": "{0}"}


class _AtPath(sa.sql.functions.FunctionElement[Any]):
    """The column, SQLite's path, and the parts of the path."""

    inherit_cache = True
    name = "at_path"
    # What `inherit_cache` keeps apart are classes: one for each kind, made below.
    kind: Kind | None = None


class _Number(_AtPath):
    inherit_cache = True
    kind = "number"


class _Text(_AtPath):
    inherit_cache = True
    kind = "text"


class _Bool(_AtPath):
    inherit_cache = True
    kind = "bool"


class _IsThere(_AtPath):
    inherit_cache = True


class _Anything(_AtPath):
    inherit_cache = True


_CLASSES: dict[Kind, type[_AtPath]] = {"number": _Number, "text": _Text, "bool": _Bool}


def value_at(column: Any, path: Sequence[str], kind: Kind) -> sa.ColumnElement[Any]:
    """The value there if it is of this kind, else null. A finite number: others are kept as texts."""
    found = _CLASSES[kind](column, sa.literal(_sqlite_path(path), sa.Text()), *_parts(path))
    return sa.type_coerce(found, _TYPES[kind][2])


def is_there(column: Any, path: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether there is a value that is not null."""
    found = _IsThere(column, sa.literal(_sqlite_path(path), sa.Text()), *_parts(path))
    return sa.type_coerce(found, sa.Boolean())


def anything_at(column: Any, path: Sequence[str]) -> sa.ColumnElement[Any]:
    """Whatever stands there, as it was sent."""
    found = _Anything(column, sa.literal(_sqlite_path(path), sa.Text()), *_parts(path))
    return sa.type_coerce(found, column.type)


def _parts(path: Sequence[str]) -> list[sa.ColumnElement[str]]:
    return [sa.literal(part, sa.Text()) for part in path]


def _sqlite_path(path: Sequence[str]) -> str:
    # A quote has no spelling within a path of SQLite: `fields` refuses names with one.
    return "$" + "".join(f'."{part}"' for part in path)


@compiles(_AtPath, "sqlite")
def _in_sqlite(element: _AtPath, compiler: Any, **more: Any) -> str:
    column, path, *_ = element.clauses
    at = f"{compiler.process(column, **more)}, {compiler.process(path, **more)}"
    if element.kind is None:
        return f"coalesce(json_type({at}), 'null') != 'null'"
    at_again = f"{compiler.process(column, **more)}, {compiler.process(path, **more)}"
    found = _IN_SQLITE[element.kind].format(f"json_extract({at_again})")
    return f"CASE WHEN json_type({at}) IN ({_TYPES[element.kind][0]}) THEN {found} END"


@compiles(_AtPath, "postgresql")
def _in_postgresql(element: _AtPath, compiler: Any, **more: Any) -> str:
    column, _, *parts = element.clauses
    at = ", ".join(compiler.process(part, **more) for part in (column, *parts))
    if element.kind is None:
        return f"coalesce(jsonb_typeof(jsonb_extract_path({at})), 'null') != 'null'"
    text = _IN_POSTGRESQL[element.kind].format(f"jsonb_extract_path_text({at})")
    return f"CASE WHEN jsonb_typeof(jsonb_extract_path({at})) = '{_TYPES[element.kind][1]}' THEN {text} END"


@compiles(_Anything, "sqlite")
def _anything_in_sqlite(element: _Anything, compiler: Any, **more: Any) -> str:
    # json_extract would round a long integer, or make an infinity of it, which is no JSON.
    column, path, *_ = element.clauses
    return f"({compiler.process(column, **more)} -> {compiler.process(path, **more)})"


@compiles(_Anything, "postgresql")
def _anything_in_postgresql(element: _Anything, compiler: Any, **more: Any) -> str:
    column, _, *parts = element.clauses
    return f"jsonb_extract_path({', '.join(compiler.process(part, **more) for part in (column, *parts))})"
