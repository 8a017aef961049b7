"""What is told without a credential where pages usually ask with one: what was published, less than to people."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_kit import identity
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema import catalog as own
from argus_schema import ingest

ENVIRONMENT = {"git_sha": "0" * 40, "git_branch": "main", "cwd": "/home/ada", "env": {"WANDB_API_KEY": "x"}}
OF_BATCH = ("", "/jobs", "/jobs/eta-all", "/health", "/eta", "/epochs/latest", "/resources", "/metrics", "/export.csv")
BOARDS = ("matrix", "matrix?seeds=true", "matrix/export?format=jsonl", "leaderboard?seeds=true", "leaderboard")
OF_JOB = ("", "/epochs", "/eta", "/metrics", "/log-lines")


@pytest.fixture
async def lab(live_world):
    """A published project with a batch that has a job, and one that is not published, whose batch has a link."""
    for batch_id, project in (("open", "vision"), ("closed", "text")):
        await live_world.batch(
            batch_id,
            project=project,
            user="ada-at-home",
            command="WANDB_API_KEY=abcdef123456 python train.py --password hunter22 --lr 0.1",
            error="Traceback: /home/ada/train.py",
            env_snapshot=ENVIRONMENT,
        )
        no = await live_world.job(
            batch_id,
            "j/1",
            reason="Traceback: /home/ada/train.py",
            extra={"run_dir": "/home/ada/runs", "config": {"api_key": "abcdef123456"}},
        )
        await live_world.points(batch_id, no, [1, 2], val_loss=[1.0, 0.5])
        await live_world.log(batch_id, "a private line", job_id="j/1")
        await live_world.snapshot(batch_id, gpu_util_pct=50.0, extra={"who": "ada-at-home"}, gpus=[{"pid": 1}])
    await live_world.insert(own.project_meta, project="vision", is_public=True, is_demo=False, published_at=now())
    await live_world.insert(own.public_share, slug="the-slug", batch_id="closed", created_at=now(), view_count=0)
    return live_world


async def views(world):
    async with world.database.read() as connection:
        return (await connection.execute(sa.select(own.public_share.c.view_count))).scalar_one()


class TestWhatIsOpen:
    @pytest.mark.parametrize("name", ["open", "the-slug"])
    async def test_a_batch_and_its_job_are_read_without_a_credential(self, lab, name):
        for rest in (*OF_BATCH, "/curves?metric=val_loss", "/log-lines"):
            answer = await lab.client.get(f"/api/batches/{name}{rest}")
            assert answer.status_code == 200, (rest, answer.text)
        for rest in OF_JOB:
            answer = await lab.client.get(f"/api/jobs/{name}/j/1{rest}")
            assert answer.status_code == 200, (rest, answer.text)
        curves = (await lab.client.get(f"/api/batches/{name}/curves?metric=val_loss")).json()
        assert "0.5" in str(curves)

    async def test_a_published_project_and_no_other(self, lab):
        for rest in ("", "/active-batches", "/leaderboard", "/matrix", "/resources", "/export.csv"):
            assert (await lab.client.get(f"/api/projects/vision{rest}")).status_code == 200, rest
            assert (await lab.client.get(f"/api/projects/text{rest}")).status_code == 404, rest
        assert [p["project"] for p in (await lab.client.get("/api/projects")).json()] == ["vision"]

    async def test_the_id_of_a_batch_behind_a_link_opens_nothing(self, lab):
        for rest in OF_BATCH:
            assert (await lab.client.get(f"/api/batches/closed{rest}")).status_code == 404, rest
        for rest in OF_JOB:
            assert (await lab.client.get(f"/api/jobs/closed/j/1{rest}")).status_code == 404, rest

    async def test_a_slug_is_no_name_for_people(self, lab):
        await lab.person("eve")
        for who in ("ada", "eve"):
            assert (await lab.get("/api/batches/the-slug", who)).status_code == 404
        assert (await lab.get("/api/batches/open", "eve")).status_code == 404

    async def test_a_link_that_ended_says_so(self, lab):
        async with lab.database.write() as connection:
            await connection.execute(sa.update(own.public_share).values(expires_at=now() - timedelta(seconds=1)))
        answer = await lab.client.get("/api/batches/the-slug")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "public_share.expired")
        assert (await lab.client.get("/api/jobs/the-slug/j/1")).is_error

    async def test_nothing_is_open_any_more_once_it_is_closed(self, lab):
        async with lab.database.write() as connection:
            await connection.execute(sa.update(own.project_meta).values(is_public=False))
            await connection.execute(sa.delete(own.public_share))
        for path in ("/api/batches/open", "/api/batches/the-slug", "/api/projects/vision", "/api/jobs/open/j/1"):
            assert (await lab.client.get(path)).status_code == 404, path

    async def test_lists_and_questions_want_a_credential(self, lab):
        for path in ("/api/batches", "/api/batches/compact", "/api/jobs", "/api/dashboard", "/api/hosts", "/api/stars"):
            assert (await lab.client.get(path)).status_code == 401, path
        assert (await lab.client.post("/api/batches/open/public-share")).status_code == 401
        assert (await lab.client.delete("/api/batches/open")).status_code == 401
        assert (await lab.client.get("/api/batches/open/shares")).status_code == 401

    @pytest.mark.parametrize("name", ["open", "the-slug"])
    async def test_curves_of_jobs_and_groups_are_open_and_their_settings_are_not(self, lab, name):
        jobs = [{"batch_id": name, "job_id": "j/1"}]
        asked = {"series": jobs, "split": [{"batch_id": name, "by": "all"}]}
        found = (await lab.client.post("/api/metrics/query", json=asked)).json()
        assert found["results"][0]["series"]
        assert found["groups"][0]["series"]
        for by in ("config.api_key", "seed"):
            split = {"split": [{"batch_id": name, "by": by}]}
            assert (await lab.client.post("/api/metrics/query", json=split)).status_code == 401
            assert (await lab.client.post("/api/metrics/query", json=split, headers=lab.headers["ada"])).is_success
        closed = {"series": [{"batch_id": "closed", "job_id": "j/1"}], "split": [{"batch_id": "closed", "by": "all"}]}
        told = (await lab.client.post("/api/metrics/query", json=closed)).json()
        assert not told["results"][0]["series"]
        assert "0.5" not in str(told)

    async def test_a_bad_credential_makes_no_visitor(self, lab):
        for credential in ("garbage", "em_live_" + "x" * 27):
            answer = await lab.client.get("/api/batches/open", headers={"Authorization": f"Bearer {credential}"})
            assert answer.status_code == 401

    async def test_visitors_may_not_ask_without_end(self, lab, monkeypatch):
        # What they may ask again comes so slowly that no machine is too slow for this test.
        monkeypatch.setattr(identity, "_VISITS_PER_S", 0.01)
        answers = [await lab.client.get("/api/batches/none") for _ in range(identity._VISITS_AT_ONCE + 3)]
        assert [answer.status_code for answer in answers[-4:]] == [404, 429, 429, 429]
        assert int(answers[-1].headers["Retry-After"]) >= 1


class TestWhatIsTold:
    @pytest.mark.parametrize("name", ["open", "the-slug"])
    async def test_nothing_of_people_paths_and_secrets(self, lab, name):
        read = [f"/api/batches/{name}{rest}" for rest in (*OF_BATCH, "/log-lines", "/curves?metric=val_loss")]
        read += [f"/api/jobs/{name}/j/1{rest}" for rest in OF_JOB]
        if name == "open":
            read += ["/api/projects", "/api/projects/vision", "/api/projects/vision/active-batches"]
        for path in read:
            text = (await lab.client.get(path)).text
            for secret in ("hunter22", "abcdef123456", "/home/ada", "ada-at-home", "a private line", "Traceback"):
                assert secret not in text, (path, secret)

    @pytest.mark.parametrize("name", ["open", "the-slug"])
    async def test_nor_of_what_ended_badly(self, lab, name):
        """A batch that failed tells of it where it warns; a job tells its metrics, which may hold texts."""
        told = {"checkpoint": "/home/ada/best.pt", "by": {"who": "ada-at-home"}, "MSE": 0.5, "loss": "NaN"}
        config = {"data": {"wallet_seed": "abcdef123456"}, "seed": 7}
        async with lab.database.write() as connection:
            await connection.execute(sa.update(ingest.batch).values(status="failed", end_time=now()))
            await connection.execute(
                sa.update(ingest.job).values(status="done", end_time=now(), metrics=told, extra={"config": config})
            )
        read = [f"/api/batches/{name}{rest}" for rest in (*OF_BATCH, *(f"/{board}" for board in BOARDS))]
        read += [f"/api/jobs/{name}/j/1{rest}" for rest in OF_JOB]
        read += ["/api/public/the-slug", "/api/public/the-slug/jobs", "/api/public/the-slug/jobs/j/1"]
        if name == "open":
            read += [f"/api{public}/projects/vision/{board}" for public in ("", "/public") for board in BOARDS]
            read += [
                f"/api{public}/projects/vision{rest}" for public in ("", "/public") for rest in ("", "/active-batches")
            ]
        for path in read:
            answer = await lab.client.get(path)
            for secret in ("abcdef123456", "/home/ada", "ada-at-home", "Traceback"):
                assert secret not in answer.text, (path, secret)
        job = (await lab.client.get(f"/api/batches/{name}/jobs")).json()[0]
        assert job["metrics"] == {"MSE": 0.5, "loss": "NaN"}
        warnings = (await lab.client.get(f"/api/batches/{name}/health")).json()["warnings"]
        assert "The batch failed." in warnings

    async def test_what_helps_to_run_it_again_is_told(self, lab):
        batch = (await lab.client.get("/api/batches/open")).json()
        assert batch["command"] == "WANDB_API_KEY=*** python train.py --password *** --lr 0.1"
        assert batch["env_snapshot"] == {
            "git_sha": "0" * 40,
            "git_sha_short": "0" * 8,
            "git_branch": "main",
            "git_remote_url": None,
        }
        assert (batch["can_edit"], batch["owner_id"], batch["owner"]) == (False, None, "ada")
        page = (await lab.client.get("/api/public/the-slug")).json()
        assert page["command"] == batch["command"]

    async def test_people_are_told_all_of_it(self, lab):
        batch = await lab.read("/api/batches/open")
        assert (batch["user"], batch["env_snapshot"]["cwd"]) == ("ada-at-home", "/home/ada")
        assert [line["line"] for line in await lab.read("/api/batches/open/log-lines")] == ["a private line"]


class TestViews:
    async def test_one_page_is_one_view(self, lab):
        for path in (
            "/api/public/the-slug",
            "/api/public/the-slug/jobs",
            "/api/batches/the-slug",
            "/api/batches/the-slug",
        ):
            assert (await lab.client.get(path)).status_code == 200

        async def counted():
            return await views(lab) == 1

        await eventually(counted)
        await lab.client.get("/api/public/the-slug")
        assert await views(lab) == 2

    async def test_a_page_that_only_knows_the_slug_counts_too(self, lab):
        for _ in range(3):
            await lab.client.get("/api/batches/the-slug")
        assert await views(lab) == 1
        await lab.client.get("/api/batches/open")
        assert await views(lab) == 1
