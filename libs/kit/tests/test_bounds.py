"""Tokens that are tied to networks or to a project: decided where credentials are checked, told without a flood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit import refusals
from argus_kit.actor import Actor, must_reach
from argus_kit.bus import Bus, Message
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.identity import Identity
from argus_kit.policy import RULES, Permission, require
from argus_kit.testing import add_token, add_user, eventually


def actor(*networks: str, project: str | None = None, scope: Any = "reporter") -> Actor:
    bound = tuple(map(ip_network, networks)) if networks else None
    return Actor(1, "ada", is_admin=False, kind="token", scope=scope, token_id=7, project=project, networks=bound)


class TestWhereFrom:
    @pytest.mark.parametrize(
        ("networks", "address", "may"),
        [
            ((), None, True),
            ((), "10.0.0.1", True),
            (("10.0.0.0/8",), "10.255.0.1", True),
            (("10.0.0.0/8",), "11.0.0.1", False),
            (("10.0.0.0/8",), "::ffff:10.0.0.1", True),
            (("10.0.0.0/8",), "::ffff:11.0.0.1", False),
            (("10.0.0.1/32", "2001:db8::/32"), "2001:db8::9", True),
            (("2001:db8::/32",), "2001:db9::9", False),
            (("fe80::/10",), "fe80::1%eth0", True),
            (("0.0.0.0/0",), "2001:db8::9", False),
            (("10.0.0.0/8",), None, False),
            (("10.0.0.0/8",), "", False),
            (("10.0.0.0/8",), "unknown", False),
            (("10.0.0.0/8",), "10.0.0.1, 11.0.0.1", False),
        ],
    )
    def test_an_address_that_is_not_known_is_in_no_network(
        self, networks: tuple[str, ...], address: str | None, may: bool
    ) -> None:
        assert actor(*networks).may_come_from(address) is may

    async def test_identity_asks_it_of_new_and_of_remembered_tokens(self, database: Database) -> None:
        identity = Identity(database, Bus("nats://127.0.0.1:1"))
        token = await add_token(database, await add_user(database), networks=["10.0.0.0/8", "2001:db8::/32"])
        for _ in range(2):
            for address in ("11.0.0.1", None):
                with pytest.raises(ArgusError) as caught:
                    await identity.resolve(token, address)
                assert (caught.value.status, caught.value.code) == (403, ErrorCode.AUTH_NETWORK_REFUSED)
            for address in ("10.0.0.1", "2001:db8::1"):
                assert (await identity.resolve(token, address)).username == "ada"


class TestProject:
    async def test_an_administrators_token_for_a_project_is_no_administrators(self, database: Database) -> None:
        identity = Identity(database, Bus("nats://127.0.0.1:1"))
        admin = await add_user(database, is_admin=True)
        assert (await identity.resolve(await add_token(database, admin))).is_admin
        found = await identity.resolve(await add_token(database, admin, project="vision"))
        assert (found.is_admin, found.project) == (False, "vision")

    def test_it_reaches_its_project_and_nothing_that_belongs_to_none(self) -> None:
        free, tied = actor(), actor(project="vision")
        assert [free.reaches(project) for project in ("vision", "nlp", None)] == [True, True, True]
        assert [tied.reaches(project) for project in ("vision", "nlp", None)] == [True, False, False]
        must_reach(tied, "vision")
        with pytest.raises(ArgusError, match="for the project vision only") as caught:
            must_reach(tied, "nlp")
        assert caught.value.code == ErrorCode.AUTH_PROJECT_TOKEN

    @pytest.mark.parametrize("permission", [one for one in Permission if RULES[one].beyond])
    def test_it_has_no_permission_that_reaches_beyond(self, permission: Permission) -> None:
        (scope, *_) = RULES[permission].credentials & {"reporter", "viewer"}
        require(actor(scope=scope), permission)
        with pytest.raises(ArgusError) as caught:
            require(actor(scope=scope, project="vision"), permission)
        assert caught.value.code == ErrorCode.AUTH_PROJECT_TOKEN


class TestRefusals:
    @pytest.fixture
    async def bus(self, nats_url: str) -> AsyncIterator[Bus]:
        opened = Bus(nats_url)
        await opened.start()
        await opened.wait_until_ready(15)
        yield opened
        await opened.stop()

    async def test_one_line_at_once_and_then_one_with_how_many_more(
        self, bus: Bus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refusals, "_LOOK_EVERY_S", 0.05)
        heard: list[wire.AuditEntry] = []

        async def keep(message: Message) -> None:
            heard.append(wire.decode(wire.AuditEntry, message.data))

        await bus.consume(wire.WORK_STREAM, "test-refusals", [wire.ALL_AUDIT], keep)
        part = refusals.Refusals(bus)
        await part.start()
        part.note(actor("10.0.0.0/8"), "11.0.0.1")

        async def lines() -> list[wire.AuditEntry]:
            return heard

        (first,) = await eventually(lines)
        assert (first.action, first.target_type, first.target_id) == ("token_refused", "api_token", "7")
        assert (first.user_id, first.ip, first.metadata) == (1, "11.0.0.1", {"reason": "network", "count": 1})
        for number in range(500):
            part.note(actor("10.0.0.0/8"), f"11.0.0.{number % 250}")
        await asyncio.sleep(0.2)
        assert len(heard) == 1
        monkeypatch.setattr(refusals, "_QUIET_S", 0.0)

        async def second() -> bool:
            return len(heard) == 2

        await eventually(second)
        assert heard[1].metadata["count"] == 500
        await part.stop()

    async def test_what_cannot_be_told_waits_for_the_bus(self) -> None:
        part = refusals.Refusals(Bus("nats://127.0.0.1:1"))
        await part.start()
        for _ in range(3):
            part.note(actor("10.0.0.0/8"), "11.0.0.1")
        await part._say()
        assert [noted.count for noted in part._noted.values()] == [3]
        await part.stop()


class TestRefusedRequests:
    """What becomes of `note_request`, without a bus: nothing is told, all is remembered."""

    @pytest.fixture
    def part(self) -> refusals.Refusals:
        return refusals.Refusals(Bus("nats://127.0.0.1:1"))

    @pytest.mark.parametrize(
        ("code", "user_id", "is_noted"),
        [
            (ErrorCode.AUTH_SESSION_INVALID, None, True),
            (ErrorCode.AUTH_TOKEN_INVALID, None, True),
            (ErrorCode.AUTH_ADMIN_REQUIRED, 1, True),
            (ErrorCode.BATCH_NOT_FOUND, 1, True),
            (ErrorCode.BATCH_NOT_FOUND, None, False),
            (ErrorCode.AUTH_REQUIRED, None, False),
            (ErrorCode.AUTH_CREDENTIALS_WRONG, None, False),
            (ErrorCode.SUBSCRIPTION_NOT_FOUND, 1, False),
            (ErrorCode.TOKEN_NOT_FOUND, 1, False),
        ],
    )
    def test_only_what_intruders_meet(
        self, part: refusals.Refusals, code: ErrorCode, user_id: int | None, is_noted: bool
    ) -> None:
        part.note_request(code, user_id, "11.0.0.1", "GET /api/batches/{batch_id:path}", {"batch_id": "b"})
        assert bool(part._noted) is is_noted

    def test_memory_is_bounded(self, part: refusals.Refusals) -> None:
        for number in range(10_500):
            part.note_request(ErrorCode.AUTH_TOKEN_INVALID, None, f"11.0.{number}", "GET /", {"batch_id": "b" * 9999})
        assert len(part._noted) == 10_000
        assert {len(noted.entry.target_id or "") for noted in part._noted.values()} == {256}
