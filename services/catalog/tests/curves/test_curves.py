"""Curves over HTTP: where runs began anew, kinds of steps, many jobs in one request, and how answers travel."""

import gzip
import json
import math
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import sqlalchemy as sa

from argus_contracts.points import STEPS, pack
from argus_schema import ingest

T0 = 1_795_435_200.0


async def steps(world, batch_id, job_no, numbers, **columns):
    await world.insert(
        ingest.metric_block,
        batch_key=world.keys[batch_id],
        job_no=job_no,
        id=world.next_id(batch_id),
        n_points=len(numbers),
        first_step=min(numbers),
        last_step=max(numbers),
        names=list(columns),
        payload=pack(numbers, [T0 + n for n in numbers], list(columns.values()), STEPS),
    )


async def query(world, who="ada", **body):
    return await world.client.post("/api/metrics/query", headers=world.headers[who], json=body)


class TestOneJob:
    async def test_a_resumed_run_replaces_its_tail_and_says_where(self, world):
        await world.batch("a")
        resumes = [{"at": T0 + 100, "epoch": 3, "step": None}]
        no = await world.job("a", "j", resumes=resumes)
        await world.points("a", no, [1, 2, 3, 4], loss=[4.0, 3.0, 2.0, 1.0], step_s=1)
        await world.insert(
            ingest.metric_block,
            batch_key=world.keys["a"],
            job_no=no,
            id=world.next_id("a"),
            n_points=1,
            first_step=3,
            last_step=3,
            names=["loss"],
            payload=pack([3], [T0 + 200], [[9.0]]),
        )
        found = await world.read("/api/jobs/a/j/metrics")
        (one,) = found["series"]
        assert (one["steps"], one["values"], found["resumes"]) == ([1, 2, 3], [4.0, 3.0, 9.0], resumes)
        assert [row["loss"] for row in await world.read("/api/jobs/a/j/epochs")] == [4.0, 3.0, 9.0]

    async def test_a_metric_over_epochs_and_over_steps_is_two_series(self, world):
        await world.batch("a")
        no = await world.job("a", "j")
        await world.points("a", no, [1, 2], acc=[0.1, 0.2])
        await steps(world, "a", no, [10, 20, 30], acc=[0.3, math.nan, 0.5], grad=[1.0, None, 2.0])
        found = await world.read("/api/jobs/a/j/metrics")
        assert [(s["name"], s["kind"], s["steps"]) for s in found["series"]] == [
            ("acc", "epoch", [1, 2]),
            ("acc", "step", [10, 20, 30]),
            ("grad", "step", [10, 30]),
        ]
        over_steps = found["series"][1]
        assert (over_steps["values"], over_steps["nonfinite"]["nan"]) == ([0.3, None, 0.5], [20])
        assert over_steps["summary"] == {
            "n": 3, "last": 0.5, "last_step": 30, "min": 0.3, "min_step": 10, "max": 0.5, "max_step": 30,
            "best": 0.5, "best_step": 30, "direction": "max",
        }  # fmt: skip
        only = await world.read("/api/jobs/a/j/metrics", kind="step", names="acc")
        assert ([s["kind"] for s in only["series"]], only["names"]) == (["step"], ["acc", "grad"])
        assert len(await world.read("/api/jobs/a/j/epochs")) == 2

    async def test_a_merged_curve_is_drawn_from_afar_and_read_exactly_where_one_looks_closer(self, world, statements):
        await world.batch("a")
        no = await world.job("a", "j")
        values = np.sin(np.arange(20_000) / 900).tolist()
        values[7_777], values[12_345], values[500] = 50.0, -50.0, math.nan
        await world.merged("a", no, "loss", values)
        await world.points("a", no, [20_000, 20_001], loss=[0.5, 0.25])
        statements.clear()
        (far,) = (await world.read("/api/jobs/a/j/metrics", points=200))["series"]
        assert len(far["steps"]) <= 200
        assert (far["n_points"], far["steps"][0], far["steps"][-1]) == (20_002, 0, 20_001)
        assert (far["values"][far["steps"].index(7_777)], far["summary"]["max_step"]) == (50.0, 7_777)
        assert (far["values"][far["steps"].index(12_345)], far["summary"]["best_step"]) == (-50.0, 12_345)
        assert far["nonfinite"]["nan"] == [500]
        assert not [text for text in statements if "metric_chunk.payload" in text], "read point by point"
        (near,) = (await world.read("/api/jobs/a/j/metrics", from_step=7_770, to_step=7_779))["series"]
        assert (near["steps"], near["values"]) == (list(range(7_770, 7_780)), values[7_770:7_780])
        assert (near["n_points"], near["summary"]["n"]) == (10, 20_002)

    async def test_a_repeated_step_changes_what_was_merged_unless_it_is_older(self, world):
        await world.batch("a")
        no = await world.job("a", "j")
        await world.merged("a", no, "loss", [1.0] * 20_000)
        later = datetime.fromtimestamp(T0 + 90_000, UTC)
        await world.points("a", no, [1_500], begin=later, loss=[-7.0])
        await world.points("a", no, [1_501], begin=later - timedelta(days=9), loss=[-9.0])
        (one,) = (await world.read("/api/jobs/a/j/metrics", points=100))["series"]
        assert (one["values"][one["steps"].index(1_500)], one["summary"]["min"]) == (-7.0, -7.0)
        assert (one["n_points"], one["summary"]["n"]) == (20_000, 20_000)

    async def test_bounds_that_fit_no_number_are_refused(self, world):
        await world.batch("a")
        await world.job("a", "j")
        for params in ({"from_step": 2**63}, {"from_time": "nan"}, {"points": 1}, {"kind": "day"}):
            answer = await world.get("/api/jobs/a/j/metrics", **params)
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "request.invalid"), params

    async def test_its_row_tells_the_summary(self, world):
        known = {"n": 2, "last": "NaN", "last_step": 2, "min": 1.0, "min_step": 1, "max": 1.0, "max_step": 1}
        await world.batch("a")
        await world.job("a", "j", summary={"loss": known})
        assert (await world.read("/api/jobs/a/j"))["summary"] == {"loss": known}


