"""deploy/citus/distribute.sql against the schema: a table can be spread by a column when all its unique keys hold that
column, no foreign key leads into or out of it, and no trigger is on it.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from argus_kit.database import Database
from argus_schema import metadata

SQL = (Path(__file__).parents[3] / "deploy" / "citus" / "distribute.sql").read_text()
SPREAD = re.findall(r"create_distributed_table\('(\w+)', '(\w+)'", SQL)
TABLES = [name for name, _ in SPREAD]
# Rows per job, batch or host and not per event; of `job`, `batch` and `score` also because triggers write them.
STAYS = {"batch", "job", "score", "host_batch"}

_KEYS = """
select t.relname, i.relname as index,
       array(select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum = any(x.indkey)) as columns
from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
where x.indisunique and t.relname = any(:tables)
"""
_FOREIGN = "select conname from pg_constraint where contype = 'f' and (conrelid::regclass::text = any(:tables) or "
_FOREIGN += "confrelid::regclass::text = any(:tables))"
_TRIGGERS = "select tgname from pg_trigger where not tgisinternal and tgrelid::regclass::text = any(:tables)"


def test_everything_is_spread_by_its_batch() -> None:
    assert {column for _, column in SPREAD} == {"batch_key"}
    assert len(TABLES) == len(set(TABLES))


def test_every_table_of_rows_of_batches_is_spread_or_stays_for_a_reason() -> None:
    keyed = {
        table.name
        for table in metadata.sorted_tables
        if table.info["owner"] == "ingest" and "batch_key" in table.primary_key.columns
    }
    assert keyed == set(TABLES) | STAYS


async def test_unique_keys_begin_or_go_with_the_batch(postgres_database: Database) -> None:
    async with postgres_database.read() as connection:
        rows = (await connection.execute(sa.text(_KEYS), {"tables": TABLES})).all()
    assert {row.relname for row in rows} == set(TABLES)
    assert [row.index for row in rows if "batch_key" not in row.columns] == []


async def test_nothing_ties_them_to_what_stays(postgres_database: Database) -> None:
    async with postgres_database.read() as connection:
        for query in (_FOREIGN, _TRIGGERS):
            assert (await connection.execute(sa.text(query), {"tables": TABLES})).all() == []


async def test_what_stays_has_the_triggers(postgres_database: Database) -> None:
    async with postgres_database.read() as connection:
        rows = await connection.execute(sa.text(_TRIGGERS), {"tables": ["batch", "job"]})
        assert rows.all() != []
