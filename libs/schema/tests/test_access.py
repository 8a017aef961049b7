"""Who sees and who changes a batch: every relation between a person and a batch, on both engines."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.testing import add_user
from argus_schema.access import deletable_by, editable_by, held_by, is_plainly_visible, visible_to
from argus_schema.catalog import batch_share, project_member, project_share
from argus_schema.ingest import batch
from argus_schema.roles import Role


class Asker(NamedTuple):
    """Who asks."""

    user_id: int
    is_admin: bool = False
    project: str | None = None


class Case(NamedTuple):
    """One relation: rows that say it, and what follows."""

    name: str
    sees: bool
    changes: bool
    shares: tuple[tuple[sa.Table, dict[str, Any]], ...] = ()
    edit: dict[str, Any] = {}
    as_owner: bool = False
    as_admin: bool = False
    bound: str | None = None
    deletes: bool = False
    author_is_member: bool = True


def _batch_share(permission: str, batch_id: str = "b") -> tuple[sa.Table, dict[str, Any]]:
    return batch_share, {"batch_id": batch_id, "permission": permission}


def _project_share(permission: str, project: str = "p") -> tuple[sa.Table, dict[str, Any]]:
    return project_share, {"project": project, "permission": permission}


def _member(role: str, project: str = "p") -> tuple[sa.Table, dict[str, Any]]:
    return project_member, {"project": project, "role": role}


GONE = {"deleted_at": now()}
PLACEHOLDER = {"is_placeholder": True}
CASES = [
    Case("a stranger", False, False),
    Case("the owner", True, True, as_owner=True, deletes=True),
    Case("an administrator", True, True, as_admin=True, deletes=True),
    Case("a viewer by share", True, False, (_batch_share("viewer"),)),
    Case("an editor by share", True, True, (_batch_share("editor"),)),
    Case("an editor of another batch", False, False, (_batch_share("editor", "other"),)),
    Case("a viewer of the owner's project", True, False, (_project_share("viewer"),)),
    Case("an editor of the owner's project", True, True, (_project_share("editor"),)),
    Case("an editor of another project of the owner", False, False, (_project_share("editor", "q"),)),
    Case("a member who views", True, False, (_member("viewer"),)),
    Case("a member who edits", True, True, (_member("editor"),)),
    Case("the project's owner", True, True, (_member("owner"),), deletes=True),
    Case("a role that nobody knows", False, False, (_member("king"),)),
    Case("an owner before someone who only uses the name", False, False, (_member("owner"),), author_is_member=False),
    Case("an owner before a batch of nobody", True, True, (_member("owner"),), {"owner_id": None}, deletes=True),
    Case("a member of another project", False, False, (_member("owner", "q"),)),
    Case("a viewer here and an editor there", True, False, (_batch_share("viewer"), _batch_share("editor", "other"))),
    Case("the owner of what is deleted", False, False, edit=GONE, as_owner=True),
    Case("an administrator before what is deleted", False, False, edit=GONE, as_admin=True),
    Case("an editor of what is deleted", False, False, (_batch_share("editor"), _member("owner")), GONE),
    Case("the owner of a placeholder", False, False, edit=PLACEHOLDER, as_owner=True),
    Case("an administrator before a placeholder", False, False, edit=PLACEHOLDER, as_admin=True),
    Case("anybody before a batch of nobody", False, False, edit={"owner_id": None}),
    Case("a member before a batch of nobody", True, True, (_member("editor"),), {"owner_id": None}),
    Case("a project's guest before a batch of nobody", False, False, (_project_share("editor"),), {"owner_id": None}),
    Case("the owner by a token for this project", True, True, as_owner=True, bound="p", deletes=True),
    Case("the owner by a token for another project", False, False, as_owner=True, bound="q"),
    Case("an administrator by a token for another project", False, False, as_admin=True, bound="q"),
    Case("an editor by share, by a token for another project", False, False, (_batch_share("editor"),), bound="q"),
    Case("a member by a token for another project", False, False, (_member("owner"),), bound="q"),
    Case("a member by a token for this project", True, True, (_member("owner"),), bound="p", deletes=True),
    Case("a stranger by a token for this project", False, False, bound="p"),
]


async def _add_batch(database: Database, batch_id: str, owner: int, **edit: Any) -> None:
    values = {"id": batch_id, "project": "p", "owner_id": owner, "status": "running", "created_at": now()} | edit
    async with database.write() as connection:
        await connection.execute(sa.insert(batch).values(values))


async def _relate(database: Database, case: Case, person: int, owner: int) -> None:
    async with database.write() as connection:
        for table, values in case.shares:
            who = {"user_id": person} if table is project_member else {"grantee_id": person}
            if table is project_share:
                who["owner_id"] = owner
            needed = {c.name for c in table.columns if not c.nullable and c.default is None} - {"id"}
            times = {name: now() for name in needed if name.endswith("_at")}
            makers = {name: owner for name in needed if name.endswith("_by")}
            await connection.execute(sa.insert(table).values({**times, **makers, **values, **who}))
            if table is project_member and case.author_is_member:
                author = {"user_id": owner, "project": "p", "role": "viewer"}
                await connection.execute(sa.insert(table).values({**times, **makers, **author}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_what_a_person_sees_and_changes(sqlite_database: Database, case: Case) -> None:
    await _check(sqlite_database, case)


async def test_all_of_it_on_postgresql(postgres_database: Database) -> None:
    for case in CASES:
        await _check(postgres_database, case)
        async with postgres_database.write() as connection:
            for table in (batch_share, project_share, project_member, batch):
                await connection.execute(sa.delete(table))
            await connection.exec_driver_sql('delete from "user"')


async def _check(database: Database, case: Case) -> None:
    owner, person = await add_user(database, "owner"), await add_user(database, "person")
    await _add_batch(database, "b", person if case.as_owner else owner, **case.edit)
    await _add_batch(database, "other", owner, project="elsewhere")
    await _relate(database, case, person, owner)
    async with database.read() as connection:
        asker = Asker(person, case.as_admin, case.bound)
        rules = {
            (visible_to, Role.VIEWER): case.sees,
            (editable_by, Role.EDITOR): case.changes,
            (deletable_by, Role.OWNER): case.deletes,
        }
        for (rule, role), expected in rules.items():
            for condition in (rule(asker), held_by(asker, role)):
                found = (await connection.execute(sa.select(batch.c.id).where(batch.c.id == "b", condition))).first()
                assert (found is not None) is expected, (case.name, rule.__name__)
        exists = not {"deleted_at", "is_placeholder"} & case.edit.keys()
        owned_by = case.edit.get("owner_id", person if case.as_owner else owner)
        plainly = exists and is_plainly_visible(asker, project="p", owner_id=owned_by)
        assert plainly is (case.sees and not case.shares), case.name
        is_author = case.as_owner and case.sees
        found = (await connection.execute(sa.select(batch.c.id).where(held_by(asker, Role.AUTHOR)))).first()
        assert (found is not None) is is_author, case.name


async def test_one_persons_share_is_not_anothers(sqlite_database: Database) -> None:
    owner, one, two = [await add_user(sqlite_database, name) for name in ("owner", "one", "two")]
    await _add_batch(sqlite_database, "b", owner)
    await _relate(sqlite_database, Case("", True, True, (_batch_share("editor"), _member("owner"))), one, owner)
    async with sqlite_database.read() as connection:
        seen = {
            person: (await connection.execute(sa.select(batch.c.id).where(rule(Asker(person))))).scalars().all()
            for person in (one, two)
            for rule in (visible_to, editable_by)
        }
    assert seen == {one: ["b"], two: []}


def test_what_others_opened_is_not_looked_for_on_behalf_of_an_administrator() -> None:
    for rule in (visible_to, editable_by, deletable_by):
        condition = str(rule(Asker(1, is_admin=True)))
        assert "project_member" not in condition, rule.__name__
        assert "share" not in condition, rule.__name__


def test_the_rules_of_two_people_are_one_statement_to_the_cache() -> None:
    for rule in (visible_to, editable_by, deletable_by):
        one, two = (sa.select(batch.c.id).where(rule(Asker(person))) for person in (1, 2))
        assert one._generate_cache_key() == two._generate_cache_key(), rule.__name__
