"""What takes long is made for visitors in turn, and never holds up who shows a credential."""

from __future__ import annotations

import asyncio

import pytest

from argus_catalog.access.turns import AT_ONCE, MOST_WAITING, Turns
from argus_catalog.projects import boards
from argus_kit.clock import now
from argus_kit.errors import RateLimited
from argus_schema import catalog as own


class TestTurns:
    async def test_one_of_an_address_and_a_few_of_all_are_made_at_a_time(self):
        turns, running, most = Turns(), [], []

        async def ask(address):
            async with turns.taken(address):
                running.append(address)
                most.append((len(running), running.count(address)))
                for _ in range(5):
                    await asyncio.sleep(0)
                running.remove(address)

        await asyncio.gather(*(ask(f"10.0.0.{n % 4}") for n in range(24)))
        assert max(count for count, _ in most) == AT_ONCE
        assert {of_address for _, of_address in most} == {1}
        assert len(most) == 24

    async def test_whoever_has_too_many_waiting_is_told_to_come_again_and_others_are_not(self):
        turns, gate = Turns(), asyncio.Event()

        async def ask(address):
            async with turns.taken(address):
                await gate.wait()

        asking = [asyncio.create_task(ask("10.0.0.1")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await ask("10.0.0.1")
        asking.append(asyncio.create_task(ask("10.0.0.2")))
        gate.set()
        await asyncio.gather(*asking)
        await ask("10.0.0.1")


@pytest.mark.parametrize("route", ["/api/projects/vision/matrix", "/api/public/projects/vision/matrix"])
async def test_a_visitor_waits_for_a_turn_and_a_person_does_not(live_world, monkeypatch, route):
    await live_world.batch("open", project="vision")
    await live_world.insert(own.project_meta, project="vision", is_public=True, is_demo=False, published_at=now())
    gate, waits, begun, made = asyncio.Event(), asyncio.Event(), [], boards.matrix

    async def slow(connection, actor, *asked):
        begun.append(actor.is_anonymous)
        if actor.is_anonymous:
            waits.set()
            await gate.wait()
        return await made(connection, actor, *asked)

    monkeypatch.setattr(boards, "matrix", slow)
    visits = [asyncio.create_task(live_world.client.get(route)) for _ in range(3)]
    await waits.wait()
    person = await live_world.client.get("/api/projects/vision/matrix", headers=live_world.headers["ada"])
    assert person.status_code == 200
    assert begun == [True, False]
    gate.set()
    assert [visit.status_code for visit in await asyncio.gather(*visits)] == [200, 200, 200]
