"""Published projects: who opens and closes them, and what everyone reads there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema import auth, ingest
from argus_schema import catalog as own


@pytest.fixture
async def lab(live_world):
    """Ada's and Bob's batches of two projects, and an administrator."""
    for name in ("bob", "root"):
        await live_world.person(name, is_admin=name == "root")
    at = now()
    await live_world.batch("a", project="vision", command="python train.py --password hunter22 --lr 0.1", n_done=2)
    await live_world.batch("b", owner="bob", project="vision", status="done", n_done=1, n_failed=1, end_time=at)
    await live_world.batch("t", project="text")
    done = {"status": "done", "end_time": at, "elapsed_s": 3600}
    await live_world.job("a", "j-1", **done, metrics={"MSE": 0.2})
    await live_world.job("a", "j-2", model="vit", **done, metrics={"MSE": 0.1})
    await live_world.job("a", "j-3", status="running")
    await live_world.snapshot("a", gpu_util_pct=50.0, extra={"users": ["ada"]}, gpus=[{"index": 0, "pid": 1}])
    return live_world


async def send(world, method, path, who="root", **json):
    return await world.client.request(method, path, headers=world.headers[who], json=json or None)


async def publish(world, project="vision", **more):
    answer = await send(world, "POST", f"/api/admin/projects/{project}/publish", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestPublishing:
    async def test_an_administrator_opens_and_closes_a_project(self, lab):
        made = await publish(lab, description="Ours")
        assert (made["project"], made["is_public"], made["public_description"]) == ("vision", True, "Ours")
        assert made["published_by_user_id"] == lab.people["root"]
        assert await lab.read("/api/admin/projects/public", "root") == [made]
        again = await publish(lab, description="Ours, revised")
        assert (again["public_description"], again["published_at"]) == ("Ours, revised", made["published_at"])
        for _ in range(2):
            assert (await send(lab, "POST", "/api/admin/projects/vision/unpublish")).status_code == 204
        assert await lab.read("/api/admin/projects/public", "root") == []
        assert (await lab.client.get("/api/public/projects/vision")).status_code == 404

    async def test_a_name_with_slashes(self, lab):
        await lab.batch("n", project="team/vision")
        assert (await publish(lab, "team/vision"))["project"] == "team/vision"
        assert (await lab.client.get("/api/public/projects/team/vision")).json()["n_batches"] == 1
        assert (await lab.client.get("/api/public/projects/team/vision/batches")).json()[0]["batch_id"] == "n"

    async def test_what_cannot_be_published(self, lab):
        path = "/api/admin/projects/{}/publish"
        assert (await send(lab, "POST", path.format("none"))).json()["error"]["code"] == "project.not_found"
        await lab.insert(own.project_meta, project="text", is_public=False, is_demo=False, deleted_at=now())
        assert (await send(lab, "POST", path.format("text"))).status_code == 404
        assert (await send(lab, "POST", path.format("vision"), description="x" * 501)).status_code == 422
        assert (await send(lab, "POST", path.format("vision"), is_demo=True)).status_code == 422
        assert (await send(lab, "POST", path.format("vision"), "ada")).status_code == 403

    async def test_each_change_leaves_a_line(self, lab, platform):
        said = []

        async def hear(_subject, data):
            said.extend(action for action in ("project_publish", "project_unpublish") if f'"{action}"'.encode() in data)

        await platform.bus.listen(wire.ALL_AUDIT, hear)
        await publish(lab, description="Ours")
        for _ in range(2):
            await send(lab, "POST", "/api/admin/projects/vision/unpublish")
        # Something that is told after both, so that what is not told has had its time.
        await publish(lab, "text")

        async def is_over():
            return len(said) >= 3

        await eventually(is_over)
        assert said == ["project_publish", "project_unpublish", "project_publish"]


class TestPages:
    async def test_the_list_has_the_newest_first_and_nothing_empty(self, lab):
        await publish(lab, "text")
        await publish(lab, description="Ours")
        async with lab.database.write() as connection:
            meta = own.project_meta
            older = sa.update(meta).where(meta.c.project == "text").values(published_at=now() - timedelta(days=1))
            await connection.execute(older)
            empty = {"project": "empty", "is_public": True, "is_demo": False, "published_at": now()}
            await connection.execute(sa.insert(meta).values(empty))
        found = (await lab.client.get("/api/public/projects")).json()
        assert [(one["project"], one["description"], one["n_batches"]) for one in found] == [
            ("vision", "Ours", 2),
            ("text", None, 1),
        ]

    async def test_one_project_counts_everybodys_batches(self, lab):
        await publish(lab, description="Ours")
        page = (await lab.client.get("/api/public/projects/vision")).json()
        assert set(page) == {
            *("project", "description", "published_at", "n_batches", "running_batches", "jobs_done", "jobs_failed"),
            *("failure_rate", "gpu_hours", "first_event_at", "last_event_at"),
        }
        assert (page["n_batches"], page["running_batches"], page["jobs_done"], page["jobs_failed"]) == (2, 1, 3, 1)
        assert (page["failure_rate"], page["gpu_hours"]) == (0.25, 2.0)

    async def test_boards(self, lab):
        await publish(lab)
        board = (await lab.client.get("/api/public/projects/vision/leaderboard?metric=MSE")).json()
        assert {(row["model"], row["best_metric"]) for row in board} >= {("resnet", 0.2), ("vit", 0.1)}
        matrix = (await lab.client.get("/api/public/projects/vision/matrix?metric=MSE")).json()
        assert (matrix["rows"], matrix["cols"], matrix["values"]) == (["resnet", "vit"], ["cifar"], [[0.2], [0.1]])
        used = (await lab.client.get("/api/public/projects/vision/resources")).json()
        assert (used["jobs_completed"], used["gpu_hours"]) == (2, 2.0)

    async def test_batches_page_by_page(self, lab):
        await publish(lab)
        first = await lab.client.get("/api/public/projects/vision/batches?limit=1")
        rest = await lab.client.get(
            "/api/public/projects/vision/batches", params={"cursor": first.headers["X-Next-Cursor"]}
        )
        rows = first.json() + rest.json()
        assert sorted(row["batch_id"] for row in rows) == ["a", "b"]
        assert "X-Next-Cursor" not in rest.headers
        assert set(rows[0]) == {
            *("batch_id", "project", "host", "status", "n_total", "n_done", "n_failed", "start_time", "end_time")
        }

    async def test_active_batches_do_not_say_whose_they_are(self, lab):
        await publish(lab)
        (active,) = (await lab.client.get("/api/public/projects/vision/active-batches")).json()
        assert (active["batch_id"], active["owner_id"], active["user"]) == ("a", None, None)

    @pytest.mark.parametrize("rest", ["", "/leaderboard", "/matrix", "/active-batches", "/resources", "/batches"])
    async def test_what_is_not_published_is_not_there(self, lab, rest):
        await publish(lab)
        for project in ("text", "none"):
            answer = await lab.client.get(f"/api/public/projects/{project}{rest}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "project.not_found")
            # Also not for whoever has batches there: this is what everyone sees.
            assert (await lab.get(f"/api/public/projects/{project}{rest}")).status_code == 404

    async def test_deleted_batches_are_not_published(self, lab):
        await publish(lab)
        async with lab.database.write() as connection:
            await connection.execute(sa.update(ingest.batch).values(deleted_at=now()))
        assert (await lab.client.get("/api/public/projects")).json() == []
        assert (await lab.client.get("/api/public/projects/vision")).status_code == 404

    async def test_a_demo_is_for_everyone_here_and_for_nobody_elsewhere(self, lab):
        await lab.insert(own.project_meta, project="text", is_public=True, is_demo=True, published_at=now())
        assert (await lab.client.get("/api/public/projects/text")).status_code == 200
        for who in ("ada", "root"):
            assert (await lab.get("/api/projects/text", who)).status_code == 404
            assert (await lab.get("/api/batches/t", who)).status_code == 404
        assert (await lab.client.get("/api/batches/t")).status_code == 200

    async def test_a_list_asks_as_often_for_many_as_for_few(self, lab, statements):
        def asked():
            # What the outbox and the checks of credentials do meanwhile is not the list's.
            return [one for one in statements if "FROM project_meta" in one or "FROM batch" in one]

        await publish(lab)
        statements.clear()
        await lab.client.get("/api/public/projects")
        few = len(asked())
        for i in range(5):
            await lab.batch(f"more-{i}", project=f"p-{i}")
            await publish(lab, f"p-{i}")
        statements.clear()
        assert len((await lab.client.get("/api/public/projects")).json()) == 6
        assert len(asked()) == few

    async def test_no_address_of_a_person_is_told(self, lab):
        await publish(lab)
        async with lab.database.read() as connection:
            emails = (await connection.execute(sa.select(auth.user.c.email))).scalars().all()
        for rest in ("", "/leaderboard", "/matrix", "/active-batches", "/resources", "/batches"):
            text = (await lab.client.get(f"/api/public/projects/vision{rest}")).text
            assert not [email for email in emails if email in text]
            assert "hunter22" not in text
