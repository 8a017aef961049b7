from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import iso, now
from argus_kit.testing import eventually
from argus_schema import catalog as own
from argus_schema import ingest


@pytest.fixture
async def two(live_world):
    """Ada's batch, and Bob."""
    await live_world.person("bob")
    await live_world.batch("a")
    await live_world.job("a", "j/1", status="done")
    return live_world


async def send(world, method, path, who="ada", **json):
    return await world.client.request(method, path, headers=world.headers[who], json=json or None)


class TestShares:
    async def test_a_share_opens_a_batch_says_so_and_ends(self, two, platform):
        heard = []

        async def on_access(_, data):
            heard.append(wire.decode(wire.AccessChanged, data))

        await platform.bus.listen(wire.ACCESS_CHANGED, on_access)
        assert (await two.get("/api/batches/a", "bob")).status_code == 404
        made = await send(two, "POST", "/api/batches/a/shares", grantee_username="BOB")
        assert (made.status_code, made.json()["permission"]) == (201, "viewer")
        again = await send(two, "POST", "/api/batches/a/shares", grantee_username="bob", permission="editor")
        assert again.json()["created_at"] == made.json()["created_at"]
        (share,) = await two.read("/api/batches/a/shares")
        assert (share["grantee_username"], share["permission"], share["created_by"]) == (
            "bob",
            "editor",
            two.people["ada"],
        )
        assert (await two.read("/api/batches/a", "bob"))["can_edit"] is True
        gone = await send(two, "DELETE", f"/api/batches/a/shares/{two.people['bob']}")
        assert (gone.status_code, gone.json()) == (200, {"ok": True, "detail": "revoked"})
        assert (await two.get("/api/batches/a", "bob")).status_code == 404
        assert (await send(two, "DELETE", f"/api/batches/a/shares/{two.people['bob']}")).status_code == 404

        async def all_said():
            return len(heard) == 3

        await eventually(all_said)
        assert {(c.batch_id, c.user_id) for c in heard} == {("a", two.people["bob"])}

    async def test_who_is_given_something_is_told_once(self, two, platform):
        heard, begun = [], now()

        async def on_granted(message):
            granted = wire.decode(wire.ShareGranted, message.data)
            # The stream keeps what other tests said.
            if granted.at >= begun:
                heard.append(granted)

        await platform.bus.consume(wire.WORK_STREAM, "test-shares", [wire.ALL_SHARES], on_granted)
        for permission in ("viewer", "editor"):
            await send(two, "POST", "/api/batches/a/shares", grantee_username="bob", permission=permission)
            await send(
                two, "POST", "/api/projects/shares", project="vision", grantee_username="bob", permission=permission
            )
        await send(two, "PUT", "/api/projects/vision/members/bob", role="editor")

        async def both_said():
            return len(heard) >= 3

        await eventually(both_said)
        assert [(one.batch_id, one.project, one.permission, one.shared_by) for one in heard] == [
            ("a", "vision", "viewer", "ada"),
            (None, "vision", "viewer", "ada"),
            (None, "vision", "editor", "ada"),
        ]
        assert {one.grantee_id for one in heard} == {two.people["bob"]}

    @pytest.mark.parametrize(
        ("name", "status", "code"), [("nobody", 404, "user.not_found"), ("ada", 400, "user.is_self")]
    )
    async def test_whom_one_cannot_share_with(self, two, name, status, code):
        answer = await send(two, "POST", "/api/batches/a/shares", grantee_username=name)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)

    async def test_a_projects_batches_present_and_future(self, two):
        made = await send(two, "POST", "/api/projects/shares", project="vision", grantee_username="bob")
        assert made.status_code == 201
        await two.batch("later")
        assert {b["id"] for b in await two.read("/api/batches", "bob")} == {"a", "later"}
        assert [s["project"] for s in await two.read("/api/projects/shares")] == ["vision"]
        path = f"/api/projects/shares/vision/{two.people['bob']}"
        assert (await send(two, "DELETE", path)).status_code == 200
        assert await two.read("/api/batches", "bob") == []
        assert (await send(two, "DELETE", path)).json()["error"]["code"] == "share.not_found"


