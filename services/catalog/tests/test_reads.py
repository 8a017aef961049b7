"""What holds for every GET of the catalog, found in its own document: a new route is tested without an entry here."""

import math
import re
from datetime import timedelta
from functools import cache

import pytest
from fastapi import FastAPI

from argus_catalog.app import SERVICE
from argus_kit.clock import now
from argus_schema import catalog as own
from argus_schema import ingest

# What stands in an address. A route that names something else fails until it is told here.
NAMES = {
    "batch_id": "b0",
    "job_id": "j0",
    "project": "vision",
    "host": "gpu-0",
    "slug": "slug-0",
    "name": "sweep",
    "trial_id": "0",
}
# What a query must name, or what makes it say most.
ASKED = {
    "/api/compare": "?batches=b0,b1",
    "/api/compare/export.csv": "?batches=b0,b1",
    "/api/batches": "?limit=500",
    "/api/batches/compact": "?limit=500",
    "/api/jobs": "?page_size=200",
    "/api/search": "?q=b&limit=50",
    "/api/projects/{project}/matrix": "?metric=MSE&seeds=true",
    "/api/projects/{project}/leaderboard": "?metric=MSE&seeds=true",
}
FEW, MANY = 3, 60
# Sent while it is read: what the whole comes to is not known when it begins.
STREAMED = {"/api/jobs/{batch_id}/{job_id}/log.txt", "/api/batches/{batch_id}/log.txt"}


@cache
def routes():
    app = FastAPI()
    for router in SERVICE.routers():
        app.include_router(router)
    return [path for path, operations in app.openapi()["paths"].items() if "get" in operations]


def address(route):
    return re.sub(r"{(\w+)}", lambda found: NAMES[found[1]], route) + ASKED.get(route, "")


async def fill(world, begin, end):
    """Batches with jobs, curves, logs, snapshots, shares, marks and links; the first one has most jobs."""
    at = now()
    meta = own.project_meta
    for place in range(begin, end):
        project = "vision" if place % 2 == 0 else f"project-{place}"
        owner = "bob" if place % 3 == 2 else "ada"
        await world.batch(f"b{place}", owner, project=project, host=f"gpu-{place}", n_done=1)
        await world.share(f"b{place}", "ada" if owner == "bob" else "bob")
        await trial(world, f"b{place}", "j0", place, at)
        if place:
            await trial(world, "b0", f"j{place}", place, at)
        await world.log(f"b{place}", f"line {place}", job_id="j0")
        await world.log("b0", f"more {place}", job_id="j0")
        await world.snapshot(
            f"b{place}", f"gpu-{place}", at=at, gpu_util_pct=50.0, gpus=[{"index": 0, "util_pct": 50.0}]
        )
        link = {"slug": f"slug-{place}", "batch_id": f"b{place}", "created_at": at, "created_by": world.people["ada"]}
        await world.insert(own.public_share, **link)
        for kind, target in (("batch", f"b{place}"), ("project", project)):
            if kind == "batch" or place % 2 or place == begin == 0:
                mark = {"target_type": kind, "target_id": target, "starred_at": at}
                await world.insert(own.star, user_id=world.people["ada"], **mark)
        if project != "vision" or place == 0:
            await world.insert(meta, project=project, is_public=True, is_demo=False, published_at=at)
        if place < 4:
            await world.insert(own.pin, user_id=world.people["ada"], batch_id=f"b{place}", pinned_at=at)
        view = {
            "user_id": world.people["ada"],
            "name": f"view {place}",
            "page": "batches",
            "query": {},
            "created_at": at,
        }
        await world.insert(own.saved_view, **view)


async def trial(world, batch_id, job_id, place, at):
    optuna = {"study_name": "sweep" if place % 2 == 0 else f"sweep-{place}", "trial_id": place, "params": {"x": place}}
    no = await world.job(
        batch_id,
        job_id,
        model=f"m{place % 5}",
        dataset=f"d{place % 4}",
        status="running" if place % 4 == 3 else "done",
        end_time=None if place % 4 == 3 else at - timedelta(seconds=place),
        elapsed_s=60,
        metrics={"MSE": 1 / (place + 1), "ACC": place / 100},
        extra={"optuna": optuna, "config": {"lr": 0.1, "seed": place}},
    )
    await world.points(batch_id, no, [0, 1, 2], val_loss=[3.0, 2.0, 1.0])


