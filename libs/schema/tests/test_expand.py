"""New migrations leave the version before them alive: they add first, and take away a release later."""

from __future__ import annotations

import asyncio
from typing import Any

import migration_check
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from migration_check import Revision, faults
from sqlalchemy.engine import Connection

from argus_kit.database import Database
from argus_schema import indexes
from argus_schema.migrate import alembic_config, migrate, newest_revision


def of(*statements: str, number: str = "0031", **more: Any) -> Revision:
    return Revision(number, statements, **more)


class TestFaults:
    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("DROP TABLE rule", "drops a table (rule)"),
            ("ALTER TABLE job DROP COLUMN host", "drops a column (job)"),
            ("ALTER TABLE job RENAME host TO machine", "renames (job)"),
            ("ALTER TABLE job RENAME TO run", "renames (job)"),
            ("ALTER TABLE job ALTER COLUMN n TYPE BIGINT", "changes the type of a column (job)"),
            ("ALTER TABLE job ALTER COLUMN n SET NOT NULL", "forbids null (job)"),
            ("ALTER TABLE job ALTER COLUMN n DROP DEFAULT", "takes a default away (job)"),
            ("ALTER TABLE job ADD COLUMN n BIGINT NOT NULL", "adds a column without a default (job)"),
            ("ALTER TABLE job ADD CONSTRAINT ck CHECK (n > 0)", "adds a condition on what is there (job)"),
            ("CREATE INDEX ix_job_n ON job (n)", "builds an index"),
            ("CREATE UNIQUE INDEX ix_job_n ON job (n)", "builds an index"),
            ("update job set n = 1", "changes rows in one transaction"),
        ],
    )
    def test_what_the_version_before_could_not_bear(self, statement: str, said: str) -> None:
        (fault,) = faults([of(statement)], "0030")
        assert said in fault

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE new (id BIGINT NOT NULL)",
            "ALTER TABLE job ADD COLUMN n BIGINT",
            "ALTER TABLE job ADD COLUMN n BIGINT DEFAULT '0' NOT NULL",
            "ALTER TABLE job ADD CONSTRAINT ck CHECK (n > 0) NOT VALID",
            "ALTER TABLE job ALTER COLUMN n DROP NOT NULL",
            "CREATE INDEX CONCURRENTLY ix_job_n ON job (n)",
            "select settings_key from job",
            "UPDATE alembic_version SET version_num='0031'",
        ],
    )
    def test_what_it_does_not_notice(self, statement: str) -> None:
        assert faults([of(statement)], "0030") == []

    def test_a_table_that_is_new_has_no_users(self) -> None:
        assert faults([of("CREATE TABLE new (id BIGINT)", "CREATE INDEX ix_new_id ON new (id)")], "0030") == []

    def test_contracting_needs_an_expansion_that_was_released(self) -> None:
        drop = "DROP TABLE rule"
        assert faults([of(drop, contracts="0030")], "0030") == []
        assert "was not released yet" in faults([of(drop, contracts="0031", number="0032")], "0030")[0]
        assert "takes nothing away" in faults([of("select 1", contracts="0030")], "0030")[0]

    def test_what_takes_long_needs_a_reason(self) -> None:
        assert "sums up everything anew" in faults([of(sums_anew=True)], "0030")[0]
        assert faults([of("CREATE INDEX i ON job (n)", brief="some rows", sums_anew=True)], "0030") == []


def test_the_newest_release_counts() -> None:
    assert migration_check.newest_released("# said\n0.4.0 0019\n0.5.0 0023\n") == "0023"


async def test_migrations_since_the_newest_release_leave_that_version_alive(postgres_database: Database) -> None:
    released = migration_check.newest_released()

    def look(connection: Connection) -> list[Revision]:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, released)
        found = []
        newer = ScriptDirectory.from_config(config).iterate_revisions("head", released)
        for one in reversed(list(newer)):
            statements = _statements_of(connection, config, one.revision)
            said = {name: getattr(one.module, name, None) for name in ("contracts", "brief")}
            anew = bool(getattr(one.module, "sums_anew", False))
            found.append(Revision(one.revision, tuple(statements), sums_anew=anew, **said))
        return found

    async with postgres_database.write() as connection:
        revisions = await connection.run_sync(look)
    assert faults(revisions, released) == []


def _statements_of(connection: Connection, config: Any, revision: str) -> list[str]:
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        command.upgrade(config, revision)
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)
    return statements


class TestIndexes:
    async def test_what_is_missing_or_broken_is_built_beside_everybody(self, postgres_database: Database) -> None:
        async with postgres_database.write() as connection:
            await connection.execute(sa.text("drop index ix_batch_end_time"))
            await connection.execute(
                sa.text("update pg_index set indisvalid = false where indexrelid = 'ix_rule_project'::regclass")
            )
        async with postgres_database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            assert await connection.run_sync(indexes.build_missing) == ["ix_batch_end_time", "ix_rule_project"]
            assert await connection.run_sync(indexes.build_missing) == []

    async def test_a_migration_gives_way_and_tries_again(self, postgres_database: Database) -> None:
        """Somebody holds a table for longer than a migration waits; when it is free, the migration comes to its end."""
        url = postgres_database.url.render_as_string(hide_password=False)
        async with postgres_database.write() as connection:
            await connection.run_sync(_back_by_one)
        gave_way = asyncio.Event()

        def pause(*_: float) -> float:
            gave_way.set()
            return 0.05

        async with postgres_database.engine.connect() as holder:
            await holder.execute(sa.text("lock table alembic_version in share mode"))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("argus_schema.migrate._WAIT_FOR_LOCK_MS", 50)
                patch.setattr("argus_schema.migrate.random.uniform", pause)
                migrating = asyncio.create_task(migrate(url))
                async with asyncio.timeout(30):
                    await gave_way.wait()
                await holder.rollback()
                await migrating
        async with postgres_database.read() as connection:
            found = (await connection.execute(sa.text("select version_num from alembic_version"))).scalar_one()
        assert found == newest_revision()


def _back_by_one(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.downgrade(config, "-1")
