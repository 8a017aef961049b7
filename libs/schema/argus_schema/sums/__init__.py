"""Sums over batches and jobs that lists and boards read instead of counting: kept by triggers, in the transaction that
changes what they sum up, whoever does so.

`holding` says what one person has in one project, `holding_day` how many of these batches began on which day. `score`
holds the final numbers of every job by model and dataset (`cell`). See docs/decisions/0026.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy.engine import Connection

from argus_schema.sums import postgres, sqlite
from argus_schema.sums.terms import TABLES

# PostgreSQL keeps this with a function that the triggers call; SQLite has no comments, and keeps the triggers' text.
_SAID: Final = "sums of "
_NOTED: Final = "argus_sum_job"
_TEXTS: Final = "select name, sql from sqlite_master where type = 'trigger' and name like 'sum!_%' escape '!'"


def install(connection: Connection) -> None:
    """Make the triggers, in place of those that were there."""
    remove(connection)
    for statement in (sqlite if connection.dialect.name == "sqlite" else postgres).CREATE:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"comment on function {_NOTED}() is '{_SAID}{_digest()}'")


def are_installed(connection: Connection) -> bool:
    """Whether the triggers are there, as they are written here: then the sums hold what these say."""
    if connection.dialect.name == "sqlite":
        found = {text.casefold() for _, text in connection.exec_driver_sql(_TEXTS)}
        return found == {text.casefold() for text in sqlite.CREATE}
    said = connection.exec_driver_sql(f"select obj_description(to_regproc('{_NOTED}'), 'pg_proc')").scalar()
    return said == _SAID + _digest()


def _digest() -> str:
    return hashlib.sha256("\n".join(postgres.CREATE + postgres.REBUILD).encode()).hexdigest()[:16]


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