@pytest.fixture
async def stocked(world):
    await world.person("bob")
    await world.person("carol", is_admin=True)
    await fill(world, 0, FEW)
    return world


def reader(route):
    return "carol" if route.startswith("/api/admin") else "ada"


async def get(world, route):
    return await world.client.get(address(route), headers=world.headers[reader(route)])


async def test_no_list_runs_more_statements_the_more_it_has_to_tell(stocked, statements):
    counted = {}

    async def count():
        for route in routes():
            await get(stocked, route)  # who asks is known from then on, for some seconds
            fewest = math.inf
            for _ in range(2):
                statements.clear()
                answer = await get(stocked, route)
                assert answer.status_code == 200, (route, answer.text)
                fewest = min(fewest, len(statements))
            yield route, fewest

    counted = {route: n async for route, n in count()}
    await fill(stocked, FEW, MANY)
    grown = {route: (counted[route], n) async for route, n in count() if n > counted[route]}
    assert grown == {}
    assert max(counted.values()) <= 20


async def test_every_answer_has_an_etag_that_saves_sending_it_again(stocked):
    without, resent = [], []
    for route in routes():
        answer = await get(stocked, route)
        etag = answer.headers.get("etag")
        if etag is None:
            without.append(route)
            continue
        headers = stocked.headers[reader(route)] | {"If-None-Match": etag}
        again = await stocked.client.get(address(route), headers=headers)
        changes = again.status_code == 200 and again.headers["etag"] != etag  # it tells the time
        if again.status_code != 304 and not changes:
            resent.append(route)
        if again.status_code == 304:
            assert again.content == b""
    assert (set(without), resent) == (STREAMED, [])


async def test_what_was_written_is_read_at_once_by_every_list(stocked):
    """Nothing is kept between two reads: a name that appears in the tables appears in the very next answer."""
    lists = {
        "/api/batches?limit=500": "fresh",
        "/api/batches/compact?limit=500": "fresh",
        "/api/jobs?page_size=200": "fresh",
        "/api/projects": "new-project",
        "/api/dashboard": "new-project",
        "/api/projects/new-project": "new-project",
        "/api/projects/new-project/leaderboard?metric=MSE": "fresh",
        "/api/projects/new-project/matrix?metric=MSE": "fresh",
        "/api/search?q=fresh": "fresh",
        "/api/batches/fresh/jobs": "fresh",
    }
    before = {path: await stocked.client.get(path, headers=stocked.headers["ada"]) for path in lists}
    assert not any(
        name in answer.text
        for (path, name), answer in zip(lists.items(), before.values(), strict=True)
        if answer.status_code == 200
    )
    await stocked.batch("fresh", project="new-project")
    await stocked.job("fresh", "j0", status="done", metrics={"MSE": 0.5}, elapsed_s=5, end_time=now())
    for path, name in lists.items():
        headers = stocked.headers["ada"]
        if "etag" in before[path].headers:
            headers = headers | {"If-None-Match": before[path].headers["etag"]}
        answer = await stocked.client.get(path, headers=headers)
        assert answer.status_code == 200, path
        assert name in answer.text, path


async def test_a_count_follows_what_happens_to_its_jobs(stocked):
    total = (await stocked.read("/api/jobs"))["total"]
    await stocked.job("b0", "one-more")
    assert (await stocked.read("/api/jobs"))["total"] == total + 1
    async with stocked.database.write() as connection:
        await connection.execute(ingest.batch.update().where(ingest.batch.c.id == "b0").values(deleted_at=now()))
    jobs = await stocked.read("/api/jobs", page_size="200")
    assert jobs["total"] == len(jobs["items"]) < total
