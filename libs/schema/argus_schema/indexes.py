"""Indexes of PostgreSQL that are built while everybody works: CONCURRENTLY, which no transaction can hold.

A migration that adds an index to a table in use creates it on SQLite only (`op.get_bind().dialect.name`), declares it
in the table, and leaves PostgreSQL's to this.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateIndex

from argus_schema.base import metadata

# Whoever builds already. Not the lock of migrations: who waits for that one holds a transaction open, for whose end an
# index that is being built would wait.
_LOCK = 0x41524756


def build_missing(connection: Connection) -> list[str]:
    """Build what is declared and is not there, or was left half-built by a process that died. Returns the names.

    The connection commits by itself (AUTOCOMMIT).
    """
    if not connection.exec_driver_sql(f"select pg_try_advisory_lock({_LOCK})").scalar_one():
        return []
    try:
        found = connection.exec_driver_sql(
            "select c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid "
            "join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema()"
        )
        there: dict[str, bool] = {row.relname: row.indisvalid for row in found}
        missing = [
            index
            for table in metadata.sorted_tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
            if not there.get(str(index.name))
        ]
        for index in missing:
            _build(connection, index, is_broken=str(index.name) in there)
    finally:
        connection.exec_driver_sql(f"select pg_advisory_unlock({_LOCK})")
    return [str(index.name) for index in missing]


def _build(connection: Connection, index: sa.Index, *, is_broken: bool) -> None:
    if is_broken:
        connection.exec_driver_sql(f'drop index concurrently if exists "{index.name}"')
    said = str(CreateIndex(index).compile(dialect=connection.dialect))
    connection.exec_driver_sql(said.replace(" INDEX ", " INDEX CONCURRENTLY IF NOT EXISTS ", 1))
