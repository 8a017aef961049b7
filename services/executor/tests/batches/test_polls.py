"""Reporters that ask at once whether to stop: each hears of its own batch, what it may hear, as it is by then."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from argus_kit.testing import add_token
from argus_schema.catalog import batch_share
from argus_schema.ingest import batch

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


def path(batch_id: str) -> str:
    return f"/api/batches/{batch_id}/stop-requested"


async def ask_all(executor: Any, *polls: tuple[str, str]) -> list[Any]:
    return list(await asyncio.gather(*(executor.ask("GET", path(batch_id), who) for batch_id, who in polls)))


async def test_all_that_ask_at_once_hear_what_each_may_hear(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    bob_id, bob = await executor.person("bob")
    _, eve = await executor.person("eve")
    _, root = await executor.person("root", is_admin=True)
    bound = await add_token(executor.database, ada_id, project="vision")
    await executor.batch(ada_id, "asked", stop_requested_at=sa.func.now(), stop_requested_by="ada", status="stopping")
    await executor.batch(ada_id, "lab/1", project="speech")
    await executor.batch(ada_id, "gone", deleted_at=sa.func.now())
    async with executor.database.write() as connection:
        shared = {"batch_id": "asked", "grantee_id": bob_id, "permission": "viewer"}
        needed = {"created_at": sa.func.now(), "created_by": ada_id}
        known = {name: value for name, value in needed.items() if name in batch_share.c}
        await connection.execute(sa.insert(batch_share).values(**shared, **known))
    expected = {
        ("asked", ada): True, ("asked", bob): True, ("asked", eve): None, ("asked", root): True,
        ("asked", bound): True, ("lab/1", ada): False, ("lab/1", bob): None, ("lab/1", bound): None,
        ("lab/1", root): False, ("gone", ada): None, ("gone", root): None, ("none", ada): None,
        ("with%00nul", ada): None,
    }  # fmt: skip
    answers = await ask_all(executor, *expected)
    told = [answer.json()["stop_requested"] if answer.status_code == 200 else None for answer in answers]
    assert dict(zip(expected, told, strict=True)) == expected
    assert {answer.json()["error"]["code"] for answer in answers[7:8]} == {"batch.not_found"}


async def test_a_thousand_that_ask_at_once_share_a_few_statements(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    for number in range(20):
        await executor.batch(ada_id, f"b-{number}")
    statements: list[str] = []
    sa.event.listen(
        executor.database.engine.sync_engine,
        "before_cursor_execute",
        lambda *told: statements.append(told[2]),
    )
    await ask_all(executor, ("b-0", ada))
    statements.clear()
    answers = await ask_all(executor, *((f"b-{number % 20}", ada) for number in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len([statement for statement in statements if "FROM batch" in statement]) < 20


async def test_whoever_asks_after_a_stop_hears_of_it_however_many_ask(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    await executor.batch(ada_id)
    heard: list[tuple[float, bool]] = []
    loop = asyncio.get_running_loop()

    async def poll() -> None:
        for _ in range(20):
            begin = loop.time()
            told = (await executor.ask("GET", path("b-1"), ada)).json()
            heard.append((begin, told["stop_requested"]))

    polls = [asyncio.create_task(poll()) for _ in range(8)]
    await asyncio.sleep(0.02)
    async with executor.database.write() as connection:
        await connection.execute(sa.update(batch).values(stop_requested_at=sa.func.now(), stop_requested_by="ada"))
    stopped_at = loop.time()
    await asyncio.gather(*polls)
    (last,) = await ask_all(executor, ("b-1", ada))
    assert last.json()["stop_requested"] is True
    assert all(is_stopped for begin, is_stopped in heard if begin >= stopped_at)


@ON_SQLITE
async def test_the_short_way_and_the_whole_route_answer_the_same(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    await executor.batch(ada_id, "lab/exp 1/b")
    for batch_id in ("lab/exp 1/b", "none"):
        short = await executor.ask("GET", path(batch_id), ada)
        headers = {"Authorization": f"Bearer {ada}", "Origin": "http://localhost:5173"}
        whole = await executor.client.get(path(batch_id), headers=headers)
        assert (short.status_code, whole.headers["access-control-allow-origin"]) == (
            whole.status_code,
            headers["Origin"],
        )
        told = [json.loads(answer.text) for answer in (short, whole)]
        for answer in told:
            answer.get("error", {}).pop("trace_id", None)
        assert told[0] == told[1]
        assert short.text == whole.text or batch_id == "none"
    assert (await executor.ask("GET", path("lab/exp 1/b"))).status_code == 401
    assert (await executor.ask("POST", path("lab/exp 1/b"), ada)).status_code == 405


@ON_SQLITE
async def test_who_asks_too_often_is_told_to_wait(executor: Any) -> None:
    ada_id, ada = await executor.person("ada")
    bob_id, bob = await executor.person("bob")
    await executor.batch(ada_id)
    await executor.batch(bob_id, "b-2")
    answers = await ask_all(executor, *[("b-1", ada)] * 900, ("b-2", bob))
    codes = [answer.status_code for answer in answers]
    assert codes[-1] == 200
    assert codes.count(429) > 0
    assert codes.count(200) >= 600
    assert next(answer for answer in answers if answer.status_code == 429).headers["Retry-After"]
