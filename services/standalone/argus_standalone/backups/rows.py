"""Copies all rows from one database to the other, and looks whether they arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from argus_standalone.backups.ends import End
from argus_standalone.backups.errors import BackupError
from argus_standalone.backups.values import Tally, add, tables

Tell = Callable[[str], object]
"""Says to a person how far the work is."""


async def copy(source: End, target: End, tell: Tell) -> dict[str, Tally]:
    """Copy every table but the sums; returns what each adds up to."""
    tallies: dict[str, Tally] = {}
    for table in tables():
        tally = tallies[table.name] = Tally()
        async for rows in source.rows(table):
            add(tally, table, rows)
            await target.write(table, rows)
        if tally.rows:
            tell(f"{table.name}: {tally.rows} rows")
    await target.go_on_after(await source.sequences())
    return tallies


async def tallies_of(end: End) -> dict[str, Tally]:
    """What each table adds up to."""
    tallies: dict[str, Tally] = {}
    for table in tables():
        tally = tallies[table.name] = Tally()
        async for rows in end.rows(table):
            add(tally, table, rows)
    return tallies


def require_equal(sent: Mapping[str, Tally], arrived: Mapping[str, Tally]) -> None:
    """Make sure that what arrived is what was sent.

    Raises:
        BackupError: a table differs.
    """
    for name, tally in sent.items():
        if arrived[name] != tally:
            raise BackupError(f"The table {name} did not arrive as it was: {arrived[name]} instead of {tally}.")
