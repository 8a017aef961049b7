"""Settings leave with the last job that had them, and never before."""

import sqlalchemy as sa

from argus_ingest.retention.configurations import remove_unused
from argus_ingest.testing import event
from argus_schema import ingest as tables
from argus_schema.seeds import settings_of


async def kept(ingest):
    return {row.settings_key for row in await ingest.rows(tables.configuration)}


async def test_settings_without_a_job_leave(ingest, monkeypatch):
    monkeypatch.setattr("argus_ingest.retention.configurations._AT_ONCE", 2)
    configs = [{"lr": place, "seed": place} for place in range(5)]
    keys = [settings_of({"config": config}).key for config in configs]
    started = [event("job_start", "b", f"j{place}", config=config) for place, config in enumerate(configs)]
    # Of one seed group with the first.
    await ingest.post(*started, event("job_start", "b", "again", config={"seed": 9, "lr": 0}))
    assert await kept(ingest) == set(keys)
    await remove_unused(ingest.database)
    assert await kept(ingest) == set(keys)
    async with ingest.database.write() as connection:
        gone = tables.job.c.job_id.in_(["j0", "j1", "j2", "j3"])
        await connection.execute(sa.update(tables.job).where(gone).values(settings_key=0))
    await remove_unused(ingest.database)
    assert await kept(ingest) == {keys[0], keys[4]}
    # Who brings them once more finds that they are not there.
    await ingest.post(event("job_start", "b", "new", config=configs[2]))
    assert await kept(ingest) == {keys[0], keys[2], keys[4]}
