"""What tests of ingest stand on: events as a reporter sends them, and a running ingest with a look into its tables."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import sqlalchemy as sa

from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.testing import add_token, add_user, bearer_headers
from argus_schema import ingest as tables

AT = "2026-11-23T14:44:22Z"


def event(kind: str, batch: str = "bench-1", job: str | None = None, at: str = AT, **data: Any) -> dict[str, Any]:
    """A full envelope with a fresh id; keywords become its data."""
    source = {"project": "vision", "host": "gpu-01", "user": "ada", "commit": "1a2b3c4", "command": "python train.py"}
    return {
        "schema_version": "1.1",
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "timestamp": at,
        "batch_id": batch,
        "job_id": job,
        "source": source,
        "data": data,
    }


class Ingest:
    """A running ingest and one person's token."""

    def __init__(self, client: httpx.AsyncClient, platform: Platform, token: str, user_id: int) -> None:
        """`client` speaks to the app of `platform`; `token` belongs to `user_id`."""
        self.client = client
        self.platform = platform
        self.database: Database = platform.database
        self.token = token
        self.user_id = user_id

    async def post(self, *events: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        """A batch request that is answered with 200."""
        answer = await self.client.post(
            "/api/events/batch", json={"events": list(events)}, headers=bearer_headers(token or self.token)
        )
        if answer.status_code != 200:
            raise AssertionError(answer.text)
        found: dict[str, Any] = answer.json()
        return found

    async def accept(self, *events: dict[str, Any], token: str | None = None) -> list[int]:
        """Like `post`, where every event must be stored."""
        found = await self.post(*events, token=token)
        if found["rejected"]:
            raise AssertionError(found)
        return [result["db_id"] for result in found["results"]]

    async def one(self, body: Any, token: str | None = None) -> httpx.Response:
        """Post a single event, whatever it is."""
        return await self.client.post("/api/events", json=body, headers=bearer_headers(token or self.token))

    async def person(self, name: str, *, is_admin: bool = False) -> tuple[int, str]:
        """Another person; id and token."""
        user_id = await add_user(self.database, name, is_admin=is_admin)
        return user_id, await add_token(self.database, user_id)

    async def rows(self, table: sa.Table, **where: Any) -> list[Any]:
        """Rows of a table in the order of its key."""
        query = sa.select(table).order_by(*table.primary_key.columns)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        async with self.database.read() as connection:
            return list((await connection.execute(query)).all())

    async def batch(self, batch_id: str = "bench-1") -> Any:
        """The row of a batch."""
        (row,) = await self.rows(tables.batch, id=batch_id)
        return row

    async def job(self, job_id: str, batch_id: str = "bench-1") -> Any:
        """The row of a job."""
        key = (await self.batch(batch_id)).batch_key
        (row,) = await self.rows(tables.job, batch_key=key, job_id=job_id)
        return row
