"""How many bytes a row takes, near enough to say what a sweep gives back. Indexes come on top."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def row_bytes(table: sa.Table, *, is_sqlite: bool) -> sa.ColumnElement[int]:
    """The bytes of a row as the database keeps it; on SQLite those of its values."""
    if not is_sqlite:
        # The whole row, with long values as they are compressed.
        whole: Any = sa.func.pg_column_size(table.table_valued())
        return sa.type_coerce(whole, sa.Integer)
    lengths = [sa.func.coalesce(sa.func.length(sa.cast(column, sa.LargeBinary)), 0) for column in table.columns]
    return sa.type_coerce(sum(lengths[1:], lengths[0]), sa.Integer)
