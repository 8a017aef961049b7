"""The history builds exactly the tables that the modules declare, on both engines."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from argus_kit.database import Database
from argus_schema import metadata, sums
from argus_schema.grants import SERVICES
from argus_schema.migrate import alembic_config, migrate, newest_revision, upgrade
from argus_schema.sums.terms import COUNTS


async def test_migrated_database_has_no_difference_from_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata, "compare_type": False})
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(database: Database, database_url: str) -> None:
    await database.close()
    await migrate(database_url)


async def test_history_can_be_undone_and_done_again(database: Database) -> None:
    def down_and_up(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        upgrade(connection)

    async with database.write() as connection:
        await connection.run_sync(down_and_up)


async def test_sums_are_built_anew_only_when_a_revision_or_a_missing_trigger_asks_for_it(database: Database) -> None:
    """A sum that is wrong on purpose shows whether it was."""

    def wrong(connection: Connection) -> int:
        return connection.exec_driver_sql("select count(*) from holding where project = 'wrong'").scalar_one()

    def again(connection: Connection) -> list[int]:
        numbers = ", ".join("0" for _ in COUNTS)
        connection.exec_driver_sql(
            f"insert into holding (project, owner_id, {', '.join(COUNTS)}) values ('wrong', 0, {numbers})"
        )
        config = alembic_config()
        config.attributes["connection"] = connection
        found = []
        (newest,) = ScriptDirectory.from_config(config).get_revisions("head")
        again_too = getattr(newest.module, "sums_anew", False)
        for act in (
            lambda: None,
            lambda: command.downgrade(config, "-1"),
            lambda: sums.remove(connection),
        ):
            act()
            upgrade(connection)
            found.append(wrong(connection))
        # What the newest revision says of itself decides over going back to before it.
        return [found[0], found[1] or int(again_too), found[2]]

    async with database.write() as connection:
        assert await connection.run_sync(again) == [1, 1, 0]
        assert await connection.run_sync(sums.are_installed)


def test_the_newest_revision_is_the_head_of_the_history() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [newest_revision()]


def test_every_table_says_its_owner_and_readers() -> None:
    for table in metadata.sorted_tables:
        assert table.info["owner"] in SERVICES, table.name
        assert set(table.info["read_by"]) <= {*SERVICES, "*"}, table.name


def test_large_tables_lead_with_batch_key_and_have_no_foreign_key() -> None:
    for name in ("event", "metric_block", "metric_chunk", "metric_column", "log_line", "resource_snapshot", "job"):
        table = metadata.tables[name]
        assert next(iter(table.primary_key.columns)).name == "batch_key", name
        assert not table.foreign_keys, name
