"""One search over everything that the caller sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argus_kit.clock import now
from argus_kit.testing import add_token, bearer_headers
from argus_schema import catalog as own


@pytest.fixture
async def lab(world):
    """Ada's batches; Bob's, one of them shared with her."""
    await world.person("bob")
    at = now()
    await world.batch("sweep-1", name="first sweep", project="vision", status="done", end_time=at)
    await world.batch("b-2", project="sweeping", host="sweeper")
    await world.batch("sweep-gone", deleted_at=at)
    await world.batch("sweep-of-bob", owner="bob", project="bobs-sweeps")
    await world.batch("bobs-open-sweep", owner="bob", project="open")
    await world.share("bobs-open-sweep", "ada")
    study = {"optuna": {"study_name": "sweep-study", "trial_id": 1}}
    await world.job("sweep-1", "sweep-job", model="vit", dataset="cifar10", extra=study)
    await world.job("sweep-1", "other", model="sweepnet", start_time=at - timedelta(days=1))
    await world.job("sweep-1", "sweep-hidden", deleted_at=at)
    # Without a start it is not among the newest.
    await world.job("sweep-1", "sweep-early", start_time=None)
    await world.job("sweep-of-bob", "sweep-job-of-bob", extra=study)
    await world.snapshot("b-2", "sweeper")
    await world.snapshot("sweep-of-bob", "sweep-host-of-bob")
    return world


async def found(world, q, who="ada", **params):
    items = (await world.read("/api/search", who, q=q, **params))["items"]
    return {kind: [one["id"] for one in items if one["kind"] == kind] for kind in {one["kind"] for one in items}}


async def test_finds_what_the_caller_sees_and_nothing_else(lab):
    assert await found(lab, "sweep") == {
        "project": ["sweeping"],
        "batch": ["sweep-1", "bobs-open-sweep"],
        "job": ["sweep-job", "sweep-early", "other"],
        "host": ["sweeper"],
        "study": ["sweep-study"],
    }
    assert await found(lab, "bobs") == {"batch": ["bobs-open-sweep"]}
    assert set((await found(lab, "sweep", "bob"))["batch"]) == {"sweep-of-bob", "bobs-open-sweep"}


async def test_all_words_must_occur_in_any_case(lab):
    assert await found(lab, "CIFAR vit") == {"job": ["sweep-job"]}
    assert await found(lab, "vit nothing") == {}
    assert await found(lab, "  ") == {}
    assert await found(lab, "%") == {}
    assert await found(lab, "_") == {}


async def test_the_best_match_comes_first(lab):
    for name in ("a-run", "run-b", "run"):
        await lab.batch(name)
    assert (await found(lab, "run"))["batch"] == ["run", "run-b", "a-run"]
    assert (await found(lab, "run", limit=1))["batch"] == ["run"]


async def test_tells_where_a_job_belongs_and_how_it_stands(lab):
    items = (await lab.read("/api/search", q="sweep-job"))["items"]
    assert items == [
        {
            "kind": "job",
            "id": "sweep-job",
            "batch_id": "sweep-1",
            "title": "sweep-job",
            "subtitle": "vit · cifar10 · first sweep",
            # It still "runs" in a batch that ended.
            "status": "lost",
        }
    ]


async def test_a_deleted_project_is_not_found_by_its_name(lab):
    await lab.insert(own.project_meta, project="sweeping", deleted_at=now())
    assert "project" not in await found(lab, "sweep")


async def test_a_token_for_a_project_finds_nothing_outside_of_it(lab):
    token = bearer_headers(await add_token(lab.database, lab.people["ada"], project="vision"))
    told = await found(lab, "sweep", token)
    assert told["batch"] == ["sweep-1"]
    assert "host" not in told
    assert "project" not in told


async def test_takes_as_many_statements_whatever_it_finds(lab, statements):
    await found(lab, "nothing")
    numbers = set()
    for text in ("nothing", "sweep"):
        statements.clear()
        await found(lab, text)
        numbers.add(len(statements))
    assert len(numbers) == 1


async def test_more_words_than_anyone_writes_are_answered(lab):
    assert (await lab.get("/api/search", q="a " * 100)).status_code == 200
    assert (await lab.get("/api/search", q="a" * 201)).status_code == 422
