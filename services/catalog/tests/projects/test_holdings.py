"""What people see of sums is what counting their visible batches gives, however these were opened to them."""

import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
import sqlalchemy as sa

from argus_catalog.access.visibility import visible
from argus_catalog.derivations.status import RUNNING
from argus_catalog.projects.repository import not_deleted
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_schema import catalog as own
from argus_schema import ingest

PEOPLE = ("ada", "bob", "carol", "root")
PROJECTS = ("p", "q", "r", "demo", "gone")


async def filled(world, seed):
    """Batches of three people and of nobody in five projects; some shared one by one, by project, or by membership."""
    draw = random.Random(seed)
    for name in PEOPLE[1:]:
        await world.person(name, is_admin=name == "root")
    await world.insert(own.project_meta, project="demo", is_public=False, is_demo=True)
    await world.insert(own.project_meta, project="gone", is_public=False, is_demo=False, deleted_at=now())
    for place in range(24):
        await batch(world, draw, place)
    for place in draw.sample(range(24), 8):
        await world.share(f"b{place}", draw.choice(["ada", "bob", "carol"]), draw.choice(["viewer", "editor"]))
    for owner, grantee in (("ada", "bob"), ("bob", "carol")):
        row = {"owner_id": world.people[owner], "grantee_id": world.people[grantee], "permission": "viewer"}
        await world.insert(own.project_share, project=draw.choice("pq"), created_at=now(), **row)
    for name in draw.sample(["ada", "bob", "carol"], 2):
        row = {"user_id": world.people[name], "role": draw.choice(["viewer", "owner"]), "created_at": now()}
        await world.insert(own.project_member, project="r", **row)


async def batch(world, draw, place):
    at = now()
    await world.batch(
        f"b{place}",
        draw.choice([*PEOPLE[:3], "nobody"]),
        project=draw.choice(PROJECTS),
        status=draw.choice(["running", "done", "failed", "stalled", None]),
        n_done=draw.randrange(5),
        n_failed=draw.randrange(3),
        n_total=draw.choice([None, 4, 9]),
        start_time=at - timedelta(hours=draw.randrange(300)),
        last_event_at=at - timedelta(minutes=draw.randrange(300)),
        deleted_at=at if draw.random() < 0.1 else None,
    )
    for number in range(draw.randrange(4)):
        await world.job(
            f"b{place}",
            f"j{number}",
            model=draw.choice(["m", "n", None]),
            dataset=draw.choice(["d", "e"]),
            status=draw.choice(["done", "done", "failed", "running"]),
            end_time=at - timedelta(hours=draw.randrange(60)),
            elapsed_s=draw.choice([None, 60, 3600]),
            metrics=draw.choice([None, {"MSE": draw.randrange(9) / 10}, {"ACC": draw.randrange(9) / 10, "MSE": 0.3}]),
            deleted_at=at if draw.random() < 0.1 else None,
        )


async def seen(world, name, scope):
    """The visible batches of a person, and their jobs, by way of the rule about single batches."""
    actor = Actor(world.people[name], name, is_admin=name == "root", kind="session", scope="full")
    columns = ingest.batch.c
    async with world.database.read() as connection:
        batches = list(
            await connection.execute(
                sa.select(ingest.batch, not_deleted(columns.project).label("in_projects")).where(visible(actor, scope))
            )
        )
        keys = [row.batch_key for row in batches]
        query = sa.select(ingest.job).where(ingest.job.c.batch_key.in_(keys), ingest.job.c.deleted_at.is_(None))
        jobs = list(await connection.execute(query))
    return batches, jobs


def counted(batches, jobs):
    projects = defaultdict(Counter)
    newest, days = {}, defaultdict(Counter)
    for row in batches:
        if not row.in_projects:
            continue
        projects[row.project].update(
            n_batches=1,
            running_batches=row.status in RUNNING,
            jobs_done=row.n_done,
            jobs_failed=row.n_failed,
            seconds=sum(job.elapsed_s or 0 for job in jobs if job.batch_key == row.batch_key),
        )
        newest[row.project] = max(row.last_event_at, newest.get(row.project, row.last_event_at))
        days[row.project][row.start_time.date()] += 1
    return projects, newest, days


def boards(batches, jobs, project, metric):
    """Of each model and dataset the lowest value."""
    keys = {row.batch_key for row in batches if row.project == project and row.in_projects}
    found = {}
    for job in jobs:
        if job.batch_key in keys:
            value = (job.metrics or {}).get(metric)
            values = found.setdefault((job.model or "", job.dataset or ""), [])
            values += [] if value is None else [value]
    return {place: min(values, default=None) for place, values in found.items()}


