"""Rules on a real database: people, jobs that change, and what is said."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_notifier.alerts.reader import Alerts
from argus_notifier.rules.hearing import rules_of
from argus_notifier.rules.reader import RuleReader
from argus_notifier.rules.timer import RuleTimer
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import ingest
from argus_schema import notifier as tables

SETTINGS = {"smtp_host": "127.0.0.1", "smtp_use_tls": False}


class Lab:
    """A house with rules."""

    def __init__(self, house, wires):
        self.house = house
        self.wires = wires
        self.settings = NotifierSettings(**SETTINGS)
        platform = house.platform
        self.rules = rules_of(platform)
        self.reader = RuleReader(platform, self.settings, self.rules)
        self.alerts = Alerts(platform, self.settings)
        self.timer = RuleTimer(platform, self.settings, self.rules)

    async def rule(self, person, base="/api/me", **fields):
        body = {"name": "good", "watches": "metrics", "condition": "latest.val_acc > 0.9", **fields}
        answer = await self.house.send("POST", person, f"{base}/rules", body)
        assert answer.status_code == 201, answer.text
        self.rules.forget()
        return answer.json()

    async def batch(self, owner, project="proj", **more):
        made = await self.house.batch(owner.id, project)
        values = {"status": "running", "start_time": now(), "last_event_at": now(), **more}
        async with self.house.database.write() as connection:
            is_it = ingest.batch.c.batch_key == made.key
            await connection.execute(sa.update(ingest.batch).where(is_it).values(**values))
        return made

    async def change(self, batch, job_id="j1", event="job_epoch", **values):
        """Have a job change as ingest does, and its event pass."""
        await self.set(batch, job_id, **values)
        await self.pass_by(batch, (event, job_id, {}))

    async def set(self, batch, job_id="j1", **values):
        j = ingest.job.c
        async with self.house.database.write() as connection:
            is_it = sa.and_(j.batch_key == batch.key, j.job_id == job_id)
            found = await connection.execute(sa.update(ingest.job).where(is_it).values(job_id=job_id, **values))
            if not found.rowcount:
                count = sa.select(sa.func.count()).select_from(ingest.job).where(j.batch_key == batch.key)
                number = (await connection.execute(count)).scalar_one()
                row = {"batch_key": batch.key, "job_no": number, "job_id": job_id, "status": "running"}
                await connection.execute(sa.insert(ingest.job).values({**row, "start_time": now(), **values}))

    async def pass_by(self, batch, *events):
        packed = self.wires.message(wire.event_subject(batch.key), self.wires.bundle(batch, *events))
        await give([self.reader, self.alerts], [packed])
        return packed

    async def said(self, **where):
        rows = await self.house.rows(tables.notification)
        return [SimpleNamespace(**row._mapping) for row in rows if row.rule_id == "rule"]

    async def mails(self):
        return [row for row in await self.house.rows(tables.delivery) if row.event_type == "rule"]


@pytest.fixture
def lab(house, wires):
    """See Lab."""
    return Lab(house, wires)
