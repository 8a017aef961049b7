"""Which settings a job was run with but for its seeds, as a key; groups of such jobs; and boards that read one index.

Revision: 0015, after 0014.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from argus_schema import sums
from argus_schema.base import BigInt, Json
from argus_schema.seeds import settings_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Numbers of jobs are now found by seed group too.
sums_anew = True

_JOBS_AT_ONCE: Final = 5_000
_MOST_DIGITS: Final = 4_000
_BEST: Final = ("cell_key", "name", "value", "ended_s", "batch_key", "job_no")


def upgrade() -> None:
    """Create what is new, and give every job its key, some thousand at a time."""
    op.add_column("job", sa.Column("settings_key", BigInt, nullable=False, server_default="0"))
    op.create_table(
        "configuration",
        sa.Column("settings_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.PrimaryKeyConstraint("settings_key", name=op.f("pk_configuration")),
    )
    op.create_table(
        "seed_group",
        sa.Column("group_key", BigInt, autoincrement=True, nullable=False),
        sa.Column("cell_key", BigInt, nullable=False),
        sa.Column("settings_key", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_seed_group")),
        sa.UniqueConstraint("cell_key", "settings_key", name=op.f("uq_seed_group_cell_key_settings_key")),
    )
    _fill(op.get_bind())
    op.create_index("ix_job_settings_key", "job", ["settings_key"])
    # Its rows are made anew after the migration.
    op.drop_table("score")
    _create_scores(sa.Column("group_key", BigInt, nullable=False))
    op.create_index("ix_score_cell_key", "score", [*_BEST, "is_done"])
    op.create_index("ix_score_group_key", "score", ["group_key", "name", "value", "batch_key", "job_no"])


def downgrade() -> None:
    """Back to reading every configuration."""
    sums.remove(op.get_bind())
    op.drop_table("score")
    _create_scores()
    op.create_index("ix_score_cell_key", "score", [*_BEST])
    op.drop_table("seed_group")
    op.drop_table("configuration")
    op.drop_index("ix_job_settings_key", table_name="job")
    op.drop_column("job", "settings_key")


def _create_scores(*more: sa.Column[Any]) -> None:
    op.create_table(
        "score",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("cell_key", BigInt, nullable=False),
        *more,
        sa.Column("ended_s", sa.Double(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "job_no", "name", name=op.f("pk_score")),
        sqlite_with_rowid=False,
    )


def _fill(connection: sa.Connection) -> None:
    last = (-1, -1)
    while rows := _jobs(connection, last):
        last = rows[-1][0], rows[-1][1]
        settings = [(key, job_no, settings_of({"config": _read(text)})) for key, job_no, text in rows]
        keys = [
            {"settings_key": found.key, "batch_key": key, "job_no": job_no}
            for key, job_no, found in settings
            if found.body
        ]
        if not keys:
            continue
        bodies = {found.key: json.dumps(found.body) for _, _, found in settings if found.body}
        into = "cast(:body as jsonb)" if connection.dialect.name == "postgresql" else ":body"
        connection.execute(
            sa.text(
                f"insert into configuration (settings_key, body) values (:settings_key, {into}) "  # noqa: S608 # nosec B608
                "on conflict (settings_key) do nothing"
            ),
            [{"settings_key": key, "body": body} for key, body in bodies.items()],
        )
        connection.execute(
            sa.text(
                "update job set settings_key = :settings_key where batch_key = :batch_key and job_no = :job_no",
            ),
            keys,
        )


def _jobs(connection: sa.Connection, last: tuple[int, int]) -> Sequence[Any]:
    query = sa.text(
        "select batch_key, job_no, cast(extra -> 'config' as text) from job "
        "where (batch_key, job_no) > (:key, :job_no) and extra -> 'config' is not null "
        "order by batch_key, job_no limit :most"
    )
    return connection.execute(query, {"key": last[0], "job_no": last[1], "most": _JOBS_AT_ONCE}).all()


def _read(text: str) -> Any:
    return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | str:
    # Python makes no number of more digits than that, by default.
    return int(digits) if len(digits) < _MOST_DIGITS else digits
