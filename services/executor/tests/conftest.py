"""A running executor on a real database and NATS; ingest and auth are small responders on their subjects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from argus_contracts import bus as wire
from argus_executor.app import SERVICE
from argus_executor.commands.debts import Payments
from argus_kit.app import http_app
from argus_kit.bus import Bus
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.testing import (
    Child,
    add_session,
    add_token,
    add_user,
    bearer_headers,
    make_settings,
    nats_child,
    running_client,
)
from argus_schema.auth import api_token
from argus_schema.executor import agent, command, outbox
from argus_schema.ingest import batch

HOST = "gpu-01"


class Neighbours:
    """Stand where ingest and auth answer, on a bus of their own; they do to the tables what those would do."""

    def __init__(self, platform: Platform) -> None:
        self.database = platform.database
        self.moves: list[wire.BatchTransition] = []
        self.creations: list[wire.BatchCreate] = []
        self.minted: list[str] = []
        self.refuse: str | None = None

    async def answer_on(self, bus: Bus) -> None:
        await bus.respond(wire.BATCH_TRANSITION, self.move, queue="ingest")
        await bus.respond(wire.BATCH_CREATE, self.create, queue="ingest")
        await bus.respond(wire.MINT_AGENT_TOKEN, self.mint, queue="auth")

    async def move(self, data: bytes) -> bytes:
        asked = wire.decode(wire.BatchTransition, data)
        self.moves.append(asked)
        if self.refuse:
            return wire.encode(wire.BatchTransitionReply(ok=False, error_code=self.refuse, message="refused"))
        async with self.database.write() as connection:
            known = sa.select(batch.c.status, batch.c.pause_requested_at).where(batch.c.id == asked.batch_id)
            status, pause_asked_at = (await connection.execute(known)).one()
            live = status not in {"stopping", "stopped", "cancelled", "done", "failed"}
            is_paused = status == "paused"
            after = {
                "stop": "stopped" if is_paused else "stopping",
                "running": "running",
                "fail": "paused" if is_paused else "failed",
                "pause": status,
                "resume": status,
                "paused": "paused" if is_paused or pause_asked_at else "failed",
            }[asked.action]
            if not live or (is_paused and asked.action in {"pause", "resume"}):
                is_refused = asked.action in {"pause", "resume"} and not is_paused
                code = "batch.state_conflict" if is_refused else None
                reply = wire.BatchTransitionReply(ok=not is_refused, status=status, error_code=code)
                return wire.encode(reply)
            values: dict[str, Any] = {"status": after}
            if asked.action == "stop":
                values |= {"stop_requested_at": asked.at, "stop_requested_by": asked.actor_name}
            if asked.action in {"pause", "resume", "paused"}:
                values["pause_requested_at"] = asked.at if asked.action == "pause" else None
            await connection.execute(sa.update(batch).where(batch.c.id == asked.batch_id).values(values))
        wished = asked.action == "pause"
        return wire.encode(wire.BatchTransitionReply(ok=True, status=after, changed=True, pause_requested=wished))

    async def create(self, data: bytes) -> bytes:
        asked = wire.decode(wire.BatchCreate, data)
        self.creations.append(asked)
        values = {
            "id": asked.new_batch_id,
            "project": "vision",
            "host": HOST,
            "owner_id": asked.owner_id,
            "name": asked.name,
            "status": "requested",
            "source_batch_id": asked.source_batch_id,
            "overrides_json": asked.overrides_json,
            "rerun_requested_at": asked.at,
            "rerun_requested_by": asked.requested_by,
            "created_at": now(),
        }
        async with self.database.write() as connection:
            insert = sqlite.insert if self.database.is_sqlite else postgresql.insert
            statement = insert(batch).values(values).on_conflict_do_nothing(index_elements=["id"])
            created = (await connection.execute(statement.returning(batch.c.id))).first() is not None
        reply = wire.BatchCreateReply(ok=True, batch_id=asked.new_batch_id, status="requested", created=created)
        return wire.encode(reply)

    async def mint(self, data: bytes) -> bytes:
        asked = wire.decode(wire.MintAgentToken, data)
        async with self.database.write() as connection:
            older = sa.update(api_token).where(api_token.c.agent_id == asked.agent_id)
            await connection.execute(older.values(revoked_at=now()))
        token = await add_token(self.database, asked.owner_id, prefix="ag_live_", agent_id=asked.agent_id)
        self.minted.append(token)
        return wire.encode(wire.MintAgentTokenReply(token=token))


class Executor:
    """A running executor with the words that tests need."""

    def __init__(self, client: httpx.AsyncClient, platform: Platform, neighbours: Neighbours, nats: Child) -> None:
        self.nats = nats
        self.client = client
        self.platform = platform
        self.database = platform.database
        self.neighbours = neighbours

    async def ask(self, method: str, path: str, credential: str | None = None, **more: Any) -> httpx.Response:
        headers = bearer_headers(credential) if credential else {}
        return await self.client.request(method, path, headers=headers, **more)

    async def person(self, name: str, *, is_admin: bool = False) -> tuple[int, str]:
        """Someone with a browser session; id and credential."""
        user_id = await add_user(self.database, name, is_admin=is_admin)
        return user_id, await add_session(self.database, user_id)

    async def batch(self, owner_id: int | None, batch_id: str = "b-1", **values: Any) -> str:
        row = {
            "id": batch_id,
            "project": "vision",
            "owner_id": owner_id,
            "host": HOST,
            "command": "python train.py",
            "status": "running",
            "created_at": now(),
        }
        async with self.database.write() as connection:
            await connection.execute(sa.insert(batch).values(row | values))
        return batch_id

    async def agent(self, credential: str, host: str = HOST) -> tuple[str, str]:
        """Register an agent; its id and token."""
        answer = await self.ask("POST", "/api/agents/register", credential, json={"hostname": host})
        assert answer.status_code == 201, answer.text
        return answer.json()["agent_id"], answer.json()["agent_token"]

    async def poll(self, agent_id: str, token: str) -> list[dict[str, Any]]:
        answer = await self.ask("GET", f"/api/agents/{agent_id}/jobs", token)
        assert answer.status_code == 200, answer.text
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return jobs

    async def pay(self) -> None:
        """Let batches hear what commands owe them."""
        payments = Payments(self.platform)
        await payments.look()
        await payments._lease.release()

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(sa.select(table))).all())

    async def commands(self) -> list[Any]:
        return await self.rows(command)

    async def agents(self) -> list[Any]:
        return await self.rows(agent)

    async def messages(self) -> list[Any]:
        return await self.rows(outbox)

    async def status(self, batch_id: str = "b-1") -> str | None:
        async with self.database.read() as connection:
            return (await connection.execute(sa.select(batch.c.status).where(batch.c.id == batch_id))).scalar_one()


@pytest.fixture
async def executor(database_url: str, tmp_path: Path) -> AsyncIterator[Executor]:
    with nats_child() as nats:
        settings = make_settings(tmp_path, database_url, f"nats://127.0.0.1:{nats.port}")
        platform = Platform(settings)
        async with running_client(http_app(SERVICE, platform)) as client:
            neighbours = Neighbours(platform)
            await neighbours.answer_on(platform.bus)
            yield Executor(client, platform, neighbours, nats)
