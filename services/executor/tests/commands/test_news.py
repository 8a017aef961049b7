"""What pages of a batch hear of its commands: every change and every step, once, and nothing that is not for pages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import iso, now
from argus_kit.testing import eventually
from argus_schema.ingest import batch


class Ear:
    """Hears what is said on the subjects of batches, as realtime does."""

    def __init__(self) -> None:
        self._said: list[tuple[str, dict[str, Any]]] = []

    async def hear(self, subject: str, data: bytes) -> None:
        bundle = wire.decode(wire.EventBundle, data)
        assert subject == wire.event_subject(bundle.batch_key)
        assert [head.event_type for head in bundle.heads] == ["command"]
        assert bundle.project == "vision"
        self._said.append((bundle.batch_id, msgspec.json.decode(bundle.events[0])["data"]))

    def of(self, batch_id: str) -> list[dict[str, Any]]:
        return [data for of, data in self._said if of == batch_id]

    async def hears(self, batch_id: str, *expected: tuple[str, str | None]) -> None:
        """Wait until this much was said of a batch, and check that it was this."""
        await eventually(lambda: self._many(batch_id, len(expected)))
        assert [(one["status"], one["step"]) for one in self.of(batch_id)] == list(expected)

    async def _many(self, batch_id: str, count: int) -> bool:
        return len(self.of(batch_id)) >= count


@pytest.fixture
async def ear(executor: Any) -> Ear:
    made = Ear()
    await executor.platform.bus.listen(wire.ALL_EVENTS, made.hear)
    return made


class TestNews:
    async def test_each_change_and_step_is_told_on_the_batchs_channel(self, executor: Any, ear: Ear) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id)
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        (job,) = await executor.poll(agent_id, token)
        path = f"/api/agents/{agent_id}/jobs/{job['id']}"
        await executor.ask("POST", f"{path}/ack", token, json={"status": "started", "pid": 7})
        for seq, step in ((1, "sigterm"), (1, "sigterm"), (2, "sigkill"), (3, "ended")):
            told = {"seq": seq, "step": step, "at": iso(now()), "signal": 9 if step == "ended" else None}
            answer = await executor.ask("POST", f"{path}/report", token, json=told)
            assert answer.status_code == 200, answer.text
        await ear.hears(
            "b-1",
            ("pending", "requested"),
            ("delivered", None),
            ("started", None),
            ("started", "sigterm"),
            ("started", "sigkill"),
            ("succeeded", None),
        )
        assert {(one["id"], one["kind"], one["batch_id"]) for one in ear.of("b-1")} == {(job["id"], "stop", "b-1")}

    async def test_a_command_that_no_agent_can_take_is_told_as_well(self, executor: Any, ear: Ear) -> None:
        ada_id, ada = await executor.person("ada")
        await executor.batch(ada_id, status="done")
        new = (await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={})).json()["batch_id"]
        await ear.hears(new, ("pending", "requested"))
        await executor.ask("POST", f"/api/commands/{ear.of(new)[0]['id']}/cancel", ada)
        await ear.hears(new, ("pending", "requested"), ("cancelled", None))
        assert ear.of("b-1") == []

    async def test_of_a_batch_that_is_gone_nothing_is_told(self, executor: Any, ear: Ear) -> None:
        ada_id, ada = await executor.person("ada")
        agent_id, token = await executor.agent(ada)
        await executor.batch(ada_id)
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        async with executor.database.write() as connection:
            await connection.execute(sa.update(batch).where(batch.c.id == "b-1").values(deleted_at=now()))
        assert len(await executor.poll(agent_id, token)) == 1
        # Messages keep their order: with this one, what came before it would have been heard.
        await executor.batch(ada_id, "b-2")
        await executor.ask("POST", "/api/batches/b-2/stop", ada)
        await ear.hears("b-2", ("pending", "requested"))
        await ear.hears("b-1", ("pending", "requested"))
