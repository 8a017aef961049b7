"""Sums over batches and jobs that lists and boards read instead of counting: kept by triggers, in the transaction that
changes what they sum up, whoever does so.

`holding` says what one person has in one project, `holding_day` how many of these batches began on which day. `score`
holds the final numbers of every job by model and dataset (`cell`). See docs/decisions/0026.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from argus_schema.sums import postgres, sqlite
from argus_schema.sums.terms import TABLES


def install(connection: Connection) -> None:
    """Make the triggers, in place of those that were there."""
    remove(connection)
    for statement in (sqlite if connection.dialect.name == "sqlite" else postgres).CREATE:
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Remove the triggers. On SQLite a table that triggers name cannot be built anew."""
    for statement in (sqlite if connection.dialect.name == "sqlite" else postgres).DROP:
        connection.exec_driver_sql(statement)


def rebuild(connection: Connection) -> None:
    """Sum up everything anew."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("lock table batch, job in share row exclusive mode")
    for table in TABLES:
        connection.exec_driver_sql(f"delete from {table}")  # noqa: S608 # nosec B608
    for statement in (sqlite if connection.dialect.name == "sqlite" else postgres).REBUILD:
        connection.exec_driver_sql(statement)