class TestPublicLinks:
    async def test_everyone_with_the_link_sees_the_batch(self, two):
        made = (await send(two, "POST", "/api/batches/a/public-share")).json()
        made = (
            made if "slug" in made else (await send(two, "POST", "/api/batches/a/public-share", expires_at=None)).json()
        )
        slug = made["slug"]
        assert (len(slug), made["url"].endswith(f"/public/{slug}"), made["view_count"]) == (20, True, 0)
        page = (await two.client.get(f"/api/public/{slug}")).json()
        assert (page["id"], page["owner_label"]) == ("a", "ada")
        assert [j["id"] for j in (await two.client.get(f"/api/public/{slug}/jobs")).json()] == ["j/1"]
        assert (await two.client.get(f"/api/public/{slug}/jobs/j/1")).json()["status"] == "done"
        assert (await two.client.get(f"/api/public/{slug}/jobs/j/1/epochs")).json() == []
        (link,) = await two.read("/api/public-shares/mine")
        assert link["view_count"] == 1
        assert (await send(two, "DELETE", f"/api/batches/a/public-share/{slug}")).status_code == 200
        assert (await two.client.get(f"/api/public/{slug}")).status_code == 404

    async def test_a_link_ends(self, two, platform):
        tomorrow = iso(now() + timedelta(days=1))
        made = (await send(two, "POST", "/api/batches/a/public-share", expires_at=tomorrow)).json()
        async with platform.database.write() as connection:
            await connection.execute(own.public_share.update().values(expires_at=now() - timedelta(seconds=1)))
        answer = await two.client.get(f"/api/public/{made['slug']}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "public_share.expired")
        for text in ("garbage", iso(now() - timedelta(days=1))):
            assert (await send(two, "POST", "/api/batches/a/public-share", expires_at=text)).status_code == 422

    async def test_guessing_slugs_is_slowed_down(self, two):
        answers = [await two.client.get("/api/public/nothing") for _ in range(40)]
        assert {a.status_code for a in answers} == {404, 429}
        assert int(answers[-1].headers["Retry-After"]) >= 1


class TestMarks:
    async def test_stars(self, two):
        star = {"target_type": "batch", "target_id": "a/b"}
        first = await send(two, "POST", "/api/stars", **star)
        assert (await send(two, "POST", "/api/stars", **star)).json() == first.json()
        assert [s["target_id"] for s in await two.read("/api/stars")] == ["a/b"]
        assert (await send(two, "DELETE", "/api/stars/batch/a/b")).status_code == 204
        assert (await send(two, "DELETE", "/api/stars/batch/a/b")).status_code == 204
        for answer in (
            await send(two, "POST", "/api/stars", target_type="job", target_id="x"),
            await send(two, "DELETE", "/api/stars/job/x"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "star.type_invalid")

    async def test_four_pins(self, two):
        for i in range(4):
            await two.batch(f"b{i}")
            assert (await send(two, "POST", "/api/pins", batch_id=f"b{i}")).status_code == 200
        answer = await send(two, "POST", "/api/pins", batch_id="a")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "pin.limit_reached")
        assert (await send(two, "POST", "/api/pins", batch_id="b0")).status_code == 200
        assert [p["batch_id"] for p in await two.read("/api/pins")] == ["b0", "b1", "b2", "b3"]
        assert (await send(two, "DELETE", "/api/pins/b1")).status_code == 204
        assert (await send(two, "POST", "/api/pins", batch_id="a")).status_code == 200
        assert (await send(two, "POST", "/api/pins", batch_id="none")).status_code == 404


class TestDeletions:
    @pytest.fixture
    async def asked(self, two, platform):
        """What ingest was asked to delete."""
        requests = []

        async def answer(data):
            requests.append(wire.decode(wire.TrackingDelete, data))
            return wire.encode(wire.TrackingDeleteReply(ok=True, deleted=1))

        await platform.bus.respond(wire.TRACKING_DELETE, answer, queue="ingest")
        return requests

    async def test_a_batch_that_is_over(self, two, asked):
        await two.batch("over", status="done")
        answer = await send(two, "DELETE", "/api/batches/over")
        assert (answer.status_code, answer.json()) == (200, {"status": "deleted", "batch_id": "over"})
        assert [(r.kind, r.batch_id, r.actor_id) for r in asked] == [("batch", "over", two.people["ada"])]

    async def test_a_batch_that_is_to_go_at_once(self, two, asked):
        await two.batch("over", status="done")
        await send(two, "DELETE", "/api/batches/over?purge=true")
        assert [(r.batch_id, r.purge) for r in asked] == [("over", True)]

    @pytest.mark.parametrize("how", ["one", "many", "project"])
    async def test_what_people_added_to_a_batch_ends_with_it(self, two, asked, how):
        for name in ("over", "stays"):
            await two.batch(name, status="done", project="gone" if name == "over" else "p")
            await two.share(name, "bob")
            await send(two, "POST", "/api/pins", batch_id=name)
            await send(two, "POST", "/api/stars", target_type="batch", target_id=name)
            assert (await send(two, "POST", f"/api/batches/{name}/public-share")).is_success
        if how == "many":
            await send(two, "POST", "/api/batches/bulk-delete", batch_ids=["over"])
        elif how == "one":
            await send(two, "DELETE", "/api/batches/over")
        else:
            await two.person("root", is_admin=True)
            assert (await send(two, "DELETE", "/api/projects/gone", "root")).is_success
        async with two.database.read() as connection:
            for column in (own.batch_share.c.batch_id, own.public_share.c.batch_id, own.pin.c.batch_id):
                assert (await connection.execute(sa.select(column))).scalars().all() == ["stays"], column
            assert (await connection.execute(sa.select(own.star.c.target_id))).scalars().all() == ["stays"]

    async def test_a_batch_that_runs_stays(self, two, asked):
        answer = await send(two, "DELETE", "/api/batches/a")
        assert (answer.status_code, answer.json()["error"]["code"], asked) == (409, "batch.active", [])

    async def test_many_batches(self, two, asked):
        await two.batch("over", status="failed")
        await two.batch("bobs", owner="bob", status="done")
        await two.batch("bobs-shared", owner="bob", status="done")
        await two.share("bobs-shared", "ada")
        await two.batch("gone", status="done", deleted_at=now())
        wanted = ["over", "a", "bobs", "bobs-shared", "gone", "none", "over"]
        answer = await send(two, "POST", "/api/batches/bulk-delete", batch_ids=wanted)
        assert answer.json()["deleted"] == ["over"]
        assert {s["id"]: s["reason"] for s in answer.json()["skipped"]} == {
            "a": "running",
            "bobs": "not_found",
            "bobs-shared": "not_owner",
            "gone": "already_deleted",
            "none": "not_found",
        }
        assert (await send(two, "POST", "/api/batches/bulk-delete", batch_ids=[])).status_code == 400
        assert (await send(two, "POST", "/api/batches/bulk-delete", batch_ids=["x"] * 501)).status_code == 422

    async def test_jobs(self, two, asked):
        await two.job("a", "r")
        assert (await send(two, "DELETE", "/api/jobs/a/j/1")).json() == {
            "status": "deleted",
            "batch_id": "a",
            "job_id": "j/1",
        }
        assert (await send(two, "DELETE", "/api/jobs/a/r")).json()["error"]["code"] == "job.active"
        items = [{"batch_id": "a", "job_id": j} for j in ("j/1", "r", "none")] + [{"batch_id": "x", "job_id": "y"}]
        answer = (await send(two, "POST", "/api/jobs/bulk-delete", items=items)).json()
        assert answer["deleted"] == ["a/j/1"]
        assert [s["reason"] for s in answer["skipped"]] == ["running", "not_found", "batch_not_found"]
        assert [(r.kind, r.job_id) for r in asked] == [("job", "j/1"), ("job", "j/1")]

    async def test_hosts_and_projects_are_for_administrators(self, two, asked):
        await two.person("root", is_admin=True)
        await two.snapshot("a", gpu_util_pct=1.0)
        await two.snapshot("a", "quiet", at=now() - timedelta(hours=1), gpu_util_pct=1.0)
        assert (await send(two, "DELETE", "/api/hosts/quiet")).status_code == 403
        assert (await send(two, "DELETE", "/api/hosts/gpu-1", "root")).json()["error"]["code"] == "host.active"
        assert (await send(two, "DELETE", "/api/hosts/quiet", "root")).json() == {"status": "deleted", "host": "quiet"}
        assert (await send(two, "DELETE", "/api/projects/none", "root")).status_code == 404
        assert (await send(two, "DELETE", "/api/projects/vision", "root")).status_code == 200
        assert [r.kind for r in asked] == ["host", "project"]
        assert await two.read("/api/projects") == []

    async def test_administrators_delete_many_projects(self, two, asked):
        await two.person("root", is_admin=True)
        path = "/api/admin/projects/bulk-delete"
        assert (await send(two, "POST", path, projects=["vision"])).status_code == 403
        await two.batch("t", owner="bob", project="text")
        await two.batch("d", project="a demo")
        await two.insert(own.project_meta, project="a demo", is_public=True, is_demo=True)
        await two.insert(own.project_meta, project="once", is_public=False, is_demo=False, deleted_at=now())
        answer = await send(two, "POST", path, "root", projects=["vision", "once", "text", "none", "a demo", "vision"])
        assert answer.json() == {
            "deleted": ["vision", "text"],
            "skipped": [
                {"id": "once", "reason": "already_deleted"},
                {"id": "none", "reason": "not_found"},
                {"id": "a demo", "reason": "not_found"},
            ],
        }
        assert [(r.kind, r.project) for r in asked] == [("project", "vision"), ("project", "text")]
        again = (await send(two, "POST", path, "root", projects=["text"])).json()
        assert again == {"deleted": [], "skipped": [{"id": "text", "reason": "already_deleted"}]}
        assert (await send(two, "POST", path, "root", projects=[])).status_code == 400
        assert (await send(two, "POST", path, "root", projects=["x"] * 501)).status_code == 422

    async def test_administrators_delete_many_hosts(self, two, asked):
        await two.person("root", is_admin=True)
        path = "/api/admin/hosts/bulk-delete"
        await two.snapshot("a", gpu_util_pct=1.0)
        for name in ("quiet", "hidden"):
            await two.snapshot("a", name, at=now() - timedelta(hours=1), gpu_util_pct=1.0)
        async with two.database.write() as connection:
            hidden = sa.update(ingest.host).where(ingest.host.c.host == "hidden")
            await connection.execute(hidden.values(deleted_at=now()))
        assert (await send(two, "POST", path, hosts=["quiet"])).status_code == 403
        answer = await send(two, "POST", path, "root", hosts=["quiet", "gpu-1", "hidden", "never seen", "quiet"])
        assert answer.json() == {
            "deleted": ["quiet", "never seen"],
            "skipped": [{"id": "gpu-1", "reason": "active"}, {"id": "hidden", "reason": "already_deleted"}],
        }
        assert [(r.kind, r.host) for r in asked] == [("host", "quiet"), ("host", "never seen")]
        assert (await send(two, "POST", path, "root", hosts=[])).status_code == 400
        assert (await send(two, "POST", path, "root", hosts=["x"] * 501)).status_code == 422

    async def test_without_ingest_the_answer_is_to_try_again(self, two):
        await two.batch("over", status="done")
        answer = await send(two, "DELETE", "/api/batches/over")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "bus.unavailable")
