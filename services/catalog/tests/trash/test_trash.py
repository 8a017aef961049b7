"""The trash: who sees what was deleted, takes it back, removes it for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argus_contracts import bus as wire
from argus_kit.clock import iso, now
from argus_kit.testing import add_token, bearer_headers
from argus_schema import auth
from argus_schema import catalog as own


@pytest.fixture
async def lab(live_world):
    """Ada's deleted batches and jobs; Bob owns their project, Cleo looks at it, Eve is a stranger."""
    for name in ("bob", "cleo", "eve"):
        await live_world.person(name)
    for name, role in (("ada", "editor"), ("bob", "owner"), ("cleo", "viewer")):
        row = {"project": "vision", "user_id": live_world.people[name], "role": role, "created_at": now()}
        await live_world.insert(own.project_member, **row)
    gone = {"status": "done", "deleted_at": now() - timedelta(hours=2), "deleted_by": live_world.people["ada"]}
    await live_world.batch("gone-1", name="first", **gone)
    await live_world.batch("gone-2", **gone | {"deleted_at": now() - timedelta(hours=1), "deleted_by": None})
    await live_world.batch("leaving", **gone, purge_at=now())
    await live_world.batch("here")
    job = {"status": "done", "deleted_at": now() - timedelta(hours=1), "deleted_by": live_world.people["bob"]}
    await live_world.job("here", "job-gone", **job)
    await live_world.job("here", "job-leaving", **job, purge_at=now())
    await live_world.job("here", "job-purged", **job, purged_at=now())
    await live_world.job("here", "job-here")
    await live_world.job("gone-1", "job-of-gone", **job)
    return live_world


class Ingest:
    """Stands for ingest on the bus: says yes, or what it was told to say."""

    def __init__(self):
        self.asked = []
        self.refusal = None

    async def restore(self, data):
        self.asked.append(wire.decode(wire.TrackingRestore, data))
        return wire.encode(wire.TrackingRestoreReply(ok=self.refusal is None, restored=1, error_code=self.refusal))

    async def delete(self, data):
        self.asked.append(wire.decode(wire.TrackingDelete, data))
        return wire.encode(wire.TrackingDeleteReply(ok=self.refusal is None, error_code=self.refusal))


@pytest.fixture
async def ingest(lab, platform):
    found = Ingest()
    await platform.bus.respond(wire.TRACKING_RESTORE, found.restore, queue="ingest")
    await platform.bus.respond(wire.TRACKING_DELETE, found.delete, queue="ingest")
    return found


async def names(world, who="ada", **params):
    items = (await world.read("/api/trash", who, **params))["items"]
    return [item["job_id"] or item["batch_id"] for item in items]


async def post(world, verb, who="ada", batches=(), jobs=()):
    body = {"batches": list(batches), "jobs": [{"batch_id": b, "job_id": j} for b, j in jobs]}
    headers = world.headers[who] if isinstance(who, str) else who
    return await world.client.post(f"/api/trash/{verb}", json=body, headers=headers)


