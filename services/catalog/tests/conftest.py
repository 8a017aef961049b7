"""A small world in the tables: people, batches with jobs, curves, logs and snapshots, written as ingest writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from argus_catalog.app import SERVICE
from argus_contracts.curves.packing import pack_axis, pack_column, pack_rollup, pack_stats
from argus_contracts.curves.rollups import roll, stats
from argus_contracts.curves.rows import Column, Curve
from argus_contracts.points import EPOCHS, pack
from argus_kit.app import http_app
from argus_kit.clock import now
from argus_kit.testing import add_session, add_token, add_user, bearer_headers, running_client
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.seeds import settings_of

T0 = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """Writes rows, and asks the API."""

    database: object
    client: httpx.AsyncClient
    people: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    async def person(self, name, *, is_admin=False):
        user_id = await add_user(self.database, name, is_admin=is_admin)
        self.people[name] = user_id
        self.headers[name] = bearer_headers(await add_session(self.database, user_id))
        return user_id

    async def token(self, name, prefix="em_live_"):
        token = await add_token(self.database, self.people[name], prefix=prefix)
        return bearer_headers(token)

    async def insert(self, table, **values):
        async with self.database.write() as connection:
            await connection.execute(sa.insert(table).values(values))

    async def batch(self, batch_id, owner="ada", **more):
        at = now()
        values = {
            "id": batch_id,
            "project": "vision",
            "user": "root",
            "host": "gpu-1",
            "status": "running",
            "owner_id": self.people.get(owner),
            "n_total": 4,
            "start_time": at - timedelta(hours=1),
            "last_event_at": at,
            "created_at": at,
        } | more
        async with self.database.write() as connection:
            statement = sa.insert(ingest.batch).values(values).returning(ingest.batch.c.batch_key)
            self.keys[batch_id] = (await connection.execute(statement)).scalar_one()
        return self.keys[batch_id]

    def next_id(self, batch_id):
        self.ids[batch_id] = self.ids.get(batch_id, 0) + 1
        return self.ids[batch_id]

    async def job(self, batch_id, job_id, **more):
        no = self.next_id(f"jobs of {batch_id}")
        values = {
            "batch_key": self.keys[batch_id],
            "job_no": no,
            "job_id": job_id,
            "model": "resnet",
            "dataset": "cifar",
            "status": "running",
            "start_time": now() - timedelta(minutes=30),
        } | more
        settings = settings_of(values.get("extra"))
        if settings.body is not None:
            await self._keep(settings)
        await self.insert(ingest.job, **{"settings_key": settings.key} | values)
        if values.get("deleted_at") is None:
            await self._sum_up(batch_id, values.get("elapsed_s") or 0)
        return no

    async def _keep(self, settings):
        kept = ingest.configuration
        async with self.database.write() as connection:
            await connection.execute(sa.delete(kept).where(kept.c.settings_key == settings.key))
            await connection.execute(sa.insert(kept).values(settings_key=settings.key, body=settings.body))

    async def _sum_up(self, batch_id, elapsed_s):
        column = ingest.batch.c
        more = {"n_jobs": column.n_jobs + 1, "elapsed_s": column.elapsed_s + elapsed_s}
        async with self.database.write() as connection:
            await connection.execute(
                sa.update(ingest.batch).where(column.batch_key == self.keys[batch_id]).values(more)
            )

    async def points(self, batch_id, job_no, steps, *, begin=T0, step_s=60.0, **columns):
        times = [begin.timestamp() + step_s * i for i in range(len(steps))]
        await self.insert(
            ingest.metric_block,
            batch_key=self.keys[batch_id],
            job_no=job_no,
            id=self.next_id(batch_id),
            n_points=len(steps),
            first_step=min(steps),
            last_step=max(steps),
            names=list(columns),
            payload=pack(steps, times, list(columns.values())),
        )

    async def merged(self, batch_id, job_no, name, values, *, kind=EPOCHS, size=1000):
        """A curve in chunks, one value a step, as ingest merges it."""
        begin_at = T0.timestamp()
        key = self.keys[batch_id]
        for begin, end in pairwise([*range(0, len(values), size), len(values)]):
            curve = Curve(
                np.arange(begin, end), begin_at + np.arange(begin, end) * 1.0, np.array(values[begin:end], float)
            )
            own = {"batch_key": key, "job_no": job_no, "kind": kind, "first_step": begin}
            await self.insert(
                ingest.metric_chunk,
                **own,
                last_step=end - 1,
                n_rows=end - begin,
                first_at=curve.times[0],
                last_at=curve.times[-1],
                cuts=[],
                payload=pack_axis(curve.steps, curve.times),
            )
            await self.insert(
                ingest.metric_column,
                **own,
                name=name,
                n_points=end - begin,
                stats=pack_stats(stats(curve)),
                rollup=pack_rollup(roll(curve)),
                payload=pack_column(Column(np.arange(end - begin), curve.values), end - begin),
            )

    async def log(self, batch_id, line, *, job_id=None, level="info", at=None):
        await self.insert(
            ingest.log_line,
            batch_key=self.keys[batch_id],
            id=self.next_id(batch_id),
            job_id=job_id,
            at=at or now(),
            level=level,
            line=line,
            event_id=f"event-{batch_id}-{self.ids[batch_id]}",
        )

    async def snapshot(self, batch_id, host="gpu-1", *, at=None, extra=None, gpus=None, **measures):
        at = at or now()
        key = self.keys[batch_id]
        await self.insert(
            ingest.resource_snapshot,
            batch_key=key,
            id=self.next_id(batch_id),
            host=host,
            at=at,
            extra=extra,
            gpus=gpus,
            **measures,
        )
        latest = {**measures, **(extra or {}), **({"gpus": gpus} if gpus else {})}
        hosts, seen = ingest.host, ingest.host_batch
        async with self.database.write() as connection:
            await connection.execute(
                sa.delete(seen).where(seen.c.host == host, seen.c.batch_key == key),
            )
            await connection.execute(
                sa.insert(seen).values(host=host, batch_key=key, first_seen=at, last_seen=at, latest=latest)
            )
            await connection.execute(sa.delete(hosts).where(hosts.c.host == host))
            await connection.execute(sa.insert(hosts).values(host=host, first_seen=at, last_seen=at))

    async def share(self, batch_id, grantee, permission="viewer"):
        await self.insert(
            own.batch_share,
            batch_id=batch_id,
            grantee_id=self.people[grantee],
            permission=permission,
            created_at=now(),
        )

    async def get(self, path, who="ada", **params):
        headers = self.headers[who] if isinstance(who, str) else (who or {})
        return await self.client.get(path, headers=headers, params=params or None)  # {} would drop those of the path

    async def read(self, path, who="ada", **params):
        answer = await self.get(path, who, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def world(platform):
    """Ada's empty world: the catalog's app on a fresh database, on each engine."""
    # Reading needs no bus and no loops: the lifespan is not run, which is most of a test's time.
    transport = httpx.ASGITransport(app=http_app(SERVICE, platform), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        found = World(platform.database, client)
        await found.person("ada")
        yield found


@pytest.fixture
async def live_world(platform):
    """The same with the app's lifespan and the bus."""
    async with running_client(http_app(SERVICE, platform)) as client:
        found = World(platform.database, client)
        await found.person("ada")
        yield found


@pytest.fixture
def statements(platform):
    """SQL texts in the order of their execution, to count them."""
    seen = []
    engine = platform.database.engine.sync_engine

    @sa.event.listens_for(engine, "before_cursor_execute")
    def on_execute(connection, cursor, statement, *more):
        seen.append(statement)

    return seen