@pytest.mark.parametrize("seed", range(3))
async def test_cards_counters_and_boards_are_what_counting_gives(world, seed):
    await filled(world, seed)
    for name in PEOPLE:
        for scope in ("mine", "shared", "all"):
            batches, jobs = await seen(world, name, scope)
            projects, newest, days = counted(batches, jobs)
            cards = {card["project"]: card for card in await world.read("/api/projects", name, scope=scope)}
            assert cards.keys() == projects.keys(), (name, scope)
            for project, card in cards.items():
                sums = projects[project]
                for key in ("n_batches", "running_batches", "jobs_done", "jobs_failed"):
                    assert card[key] == sums[key], (name, scope, project, key)
                assert card["gpu_hours"] == round(sums["seconds"] / 3600, 3)
                assert card["last_event_at"] == iso(newest[project])
                week = [now().date() - timedelta(days=6 - place) for place in range(7)]
                assert card["batch_volume_7d"] == [days[project][day] for day in week]
            counters = (await world.read("/api/dashboard", name, scope=scope))["counters"]
            assert counters["running_batches"] == sum(row.status == "running" for row in batches)
            mine = [row for row in batches if row.status == "running" and row.owner_id == world.people[name]]
            assert counters["my_running"] == len(mine)
            page = await world.read("/api/jobs", name, scope=scope, page_size=200)
            assert page["total"] == len(page["items"]) == len(jobs)
        batches, jobs = await seen(world, name, "all")
        for project in {row.project for row in batches if row.in_projects}:
            rows = await world.read(f"/api/projects/{project}/leaderboard", name, metric="MSE")
            best = {(row["model"], row["dataset"]): row["best_metric"] for row in rows}
            assert best == boards(batches, jobs, project, "MSE"), (name, project)


async def test_the_last_sign_of_life_is_found_again_after_its_batch_was_deleted(world):
    at = now()
    early, late = at - timedelta(hours=2), at - timedelta(hours=1)
    await world.batch("early", status="done", last_event_at=early)
    await world.batch("late", status="done", last_event_at=late)
    (card,) = await world.read("/api/projects")
    assert card["last_event_at"] == iso(late)
    async with world.database.write() as connection:
        await connection.execute(ingest.batch.update().where(ingest.batch.c.id == "late").values(deleted_at=at))
    (card,) = await world.read("/api/projects")
    assert card["last_event_at"] == iso(early)


async def test_a_projects_best_models_are_sought_among_all_its_done_jobs(world):
    await world.batch("b")
    await world.job("b", "bad", status="failed", metrics={"ACC": 0.99}, model="m", dataset="d")
    await world.job("b", "good", status="done", metrics={"ACC": 0.8, "lr": 1}, model="m", dataset="d")
    await world.job("b", "other", status="done", metrics={"ACC": 0.9, "lr": 1}, model="n", dataset="d")
    (card,) = await world.read("/api/projects")
    assert [(top["model"], top["metric_name"], top["metric_value"]) for top in card["top_models"]] == [
        ("n", "ACC", 0.9),
        ("m", "ACC", 0.8),
    ]


@pytest.mark.parametrize(
    ("toward", "order"), [("max", ["high", "low"]), ("min", ["low", "high"]), (None, ["low", "high"])]
)
async def test_a_projects_own_metric_and_its_direction_decide_on_cards_and_on_its_page(world, toward, order):
    """Another project may say the contrary of the same name."""
    contrary = {"max": "min", "min": "max", None: "max"}[toward]
    for project, said in (("vision", toward), ("text", contrary)):
        settings = {"primary_metric": "wobble", **({"direction": said} if said else {})}
        await world.insert(own.project_meta, project=project, is_public=False, is_demo=False, settings=settings)
        await world.batch(project, project=project)
        for name, value in (("low", 1.0), ("high", 2.0)):
            await world.job(project, name, status="done", metrics={"wobble": value, "MSE": value}, model=name)
    await world.person("bob")
    await world.share("vision", "bob")
    for who in ("ada", "bob"):
        page = await world.read("/api/projects/vision", who)
        assert [top["model"] for top in page["top_models"]] == order, who
        assert page["best_metric"] == {"name": "wobble", "value": 2.0 if order[0] == "high" else 1.0}
        card = next(one for one in await world.read("/api/projects", who) if one["project"] == "vision")
        assert card["top_models"] == page["top_models"]


async def test_a_metric_that_no_job_has_decides_nothing(world):
    await world.insert(
        own.project_meta, project="vision", is_public=False, is_demo=False, settings={"primary_metric": "x"}
    )
    await world.batch("b")
    await world.job("b", "a", status="done", metrics={"MSE": 1.0})
    assert (await world.read("/api/projects/vision"))["best_metric"] == {"name": "MSE", "value": 1.0}
