"""What every table module stands on: one metadata, column types that mean the same on PostgreSQL and SQLite,
and the note of which service owns a table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)

# SQLite gives a table a row id only for a column that is declared INTEGER, so the bigint has a variant there.
BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, sortable ISO text of fixed width on SQLite.

    Raises:
        ValueError: a naive datetime was bound; times without a zone have no meaning here.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored; use the clock of the kit")
        value = value.astimezone(UTC)
        return sqlite_time(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


def sqlite_time(value: datetime) -> str:
    """The text that stands for a UTC time in SQLite: microseconds always present, so that text order is time order."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def table(
    name: str, owner: str, *columns: Any, read_by: tuple[str, ...] = (), append_only: bool = False, **more: Any
) -> sa.Table:
    """A table that `owner` alone writes; `read_by` names the other services that may read it (`*` for all).

    Rows of an `append_only` table stay as they were written: not even its owner may change or delete one. `more` is
    for one database or the other.
    """
    info = {"owner": owner, "read_by": read_by, "append_only": append_only}
    return sa.Table(name, metadata, *columns, info=info, **more)


def outbox_table(owner: str) -> sa.Table:
    """Messages that a service has promised in a transaction and not yet handed to the bus."""
    return table(
        f"{owner}_outbox",
        owner,
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("msg_id", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("headers", Json),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
