"""When a look at the database is spared."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import sqlalchemy as sa

from argus_kit.clock import frozen, now
from argus_kit.database import Database
from argus_kit.lull import Lull


async def test_it_lasts_until_something_is_written_or_due(sqlite_database: Database) -> None:
    lull = Lull(sqlite_database)
    assert not lull.lasts
    lull.begin(sqlite_database.writes, None)
    assert lull.lasts
    async with sqlite_database.read() as connection:
        await connection.execute(sa.text("select 1"))
    assert lull.lasts
    async with sqlite_database.write() as connection:
        await connection.execute(sa.text("create table noted (n integer)"))
    assert not lull.lasts

    begin = now()
    with frozen(begin):
        lull.begin(sqlite_database.writes, begin + timedelta(seconds=2))
    for seconds, lasts in ((0, True), (1.9, True), (2.1, False)):
        with frozen(begin + timedelta(seconds=seconds)):
            assert lull.lasts is lasts


async def test_a_write_in_the_writers_thread_ends_it(sqlite_database: Database) -> None:
    lull = Lull(sqlite_database)
    lull.begin(sqlite_database.writes, None)

    def nothing(_: sqlite3.Connection) -> None:
        return None

    await sqlite_database.write_in_thread(nothing)
    assert not lull.lasts


async def test_what_was_written_during_the_look_ends_it(sqlite_database: Database) -> None:
    lull = Lull(sqlite_database)
    writes = sqlite_database.writes
    async with sqlite_database.write() as connection:
        await connection.execute(sa.text("create table noted (n integer)"))
    lull.begin(writes, None)
    assert not lull.lasts


async def test_a_command_line_is_seen_after_a_while(sqlite_database: Database) -> None:
    lull = Lull(sqlite_database)
    begin = now()
    with frozen(begin):
        lull.begin(sqlite_database.writes, None)
    with frozen(begin + timedelta(seconds=21)):
        assert not lull.lasts


async def test_on_postgresql_others_write(postgres_database: Database) -> None:
    lull = Lull(postgres_database)
    lull.begin(postgres_database.writes, None)
    assert not lull.lasts