class TestManyJobs:
    async def test_each_answers_for_itself_in_the_order_of_asking(self, world):
        await world.person("bob")
        for name in ("a", "b"):
            await world.batch(name)
        await world.batch("hidden", owner="bob")
        for batch_id in ("a", "b", "hidden"):
            no = await world.job(batch_id, "j")
            await world.points(batch_id, no, [1, 2], loss=[1.0, 0.5], acc=[0.1, 0.2])
        asked = [
            {"batch_id": "b", "job_id": "j", "metrics": ["acc", "none"]},
            {"batch_id": "hidden", "job_id": "j", "metrics": ["acc"]},
            {"batch_id": "a", "job_id": "gone"},
            {"batch_id": "a", "job_id": "j"},
        ]
        found = (await query(world, series=asked)).json()["results"]
        assert [(r["batch_id"], r["job_id"]) for r in found] == [(one["batch_id"], one["job_id"]) for one in asked]
        assert [r["error"] and r["error"]["code"] for r in found] == [None, "batch.not_found", "job.not_found", None]
        assert [[s["name"] for s in r["series"]] for r in found] == [["acc"], [], [], ["acc", "loss"]]
        assert [r["missing"] for r in found] == [["none"], ["acc"], [], []]

    async def test_the_number_of_statements_does_not_grow(self, world, statements):
        for batch_id in ("a", "b", "c"):
            await world.batch(batch_id)
            for name in ("j1", "j2", "j3"):
                no = await world.job(batch_id, name)
                await world.merged(batch_id, no, "loss", [1.0] * 100)
                await world.points(batch_id, no, [200], loss=[0.5])
        counts = []
        # The first request looks the credential up.
        await query(world, series=[{"batch_id": "a", "job_id": "j1"}])
        for batches in ("a", "abc"):
            asked = [{"batch_id": b, "job_id": j} for b in batches for j in ("j1", "j2", "j3")]
            statements.clear()
            found = (await query(world, series=asked)).json()["results"]
            assert all(r["series"][0]["n_points"] == 101 for r in found)
            counts.append(len(statements))
        assert counts[0] == counts[1]

    async def test_too_much_at_once_is_refused_clearly(self, world):
        await world.batch("a")
        no = await world.job("a", "j")
        await world.points("a", no, [1], **{f"m{place}": [1.0] for place in range(51)})
        answer = await query(world, series=[{"batch_id": "a", "job_id": "j"}], points=20_000)
        assert answer.status_code == 422
        assert "51 curves of 20000 points" in answer.json()["error"]["message"]
        one = {"batch_id": "a", "job_id": "j"}
        for body in (
            {"series": []},
            {"series": [one] * 501},
            {"series": [{**one, "x": 1}]},
            {"series": [one], "points": 1},
        ):
            assert (await query(world, **body)).status_code == 422

    async def test_without_a_credential_there_is_nothing_that_was_not_published(self, world):
        await world.batch("a")
        no = await world.job("a", "j")
        await world.points("a", no, [1, 2], loss=[0.515625, 0.25])
        one = {"series": [{"batch_id": "a", "job_id": "j"}]}
        assert "0.515625" in (await query(world, **one)).text
        answer = await world.client.post("/api/metrics/query", json=one)
        assert answer.status_code == 200
        assert "0.515625" not in answer.text


class TestTravel:
    async def test_long_answers_are_compressed_for_those_who_take_it(self, world):
        await world.batch("a")
        no = await world.job("a", "j")
        await world.points("a", no, list(range(500)), loss=[1.0 / (n + 1) for n in range(500)])
        headers = world.headers["ada"]
        plain = await world.client.get("/api/jobs/a/j/metrics", headers={**headers, "Accept-Encoding": "identity"})
        request = httpx.Request(
            "GET", "http://test/api/jobs/a/j/metrics", headers={**headers, "Accept-Encoding": "gzip"}
        )
        packed = await world.client.send(request, stream=True)
        raw = b"".join([piece async for piece in packed.aiter_raw()])
        assert (packed.headers["content-encoding"], "Accept-Encoding" in packed.headers["vary"]) == ("gzip", True)
        assert int(packed.headers["content-length"]) == len(raw) < len(plain.content) / 2
        assert json.loads(gzip.decompress(raw)) == plain.json()
        assert "content-encoding" not in plain.headers
        again = {**headers, "If-None-Match": packed.headers["etag"], "Accept-Encoding": "gzip"}
        assert (await world.client.get("/api/jobs/a/j/metrics", headers=again)).status_code == 304


async def test_a_chunk_that_a_newer_run_shortened_is_read_anew(world):
    await world.batch("a")
    no = await world.job("a", "j", resumes=[{"at": T0 + 50_000, "epoch": 10_000, "step": None}])
    await world.merged("a", no, "loss", [1.0] * 20_000)
    found = (await world.read("/api/jobs/a/j/metrics", points=100))["series"][0]
    assert (found["n_points"], found["steps"][-1]) == (10_000, 9_999)
    async with world.database.read() as connection:
        assert (
            await connection.execute(sa.select(sa.func.count()).select_from(ingest.metric_chunk))
        ).scalar_one() == 20
