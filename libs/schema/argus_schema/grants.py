"""Roles and grants on PostgreSQL: each service writes its own tables and reads those that were opened to it.

`apply` is idempotent and runs after every migration, so the grants can never lag behind the tables.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from argus_schema.base import metadata

SERVICES = ("auth", "ingest", "catalog", "realtime", "executor", "notifier")


def role(service: str) -> str:
    """The database role under which a service connects."""
    return f"argus_{service}"


def readers(table: sa.Table) -> tuple[str, ...]:
    """Services, other than its owner, that may read a table."""
    read_by: tuple[str, ...] = table.info["read_by"]
    names = SERVICES if "*" in read_by else read_by
    return tuple(name for name in names if name != table.info["owner"])


def apply(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Create the roles and bring their rights in line with the tables.

    Args:
        connection: an open transaction of a PostgreSQL superuser or of the database's owner.
        passwords: role name to password; a role that is not named keeps its password, or is made without login.
    """
    for service in SERVICES:
        _ensure_role(connection, role(service), passwords.get(role(service)))
        # By which a process knows that the tables are there that it was written for.
        connection.exec_driver_sql(f'grant select on alembic_version to "{role(service)}"')
    for table in metadata.sorted_tables:
        _grant_table(connection, table)


def _ensure_role(connection: Connection, name: str, password: str | None) -> None:
    exists = connection.execute(sa.text("select 1 from pg_roles where rolname = :name"), {"name": name}).scalar()
    if not exists:
        connection.exec_driver_sql(f'create role "{name}"')
    if password is not None:
        # Roles take no bind parameters; quote_literal makes the password a safe literal.
        literal = connection.execute(sa.text("select quote_literal(cast(:p as text))"), {"p": password}).scalar_one()
        connection.exec_driver_sql(f'alter role "{name}" login password {literal}')
    connection.exec_driver_sql(f'grant usage on schema public to "{name}"')


def _grant_table(connection: Connection, table: sa.Table) -> None:
    quoted = connection.dialect.identifier_preparer.format_table(table)
    for service in SERVICES:
        connection.exec_driver_sql(f'revoke all on {quoted} from "{role(service)}"')
    owner = role(table.info["owner"])
    rights = "select, insert" if table.info["append_only"] else "select, insert, update, delete"
    connection.exec_driver_sql(f'grant {rights} on {quoted} to "{owner}"')
    for column in table.columns:
        if column.autoincrement is True:
            sequence = connection.execute(
                sa.text("select pg_get_serial_sequence(:table, :column)"),
                {"table": quoted, "column": column.name},
            ).scalar()
            connection.exec_driver_sql(f'grant usage, select on sequence {sequence} to "{owner}"')
    for service in readers(table):
        connection.exec_driver_sql(f'grant select on {quoted} to "{role(service)}"')
