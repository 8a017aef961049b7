from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.agents.departures import forget
from argus_kit.clock import now
from argus_schema.executor import agent


async def test_agents_of_who_left_end_and_those_of_others_do_not(executor):
    ada, hers = await executor.person("ada")
    _, his = await executor.person("bob")
    for credential in (hers, his):
        await executor.agent(credential)
    departed = wire.PersonDeparted(user_id=ada, email="ada@example.org", runs="keep", at=now())
    for _ in range(2):
        await forget(executor.database, departed)
    async with executor.database.read() as connection:
        rows = await connection.execute(sa.select(agent.c.owner_id, agent.c.revoked_at))
        assert {row.owner_id == ada: row.revoked_at for row in rows} == {True: departed.at, False: None}
