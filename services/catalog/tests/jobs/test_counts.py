"""How many jobs there are: whoever sees everything is counted for without a look at batches, and told the same."""

from datetime import timedelta

import sqlalchemy as sa

from argus_kit.clock import now
from argus_schema import catalog as own
from argus_schema import ingest


async def fill(world):
    """Jobs of every ending, of batches that are there, were deleted, or belong to a demo."""
    at = now()
    await world.person("root", is_admin=True)
    for batch, more in {
        "b1": {},
        "b2": {"deleted_at": at},
        "b3": {"project": "demo"},
        "b4": {"status": "done"},
    }.items():
        await world.batch(batch, **more)
        for status, end in (("done", at), ("failed", at), ("failed", None), ("done", at - timedelta(days=2))):
            await world.job(batch, f"{batch}-{status}-{end}", status=status, end_time=end)
        await world.job(batch, f"{batch}-gone", status="failed", end_time=at, deleted_at=at)
        await world.job(batch, f"{batch}-runs")
    columns = own.project_meta.c
    needed = {name: at for name in ("created_at", "updated_at") if name in columns}
    await world.insert(own.project_meta, project="demo", is_demo=True, **needed)


async def test_an_administrator_counts_what_others_count(world):
    await fill(world)
    told = []
    for who in ("ada", "root"):
        counters = (await world.read("/api/dashboard", who))["counters"]
        pages = [
            await world.read("/api/jobs", who, status=status) for status in ("failed", "FAILED", "done", "running")
        ]
        assert all(page["total"] == len(page["items"]) for page in pages)
        told.append(
            [page["total"] for page in pages] + [counters[f"jobs_{n}"] for n in ("running", "done_24h", "failed_24h")]
        )
    assert told == [[4, 4, 4, 1, 1, 2, 4]] * 2
    async with world.database.write() as connection:
        await connection.execute(sa.update(ingest.batch).values(deleted_at=now()))
    assert (await world.read("/api/jobs", "root", status="failed"))["total"] == 0
