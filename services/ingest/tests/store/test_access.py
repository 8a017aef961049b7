"""Whose batch it is, and who else may report into it."""

import pytest
import sqlalchemy as sa

from argus_ingest.testing import event
from argus_kit.clock import now
from argus_kit.testing import add_token
from argus_schema import auth as auth_tables
from argus_schema import catalog as catalog_tables
from argus_schema import ingest as tables


async def insert(ingest, table, **values):
    async with ingest.database.write() as connection:
        await connection.execute(sa.insert(table).values(created_at=now(), **values))


async def statuses(ingest, *events, token):
    return [result["code"] or result["status"] for result in (await ingest.post(*events, token=token))["results"]]


async def test_a_stranger_adds_nothing(ingest):
    await ingest.accept(event("batch_start"))
    _, stranger = await ingest.person("eve")
    theirs = event("batch_start", "theirs")
    sent = [event("batch_done"), theirs, event("job_epoch", job="j", epoch=1), event("resource_snapshot")]
    assert await statuses(ingest, *sent, token=stranger) == [
        "event.forbidden", "accepted", "event.forbidden", "event.forbidden",
    ]  # fmt: skip
    alone = await ingest.one(event("batch_done"), token=stranger)
    assert (alone.status_code, alone.json()["error"]["code"]) == (403, "event.forbidden")
    batch = await ingest.batch()
    assert (batch.status, batch.owner_id, batch.event_seq) == ("running", ingest.user_id, 1)
    assert await ingest.rows(tables.job) == []


@pytest.mark.parametrize("share", ["batch", "project", "member"])
async def test_editors_and_members_add(ingest, share):
    await ingest.accept(event("batch_start"))
    user_id, editor = await ingest.person("bob")
    other_id, viewer = await ingest.person("cleo")
    if share == "member":
        await insert(ingest, catalog_tables.project_member, project="vision", user_id=ingest.user_id, role="owner")
    for person, permission in ((user_id, "editor"), (other_id, "viewer")):
        if share == "batch":
            await insert(
                ingest, catalog_tables.batch_share, batch_id="bench-1", grantee_id=person, permission=permission
            )
        elif share == "project":
            values = {"owner_id": ingest.user_id, "project": "vision", "grantee_id": person, "permission": permission}
            await insert(ingest, catalog_tables.project_share, **values)
        else:
            await insert(ingest, catalog_tables.project_member, project="vision", user_id=person, role=permission)
    elsewhere = event("batch_start")
    elsewhere["source"]["project"] = "mine"
    assert await statuses(ingest, event("log_line", line="x"), elsewhere, token=editor) == [
        "accepted", "event.forbidden",
    ]  # fmt: skip
    assert await statuses(ingest, event("log_line", line="x"), token=viewer) == ["event.forbidden"]
    assert (await ingest.batch()).owner_id == ingest.user_id


async def test_administrators_add_and_owners_are_kept(ingest):
    _, admin = await ingest.person("root", is_admin=True)
    await ingest.accept(event("batch_start"))
    await ingest.accept(event("log_line", line="x"), token=admin)
    assert (await ingest.batch()).owner_id == ingest.user_id


async def test_a_batch_without_an_owner_gets_one(ingest):
    await ingest.accept(event("batch_start"))
    async with ingest.database.write() as connection:
        await connection.execute(tables.batch.update().values(owner_id=None))
    user_id, token = await ingest.person("bob")
    _, late = await ingest.person("eve")
    await ingest.accept(event("log_line", line="x"), token=token)
    assert (await ingest.batch()).owner_id == user_id
    assert await statuses(ingest, event("log_line", line="x"), token=late) == ["event.forbidden"]


async def test_a_token_of_one_project_stays_in_it(ingest):
    async with ingest.database.write() as connection:
        await connection.execute(auth_tables.api_token.update().values(project="vision"))
    other = event("batch_start", "elsewhere")
    other["source"]["project"] = "nlp"
    answers = (await ingest.post(event("batch_start"), other))["results"]
    assert [answer["code"] or answer["status"] for answer in answers] == ["accepted", "event.forbidden"]
    reason = "This token is for the project vision only, and the event names the project nlp."
    assert answers[1]["error"] == reason
    alone = await ingest.one(other)
    assert (alone.status_code, alone.json()["error"]["message"]) == (403, reason)
    assert [row.id for row in await ingest.rows(tables.batch)] == ["bench-1"]
    async with ingest.database.write() as connection:
        await connection.execute(tables.batch.update().values(project="nlp"))
    assert await statuses(ingest, event("log_line", line="x"), token=ingest.token) == ["event.forbidden"]


async def test_a_token_of_one_project_does_not_take_over_snapshots_of_another(ingest):
    snapshot = event("resource_snapshot")
    snapshot["source"]["project"] = "nlp"
    await ingest.accept(snapshot)
    tied = await add_token(ingest.database, ingest.user_id, project="vision")
    assert await statuses(ingest, event("batch_start"), token=tied) == ["event.forbidden"]
    assert (await ingest.batch()).project == "nlp"