class TestList:
    async def test_shows_what_was_deleted_last_first(self, lab):
        first, second = (await lab.read("/api/trash"))["items"]
        assert [first["batch_id"], second["batch_id"]] == ["gone-2", "gone-1"]
        assert (second["title"], second["project"], second["owner"]) == ("first", "vision", "ada")
        assert (first["deleted_by"], second["deleted_by"]) == (None, "ada")
        assert await names(lab, kind="job") == ["job-gone"]
        (job,) = (await lab.read("/api/trash", kind="job"))["items"]
        assert (job["subtitle"], job["deleted_by"], job["batch_id"]) == ("resnet · cifar", "bob", "here")

    async def test_is_for_owners_of_batches_and_of_their_project_and_administrators(self, lab):
        await lab.person("root", is_admin=True)
        for kind, there in (("batch", ["gone-2", "gone-1"]), ("job", ["job-gone"])):
            for who in ("ada", "bob", "root"):
                assert await names(lab, who, kind=kind) == there
            for who in ("cleo", "eve"):
                assert await names(lab, who, kind=kind) == []

    async def test_by_a_token_for_a_project_shows_that_project_alone(self, lab):
        for project, there in (("vision", ["gone-2", "gone-1"]), ("text", [])):
            token = bearer_headers(await add_token(lab.database, lab.people["ada"], project=project))
            assert await names(lab, token) == there

    async def test_comes_in_pages(self, lab):
        page = await lab.read("/api/trash", limit=1)
        assert [item["batch_id"] for item in page["items"]] == ["gone-2"]
        rest = await lab.read("/api/trash", limit=1, cursor=page["next_cursor"])
        assert [item["batch_id"] for item in rest["items"]] == ["gone-1"]
        assert rest["next_cursor"] is None
        assert (await lab.get("/api/trash", kind="job", cursor=page["next_cursor"])).status_code == 422

    @pytest.mark.parametrize(("days", "told"), [(None, 7), (2, 2), (0, None), ("two", 7)])
    async def test_tells_when_it_leaves(self, lab, days, told):
        if days is not None:
            row = {"group": "retention", "key": "retention_deleted_days", "value": days, "updated_at": now()}
            await lab.insert(auth.system_config, **row)
        answer = await lab.read("/api/trash")
        assert answer["grace_days"] == told
        (_, item) = answer["items"]
        expected = None if told is None else iso(now() - timedelta(hours=2) + timedelta(days=told))
        assert (item["leaves_at"] or "")[:16] == (expected or "")[:16]


class TestRestore:
    async def test_asks_ingest_for_what_is_there_and_names_the_rest(self, lab, ingest):
        jobs = [("here", "job-gone"), ("here", "job-here"), ("here", "job-purged"), ("gone-1", "job-of-gone")]
        answer = (await post(lab, "restore", batches=["gone-1", "here", "leaving", "none"], jobs=jobs)).json()
        assert answer["done"] == ["gone-1", "here/job-gone"]
        assert {one["id"]: one["reason"] for one in answer["skipped"]} == dict.fromkeys(
            ["here", "leaving", "none", "here/job-here", "here/job-purged", "gone-1/job-of-gone"], "not_found"
        )
        assert [(one.kind, one.batch_id, one.job_id, one.actor_id) for one in ingest.asked] == [
            ("batch", "gone-1", None, lab.people["ada"]),
            ("job", "here", "job-gone", lab.people["ada"]),
        ]

    async def test_tells_what_ingest_says_against_it(self, lab, ingest):
        ingest.refusal = "trash.leaving"
        answer = (await post(lab, "restore", batches=["gone-1"])).json()
        assert answer == {"done": [], "skipped": [{"id": "gone-1", "reason": "leaving"}]}

    async def test_is_for_owners_alone(self, lab, ingest):
        for who in ("cleo", "eve"):
            answer = (await post(lab, "restore", who, ["gone-1"], [("here", "job-gone")])).json()
            assert answer["done"] == []
        reading = await lab.token("ada", "em_view_")
        assert (await post(lab, "restore", reading, ["gone-1"])).status_code == 403
        assert ingest.asked == []
        assert (await post(lab, "restore", "bob", ["gone-1"])).json()["done"] == ["gone-1"]

    async def test_of_nothing_or_too_much_is_refused(self, lab):
        assert (await post(lab, "restore")).status_code == 400
        assert (await post(lab, "restore", batches=["x"] * 501)).status_code == 422
        many = [("b", str(n)) for n in range(300)]
        assert (await post(lab, "restore", batches=map(str, range(300)), jobs=many)).status_code == 422


class TestPurge:
    async def test_asks_ingest_to_remove_what_is_in_the_trash_and_nothing_else(self, lab, ingest):
        jobs = [("here", "job-gone"), ("here", "job-here")]
        answer = (await post(lab, "purge", batches=["gone-2", "here"], jobs=jobs)).json()
        assert answer["done"] == ["gone-2", "here/job-gone"]
        assert [(one.kind, one.batch_id, one.job_id, one.purge) for one in ingest.asked] == [
            ("batch", "gone-2", None, True),
            ("job", "here", "job-gone", True),
        ]

    async def test_is_for_owners_alone(self, lab, ingest):
        for who in ("cleo", "eve"):
            assert (await post(lab, "purge", who, ["gone-1"])).json()["done"] == []
        assert ingest.asked == []
