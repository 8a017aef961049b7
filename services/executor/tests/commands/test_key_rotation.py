"""The next key is announced, takes over after a day, and no agent has to register again; a stolen one ends at once."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from argus_executor.keys.ring import CommandKeys
from argus_executor.keys.rotation import ANNOUNCED, KEEP_SECRET
from argus_executor.keys.statement import GRACE, KeyStatements
from argus_executor.keys.upkeep import KeyUpkeep
from argus_kit.clock import frozen, now
from argus_schema.executor import command_key, command_secret

ROTATE = "/api/agents/command-keys/rotate"
KEYS = "/api/agents/command-keys"


class PinningAgent:
    """An agent that believes only what the keys that it knows have signed."""

    def __init__(self, executor: Any, answer: dict[str, Any]) -> None:
        self._executor = executor
        self._id, self._token = answer["agent_id"], answer["agent_token"]
        self.keys = {key["key_id"]: key["public_key"] for key in answer["command_keys"]}
        self.serial: int = answer["command_keys_serial"]

    async def poll(self) -> list[dict[str, Any]]:
        """What waits, after the new keys that came with it."""
        self._executor.platform.get(KeyStatements)._kept_at = float("-inf")
        path = f"/api/agents/{self._id}/jobs?known_keys={self.serial}"
        answer = (await self._executor.ask("GET", path, self._token)).json()
        if answer["command_keys"] is not None:
            self._learn(answer["command_keys"])
        jobs: list[dict[str, Any]] = answer["jobs"]
        for job in jobs:
            self.verify(job["signature"]["key_id"], job["signature"]["value"], job["signed"])
        return jobs

    def verify(self, key_id: str, value: str, text: str) -> None:
        Ed25519PublicKey.from_public_bytes(_raw(self.keys[key_id])).verify(_raw(value), text.encode())

    def _learn(self, told: dict[str, Any]) -> None:
        known = [one for one in told["signatures"] if one["key_id"] in self.keys]
        assert known, "nobody that it knows has signed the new keys"
        self.verify(known[0]["key_id"], known[0]["value"], told["signed"])
        said = json.loads(told["signed"])
        assert (said["kind"], said["serial"]) == ("command_keys", told["serial"])
        assert said["serial"] > self.serial
        self.serial = said["serial"]
        self.keys = {key["key_id"]: key["public_key"] for key in said["keys"]}


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
async def admin(executor: Any) -> tuple[int, str]:
    """Id and credential of an administrator."""
    found: tuple[int, str] = await executor.person("root", is_admin=True)
    return found


@pytest.fixture
def look(executor: Any) -> Any:
    """One round of the worker, so long from now."""

    async def look(after: timedelta) -> None:
        with frozen(now() + after):
            upkeep = KeyUpkeep(executor.platform)
            await upkeep.look()
            await upkeep.stop()

    return look


async def pinning(executor: Any, credential: str) -> PinningAgent:
    answer = await executor.ask("POST", "/api/agents/register", credential, json={"hostname": "gpu-01"})
    return PinningAgent(executor, answer.json())


async def states(executor: Any, admin: tuple[int, str]) -> list[str]:
    return [key["state"] for key in (await executor.ask("GET", KEYS, admin[1])).json()["keys"]]


async def test_nobody_registers_again(executor: Any, admin: Any, look: Any) -> None:
    agent = await pinning(executor, admin[1])
    (first,) = agent.keys
    assert await agent.poll() == []
    assert list(agent.keys) == [first]
    answer = await executor.ask("POST", ROTATE, admin[1])
    assert [key["state"] for key in answer.json()["keys"]] == ["signs", "next"]
    await agent.poll()
    assert len(agent.keys) == 2
    await look(ANNOUNCED - timedelta(minutes=1))
    assert await states(executor, admin) == ["signs", "next"]
    await executor.batch(admin[0])
    await executor.ask("POST", "/api/batches/b-1/stop", admin[1])
    (job,) = await agent.poll()
    assert job["signature"]["key_id"] == first

    await look(ANNOUNCED + timedelta(minutes=1))
    assert await states(executor, admin) == ["retired", "signs"]
    # What waited is signed again, and what comes is signed by the new one.
    (job,) = await agent.poll()
    assert job["signature"]["key_id"] != first
    await executor.batch(admin[0], "b-2", status="done")
    await executor.ask("POST", "/api/batches/b-2/rerun", admin[1], json={})
    assert {one["signature"]["key_id"] for one in await agent.poll()} == {job["signature"]["key_id"]}
    with frozen(now() + ANNOUNCED + GRACE * 2):
        await agent.poll()
    assert first not in agent.keys
    assert len(agent.keys) == 1


async def test_one_that_was_away_for_months_goes_on_where_it_was(executor: Any, admin: Any, look: Any) -> None:
    agent = await pinning(executor, admin[1])
    for _ in range(3):
        await executor.ask("POST", ROTATE, admin[1])
        await look(ANNOUNCED * 2)
    assert await states(executor, admin) == ["retired"] * 3 + ["signs"]
    with frozen(now() + timedelta(days=100)):
        assert await agent.poll() == []
    assert len(agent.keys) == 1
    await executor.batch(admin[0])
    await executor.ask("POST", "/api/batches/b-1/stop", admin[1])
    assert len(await agent.poll()) == 1


async def test_a_second_rotation_waits_for_the_first(executor: Any, admin: Any) -> None:
    await pinning(executor, admin[1])
    first = (await executor.ask("POST", ROTATE, admin[1])).json()
    assert (await executor.ask("POST", ROTATE, admin[1])).json() == first
    assert len(first["keys"]) == 2


async def test_a_key_may_take_over_at_once_and_what_waits_is_signed_again(executor: Any, admin: Any) -> None:
    agent = await pinning(executor, admin[1])
    (first,) = agent.keys
    await executor.batch(admin[0])
    await executor.ask("POST", "/api/batches/b-1/stop", admin[1])
    answer = await executor.ask("POST", ROTATE, admin[1], json={"is_immediate": True})
    assert [key["state"] for key in answer.json()["keys"]] == ["retired", "signs"]
    (job,) = await agent.poll()
    assert job["signature"]["key_id"] == answer.json()["keys"][1]["key_id"] != first


async def test_one_that_was_announced_takes_over_when_it_is_asked_to(executor: Any, admin: Any) -> None:
    await pinning(executor, admin[1])
    announced = (await executor.ask("POST", ROTATE, admin[1])).json()["keys"][1]
    answer = (await executor.ask("POST", ROTATE, admin[1], json={"is_immediate": True})).json()
    assert [key["state"] for key in answer["keys"]] == ["retired", "signs"]
    assert answer["keys"][1]["key_id"] == announced["key_id"]


async def test_agents_that_do_not_know_the_newest_keys_are_named(executor: Any, admin: Any) -> None:
    agent = await pinning(executor, admin[1])
    silent, token = await executor.agent(admin[1], host="gpu-09")
    await executor.ask("GET", f"/api/agents/{silent}/jobs", token)

    async def behind() -> tuple[int, dict[str, str]]:
        answer = (await executor.ask("GET", KEYS, admin[1])).json()
        assert answer["n_agents"] == 2
        return answer["n_behind"], {one["hostname"]: one["knows"] for one in answer["behind"]}

    assert await behind() == (2, {"gpu-01": "unknown", "gpu-09": "unknown"})
    await agent.poll()
    assert await behind() == (1, {"gpu-09": "unknown"})
    await executor.ask("POST", ROTATE, admin[1])
    assert await behind() == (2, {"gpu-01": "older", "gpu-09": "unknown"})
    # It hears of them at one poll, and says so at the next.
    await agent.poll()
    await agent.poll()
    assert await behind() == (1, {"gpu-09": "unknown"})


async def test_a_stolen_key_ends_at_once_and_tells_nobody_of_the_next(executor: Any, admin: Any) -> None:
    agent = await pinning(executor, admin[1])
    answer = await executor.ask("POST", ROTATE, admin[1], json={"is_stolen": True})
    assert [key["state"] for key in answer.json()["keys"]] == ["retired", "signs"]
    with pytest.raises(AssertionError, match="nobody that it knows"):
        await agent.poll()
    again = await pinning(executor, admin[1])
    assert set(again.keys).isdisjoint(agent.keys)
    await executor.batch(admin[0])
    await executor.ask("POST", "/api/batches/b-1/stop", admin[1])
    assert len(await again.poll()) == 1
    assert len(await executor.rows(command_secret)) == 1


async def test_private_halves_of_old_keys_are_destroyed(executor: Any, admin: Any, look: Any) -> None:
    await pinning(executor, admin[1])
    await executor.ask("POST", ROTATE, admin[1])
    await look(ANNOUNCED * 2)
    assert len(await executor.rows(command_secret)) == 2
    await look(ANNOUNCED * 2 + KEEP_SECRET + timedelta(days=1))
    assert len(await executor.rows(command_secret)) == 1
    assert len(await executor.rows(command_key)) == 2


async def test_the_number_of_the_statement_only_grows(executor: Any, admin: Any, look: Any) -> None:
    await pinning(executor, admin[1])
    seen = []

    async def note(after: timedelta) -> None:
        with frozen(now() + after):
            statement = await executor.platform.get(KeyStatements).current()
        seen.append((statement.serial, [key["key_id"] for key in json.loads(statement.signed)["keys"]]))

    await note(timedelta())
    await executor.ask("POST", ROTATE, admin[1])
    await note(timedelta())
    await look(ANNOUNCED * 2)
    await note(ANNOUNCED * 2)
    await note(ANNOUNCED * 2 + GRACE * 2)
    assert [serial for serial, _ in seen] == sorted(serial for serial, _ in seen)
    # The same number never means another list.
    assert len({serial for serial, _ in seen}) == len(seen) == 4
    assert [len(keys) for _, keys in seen] == [1, 2, 2, 1]


async def test_who_does_not_ask_is_told_nothing_and_others_may_not_rotate(executor: Any, admin: Any) -> None:
    _, ada = await executor.person("ada")
    agent_id, token = await executor.agent(ada)
    await executor.ask("POST", ROTATE, admin[1])
    answer = (await executor.ask("GET", f"/api/agents/{agent_id}/jobs", token)).json()
    assert answer == {"jobs": [], "command_keys": None}
    assert (await executor.ask("POST", ROTATE, ada)).status_code == 403
    assert (await executor.ask("GET", KEYS, ada)).status_code == 403


async def test_a_statement_is_no_command_and_an_altered_one_is_nothing(executor: Any, admin: Any) -> None:
    agent = await pinning(executor, admin[1])
    statement = await executor.platform.get(KeyStatements).current()
    (signature,) = statement.signatures
    agent.verify(signature.key_id, signature.value, statement.signed)
    with pytest.raises(InvalidSignature):
        agent.verify(signature.key_id, signature.value, statement.signed.replace('"serial":1', '"serial":9'))
    assert "agent_id" not in json.loads(statement.signed)


async def test_every_replica_signs_with_the_key_of_the_hour(executor: Any, admin: Any, look: Any) -> None:
    await pinning(executor, admin[1])
    other = CommandKeys(executor.database, lambda: executor.platform.secret_box)
    await other.load()
    await executor.ask("POST", ROTATE, admin[1])
    await look(ANNOUNCED * 2)
    assert await other.load()
    signature = other.sign("text")
    assert signature is not None
    async with executor.database.read() as connection:
        alive = sa.select(command_key.c.kid).where(command_key.c.retired_at.is_(None))
        assert signature.key_id == (await connection.execute(alive)).scalar_one()
