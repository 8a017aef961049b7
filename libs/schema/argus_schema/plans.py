"""Which way SQLite goes through tables: it has no statistics, and takes an index where none should be taken."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class _Unindexed(sa.sql.functions.FunctionElement[Any]):
    inherit_cache = True
    name = "unindexed"


@compiles(_Unindexed)
def _anywhere(element: _Unindexed, compiler: Any, **more: Any) -> str:
    (column,) = element.clauses
    return str(compiler.process(column, **more))


@compiles(_Unindexed, "sqlite")
def _in_sqlite(element: _Unindexed, compiler: Any, **more: Any) -> str:
    (column,) = element.clauses
    # https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return f"+{compiler.process(column, **more)}"


def unindexed(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column, whose value SQLite looks up in no index. PostgreSQL knows by itself what is quicker."""
    return sa.type_coerce(_Unindexed(column), column.type)
