"""Streams by tokens that are tied to a project: live, replayed, and after rights or the batch's project changed."""

from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.testing import add_token, eventually
from argus_schema import catalog, ingest


async def tied(live, user_id, project="here"):
    return await add_token(live.database, user_id, prefix="em_view_", project=project)


async def notify(live, user_id, title, project):
    message = wire.InboxMessage(user_id=user_id, notification={"title": title}, project=project)
    await live.platform.bus.publish(Outgoing(wire.inbox_subject(user_id), wire.encode(message), f"{title}{live.url}"))


async def test_the_channel_visible_is_of_its_project_alone(live):
    ada, session = await live.user("ada")
    here, there = await live.batch(ada, "here"), await live.batch(ada, "there")
    async with (
        live.open("/api/sse", await tied(live, ada), channels="visible") as reader,
        live.open("/api/sse", session, channels="visible") as whole,
    ):
        await reader.frame()
        await whole.frame()
        await there.emit(("batch_start", None, {}))
        await here.emit(("job_start", "j", {}))
        assert (await reader.frame()).event == "job_start"
        assert [(await whole.frame()).event for _ in range(2)] == ["batch_start", "job_start"]


async def test_an_administrators_is_no_administrators(live):
    ada, _ = await live.user("ada")
    root, _ = await live.user("root", is_admin=True)
    hers, own = await live.batch(ada, "here"), await live.batch(root, "here")
    token = await tied(live, root)
    for channels in ("dashboard", f"batch:{hers.id}"):
        answer = await live.refusal("/api/sse", token, channels=channels)
        assert answer.json()["error"]["code"] == ErrorCode.STREAM_FORBIDDEN
    assert (await live.refusal("/api/events/stream", token)).status_code == 403
    async with live.open("/api/sse", token, channels="visible") as reader:
        await reader.frame()
        await hers.emit(("batch_start", None, {}))
        await own.emit(("job_start", "j", {}))
        assert (await reader.frame()).event == "job_start"


async def test_what_is_replayed_is_of_its_project_alone(live):
    ada, _ = await live.user("ada")
    token = await tied(live, ada)
    here, there = await live.batch(ada, "here"), await live.batch(ada, "there")
    async with live.open("/api/sse", token, channels="visible,inbox") as reader:
        await reader.frame()
        await here.emit(("batch_start", None, {}))
        last = await reader.frame()
    await there.emit(("job_start", "j", {}))
    await notify(live, ada, "of there", "there")
    await notify(live, ada, "of here", "here")
    await here.emit(("job_start", "j", {}))
    async with live.open("/api/sse", token, channels="visible,inbox", last_id=last.id) as reader:
        heard = [frame for frame in await reader.all_until("job_start") if frame.event not in {"hello", "batch_start"}]
    assert [frame.event for frame in heard] == ["notification", "job_start"]
    assert heard[0].data["title"] == "of here"


async def test_notifications_of_its_project_alone(live):
    ada, session = await live.user("ada")
    async with (
        live.open("/api/sse", await tied(live, ada), channels="inbox") as reader,
        live.open("/api/sse", session, channels="inbox") as whole,
    ):
        await reader.frame()
        await whole.frame()
        for title, project in (("there", "there"), ("nowhere", None), ("here", "here")):
            await notify(live, ada, title, project)
        assert (await reader.frame()).data["title"] == "here"
        assert [(await whole.frame()).data["title"] for _ in range(3)] == ["there", "nowhere", "here"]


async def test_news_of_agents_belong_to_no_project(live):
    ada, _ = await live.user("ada")
    here = await live.batch(ada, "here")
    async with live.open("/api/sse", await tied(live, ada), channels="visible") as reader:
        await reader.frame()
        news = wire.AgentMessage(agent_id="agent-1", owner_id=ada, hostname="gpu-01", kind="online")
        await live.platform.bus.publish(Outgoing(wire.agent_subject("agent-1"), wire.encode(news), f"agent{live.url}"))
        await here.emit(("job_start", "j", {}))
        assert (await reader.frame()).event == "job_start"


async def test_a_batch_that_leaves_the_project_is_not_followed(live):
    ada, _ = await live.user("ada")
    moving, staying = await live.batch(ada, "here"), await live.batch(ada, "here")
    channels = f"batch:{moving.id},batch:{staying.id}"
    async with live.open("/api/sse", await tied(live, ada), channels=channels) as reader:
        await reader.frame()
        async with live.database.write() as connection:
            await connection.execute(
                sa.update(ingest.batch).where(ingest.batch.c.id == moving.id).values(project="there")
            )
        moving.project = "there"
        await moving.emit(("log_line", "j", {"line": "of there"}))
        await staying.emit(("log_line", "j", {"line": "of here"}))
        assert (await reader.frame()).data["data"]["line"] == "of here"
        await live.platform.bus.send(wire.ACCESS_CHANGED, wire.encode(wire.AccessChanged(user_id=ada)))
        closed = await reader.next("closed")
        assert closed.data == {"channel": f"batch:{moving.id}", "reason": "access_ended"}


async def test_a_share_within_the_project_that_ends(live):
    ada, _ = await live.user("ada")
    bob, _ = await live.user("bob")
    hers = await live.batch(ada, "here")
    share = {"owner_id": ada, "project": "here", "grantee_id": bob, "permission": "viewer", "created_at": now()}
    async with live.database.write() as connection:
        await connection.execute(sa.insert(catalog.project_share).values(share))
    own = await live.batch(bob, "here")
    async with live.open("/api/sse", await tied(live, bob), channels="visible") as reader:
        await reader.frame()
        await hers.emit(("job_start", "j", {}))
        assert (await reader.frame()).event == "job_start"
        async with live.database.write() as connection:
            await connection.execute(sa.delete(catalog.project_share))
        (stream,) = live.hub.routes.streams
        await live.platform.bus.send(wire.ACCESS_CHANGED, wire.encode(wire.AccessChanged(user_id=bob)))

        async def forgotten() -> bool:
            return not live.hub.routes.may_see(stream, hers.id, ada, "here")

        await eventually(forgotten)
        await hers.emit(("batch_done", None, {}))
        await own.emit(("batch_start", None, {}))
        assert (await reader.frame()).event == "batch_start"
    await eventually(lambda: _nobody_hears(live))


async def _nobody_hears(live):
    return not list(live.hub.routes.all_visible())
