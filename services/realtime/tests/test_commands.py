"""News of commands: on the batch's channel and on `visible`, for who may see the batch; not as an older event."""

from __future__ import annotations

import sqlalchemy as sa

from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.testing import add_token
from argus_schema import catalog

NEWS = {"id": "c-1", "kind": "stop", "batch_id": "b", "status": "started", "step": "sigterm"}


async def test_who_may_see_the_batch_hears_of_its_commands(live):
    ada, adas = await live.user("ada")
    bob, bobs = await live.user("bob")
    eve, eves = await live.user("eve")
    batch = await live.batch(ada)
    share = {"batch_id": batch.id, "grantee_id": bob, "permission": "viewer", "created_at": now()}
    async with live.database.write() as connection:
        await connection.execute(sa.insert(catalog.batch_share).values(share))
    refusal = await live.refusal("/api/sse", eves, channels=f"batch:{batch.id}")
    assert refusal.json()["error"]["code"] == ErrorCode.STREAM_FORBIDDEN
    async with (
        live.open("/api/sse", adas, channels=f"batch:{batch.id}") as owner,
        live.open("/api/sse", bobs, channels=f"batch:{batch.id},visible") as guest,
        live.open("/api/sse", eves, channels="visible,inbox") as stranger,
    ):
        for reader in (owner, guest, stranger):
            await reader.frame()
        await batch.emit(("command", None, NEWS))
        frame = await owner.frame()
        assert (frame.event, frame.data["channel"], frame.data["data"]) == ("command", f"batch:{batch.id}", NEWS)
        assert {(await guest.frame()).data["channel"] for _ in range(2)} == {f"batch:{batch.id}", "visible"}
        # What she hears next is hers: nothing came before it.
        own = await live.batch(eve)
        await own.emit(("batch_start", None, {}))
        assert (await stranger.frame()).event == "batch_start"


async def test_a_token_that_is_tied_elsewhere_hears_nothing(live):
    ada, _ = await live.user("ada")
    there, here = await live.batch(ada, "there"), await live.batch(ada, "here")
    token = await add_token(live.database, ada, prefix="em_view_", project="here")
    assert (await live.refusal("/api/sse", token, channels=f"batch:{there.id}")).status_code == 403
    async with live.open("/api/sse", token, channels="visible") as reader:
        await reader.frame()
        await there.emit(("command", None, NEWS))
        await here.emit(("command", None, NEWS | {"id": "c-2"}))
        assert (await reader.frame()).data["data"]["id"] == "c-2"


async def test_what_was_missed_is_replayed(live):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    async with live.open("/api/sse", session, channels=f"batch:{batch.id}") as reader:
        await reader.frame()
        await batch.emit(("batch_start", None, {}))
        last = await reader.frame()
    await batch.emit(("command", None, NEWS))
    async with live.open("/api/sse", session, channels=f"batch:{batch.id}", last_id=last.id) as reader:
        assert (await reader.next("command")).data["data"] == NEWS


async def test_the_older_wire_does_not_know_them(live):
    ada, session = await live.user("ada")
    batch = await live.batch(ada)
    async with live.open("/api/events/stream", session, batch_id=batch.id) as reader:
        await reader.frame()
        await batch.emit(("command", None, NEWS))
        await batch.emit(("batch_done", None, {}))
        assert (await reader.frame()).event == "batch_done"
