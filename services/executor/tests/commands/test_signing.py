"""Signatures of commands: made at the first need by one of many, true to the text, and the private half is nowhere."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from argus_executor.keys.ring import CommandKeys
from argus_kit.database import Database
from argus_kit.secretbox import SecretBox
from argus_schema.executor import command_key, command_secret

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TestKeys:
    async def test_of_many_processes_that_need_one_at_once_one_makes_it(self, database: Database) -> None:
        rings = [CommandKeys(database, lambda: SecretBox("a key for tests only")) for _ in range(5)]
        keys = await asyncio.gather(*(ring.public() for ring in rings))
        assert len({tuple(one) for one in keys}) == 1
        assert len(keys[0]) == 1
        signatures = {ring.sign("text") for ring in rings}
        assert len(signatures) == 1
        (signature,) = signatures
        assert signature is not None
        Ed25519PublicKey.from_public_bytes(raw(keys[0][0].public_key)).verify(raw(signature.value), b"text")

    async def test_another_config_key_signs_nothing_and_forgets_nothing(self, database: Database) -> None:
        (made,) = await CommandKeys(database, lambda: SecretBox("a key for tests only")).public()
        other = CommandKeys(database, lambda: SecretBox("another key for tests"))
        assert await other.public() == [made]
        assert other.sign("text") is None
        assert await CommandKeys(database, lambda: SecretBox("a key for tests only")).load()

    @ON_SQLITE
    async def test_a_renewed_config_key_takes_it_over(self, database: Database) -> None:
        await CommandKeys(database, lambda: SecretBox("the key of last year")).load()
        assert await CommandKeys(database, lambda: SecretBox("the key of this year", "the key of last year")).load()
        assert await CommandKeys(database, lambda: SecretBox("the key of this year")).load()

    async def test_the_private_half_is_nowhere_in_the_database_file(self, sqlite_database: Database) -> None:
        ring = CommandKeys(sqlite_database, lambda: SecretBox("a key for tests only"))
        (public,) = await ring.public()
        assert ring._signer is not None
        private = ring._signer.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        assert sqlite_database.sqlite_path is not None
        folder = sqlite_database.sqlite_path.parent
        stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("argus.db"))
        assert public.public_key.encode() in stored, "this looks where the keys are"
        for form in (private, private.hex().encode(), base64.urlsafe_b64encode(private).rstrip(b"=")):
            assert form not in stored


class TestCommands:
    @pytest.fixture
    async def host(self, executor: Any) -> tuple[int, str, str, str, Ed25519PublicKey]:
        """Ada's id and credential, her agent's id and token, and the key that it pinned."""
        ada_id, ada = await executor.person("ada")
        answer = (await executor.ask("POST", "/api/agents/register", ada, json={"hostname": "gpu-01"})).json()
        (key,) = answer["command_keys"]
        public = Ed25519PublicKey.from_public_bytes(raw(key["public_key"]))
        return ada_id, ada, answer["agent_id"], answer["agent_token"], public

    async def test_what_was_signed_says_all_that_an_agent_acts_on(self, executor: Any, host: Any) -> None:
        ada_id, ada, agent_id, token, public = host
        await executor.batch(ada_id, status="done", env_snapshot={"cwd": "/w\u00e9"})
        await executor.ask("POST", "/api/batches/b-1/rerun", ada, json={"overrides": {"lr": 0.1}})
        (job,) = await executor.poll(agent_id, token)
        public.verify(raw(job["signature"]["value"]), job["signed"].encode())
        said = json.loads(job["signed"])
        assert said == {
            "v": 1,
            "id": job["id"],
            "kind": "rerun",
            "batch_id": job["batch_id"],
            "agent_id": agent_id,
            "payload": job["payload"],
            "created_at": job["created_at"],
            "deadline": job["deadline"],
            "owner_id": ada_id,
            "requested_by_id": ada_id,
        }
        assert job["deadline"] > job["created_at"]
        with pytest.raises(InvalidSignature):
            public.verify(raw(job["signature"]["value"]), job["signed"].replace("train.py", "pwned.py").encode())
        assert await executor.poll(agent_id, token) == [job]

    @ON_SQLITE
    async def test_a_stop_is_signed_too_and_a_rerun_that_waited_for_an_agent(self, executor: Any, host: Any) -> None:
        ada_id, ada, agent_id, token, public = host
        await executor.batch(ada_id)
        await executor.batch(ada_id, "b-2", status="done", host="gpu-02")
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        await executor.ask("POST", "/api/batches/b-2/rerun", ada, json={})
        jobs = await executor.poll(agent_id, token) + await executor.poll(*await executor.agent(ada, "gpu-02"))
        assert [job["kind"] for job in jobs] == ["stop", "rerun"]
        for job in jobs:
            public.verify(raw(job["signature"]["value"]), job["signed"].encode())
        assert len({json.loads(job["signed"])["agent_id"] for job in jobs}) == 2

    @ON_SQLITE
    async def test_a_command_that_somebody_wrote_into_the_database_is_not_signed(
        self, executor: Any, host: Any
    ) -> None:
        ada_id, ada, agent_id, token, _ = host
        await executor.batch(ada_id)
        await executor.ask("POST", "/api/batches/b-1/stop", ada)
        async with executor.database.write() as connection:
            copied = "id, agent_id, batch_id, kind, payload, status, created_at, attempts"
            others = "'forged', agent_id, batch_id, 'rerun', payload, 'pending', created_at, 0"
            await connection.execute(sa.text(f"insert into command ({copied}) select {others} from command"))
        jobs = {job["id"]: job for job in await executor.poll(agent_id, token)}
        assert (jobs["forged"]["signed"], jobs["forged"]["signature"]) == (None, None)

    @ON_SQLITE
    async def test_without_a_readable_key_commands_go_out_unsigned(self, executor: Any, host: Any) -> None:
        ada_id, ada, agent_id, token, _ = host
        async with executor.database.write() as connection:
            await connection.execute(sa.update(command_secret).values(private_key_encrypted=b"gAAAA nothing"))
        executor.platform.get(CommandKeys)._signer = None
        await executor.batch(ada_id)
        assert (await executor.ask("POST", "/api/batches/b-1/stop", ada)).status_code == 200
        (job,) = await executor.poll(agent_id, token)
        assert (job["kind"], job["signed"]) == ("stop", None)
        assert len(await executor.rows(command_key)) == 1
