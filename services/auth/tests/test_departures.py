from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.bus import Message
from argus_kit.errors import ArgusError
from argus_kit.testing import eventually
from argus_schema import auth as tables

SERVICES = ("ingest", "catalog", "executor", "notifier")


async def _leave(client, person, runs="keep", **more):
    body = {"runs": runs, "current_password": person.password} | more
    return await client.request("DELETE", "/api/auth/me", json=body, headers=person.headers)


async def _row(database, person):
    async with database.read() as connection:
        return (await connection.execute(sa.select(tables.user).where(tables.user.c.id == person.id))).mappings().one()


async def _actions(database):
    async with database.read() as connection:
        rows = await connection.execute(sa.select(tables.audit_log).order_by(tables.audit_log.c.id))
        return [(row.action, row.user_id, row.metadata) for row in rows]


@pytest.fixture
async def heard(platform, client):
    """What the other services hear, by service."""
    told = {service: [] for service in SERVICES}
    for service in SERVICES:

        async def keep(message: Message, service=service) -> None:
            told[service].append(wire.decode(wire.PersonDeparted, message.data))

        subjects = [wire.departure_subject(service)]
        await platform.bus.consume(wire.WORK_STREAM, f"test-{service}-departures", subjects, keep)
    return told


class TestLeaving:
    async def test_everything_that_says_who_it_was_is_gone_and_all_are_told(
        self, client, sign_up, database, heard, mail_to, elsewhere
    ):
        await sign_up("root")
        ada = await sign_up("ada")
        made = await client.post("/api/tokens", json={"name": "ci", "scope": "reporter"}, headers=ada.headers)
        token = made.json()["token"]
        await elsewhere.identity.resolve(token)
        answer = await _leave(client, ada, "delete")
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "detail": "deleted", "id": ada.id})

        row = await _row(database, ada)
        name = f"deleted-{ada.id}"
        assert (row["username"], row["username_lower"], row["email"]) == (name, name, f"{name}@invalid")
        assert row["deleted_at"] is not None
        assert not row["is_active"]
        assert {row[key] for key in ("password_hash", "last_login", "github_login", "password_changed_at")} == {None}
        async with database.read() as connection:
            for table in (tables.session, tables.api_token, tables.one_time_token):
                mine = sa.select(sa.func.count()).select_from(table).where(table.c.user_id == ada.id)
                assert (await connection.execute(mine)).scalar_one() == 0, table.name

        async def is_refused():
            try:
                await elsewhere.identity.resolve(token)
            except ArgusError:
                return True
            return False

        await eventually(is_refused, 1.0)
        assert (await client.get("/api/auth/me", headers=ada.headers)).status_code == 401

        async def all_told():
            return all(any(one.user_id == ada.id for one in heard[service]) for service in SERVICES)

        await eventually(all_told, 10)
        assert {(one.email, one.runs) for service in SERVICES for one in heard[service]} == {(ada.email, "delete")}
        assert "deleted" in (await mail_to(ada.email, "account_deleted")).subject
        assert ("account_delete", ada.id, {"runs": "delete"}) in await _actions(database)

    async def test_name_and_address_are_free_again_and_the_stand_in_is_not(self, client, sign_up):
        await sign_up("root")
        ada = await sign_up("ada")
        await _leave(client, ada)
        body = {"username": f"deleted-{ada.id}", "email": ada.email, "password": ada.password}
        assert (await client.post("/api/auth/register", json=body)).status_code == 409
        assert (await client.post("/api/auth/register", json=body | {"username": "ada"})).status_code == 201
        address = {"email": "x@some.invalid", "username": "bob"}
        assert (await client.post("/api/auth/register", json=body | address)).status_code == 422

    async def test_a_wrong_password_deletes_nothing_and_five_tries_an_hour_are_enough(self, client, sign_up, database):
        await sign_up("root")
        ada = await sign_up("ada")
        for _ in range(5):
            wrong = await _leave(client, ada, current_password="wrong horse 1")
            assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "auth.password_wrong")
        late = await _leave(client, ada)
        assert (late.status_code, int(late.headers["Retry-After"]) > 100) == (429, True)
        assert (await _row(database, ada))["deleted_at"] is None
        reasons = [action for action, _, _ in await _actions(database) if action.startswith("account_delete")]
        assert reasons == ["account_delete_failed"] * 5 + ["account_delete_rate_limited"]

    async def test_who_has_no_password_types_the_name(self, client, sign_up, database):
        await sign_up("root")
        ada = await sign_up("ada")
        async with database.write() as connection:
            mine = sa.update(tables.user).where(tables.user.c.id == ada.id)
            await connection.execute(mine.values(password_hash=None))
        for given in ({}, {"username": "Ada"}):
            refused = await _leave(client, ada, current_password=None, **given)
            assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "username"])
        assert (await _leave(client, ada, current_password=None, username="ada")).status_code == 200

    async def test_a_token_cannot_delete_its_owner(self, client, sign_up):
        ada = await sign_up()
        made = await client.post("/api/tokens", json={"name": "ci", "scope": "reporter"}, headers=ada.headers)
        headers = {"Authorization": f"Bearer {made.json()['token']}"}
        body = {"runs": "keep", "current_password": ada.password}
        assert (await client.request("DELETE", "/api/auth/me", json=body, headers=headers)).status_code == 403

    async def test_the_last_administrator_has_to_stay(self, client, sign_up, database):
        root, ada = await sign_up("root"), await sign_up("ada")
        refused = await _leave(client, root)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "user.last_admin")
        assert (await client.post(f"/api/admin/users/{ada.id}/promote", headers=root.headers)).is_success
        assert (await _leave(client, root)).status_code == 200
        assert not (await _row(database, root))["is_admin"]

    async def test_of_two_administrators_who_leave_at_once_one_stays(self, client, sign_up, database):
        root, ada = await sign_up("root"), await sign_up("ada")
        assert (await client.post(f"/api/admin/users/{ada.id}/promote", headers=root.headers)).is_success
        answers = await asyncio.gather(_leave(client, root), _leave(client, ada))
        assert sorted(answer.status_code for answer in answers) == [200, 409]


class TestRemoving:
    async def test_an_administrator_deletes_a_person_once(self, client, sign_up, database, heard):
        root, ada = await sign_up("root"), await sign_up("ada")
        path = f"/api/admin/users/{ada.id}"
        assert (await client.delete(path, headers=root.headers)).status_code == 422
        for detail in ("deleted", "already-deleted"):
            answer = await client.delete(path, params={"runs": "keep"}, headers=root.headers)
            assert (answer.status_code, answer.json()["detail"]) == (200, detail)
        lines = [line for line in await _actions(database) if line[0] == "account_delete"]
        assert lines == [("account_delete", root.id, {"runs": "keep"})]
        assert (await client.post(f"/api/admin/users/{ada.id}/unban", headers=root.headers)).status_code == 409

    async def test_not_oneself_not_nobody_and_not_as_an_ordinary_person(self, client, sign_up):
        root, ada = await sign_up("root"), await sign_up("ada")

        async def delete(user_id, who):
            path = f"/api/admin/users/{user_id}?runs=keep"
            return (await client.delete(path, headers=who.headers)).status_code

        assert [await delete(root.id, root), await delete(999, root), await delete(root.id, ada)] == [400, 404, 403]
