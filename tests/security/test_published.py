"""Without a credential: nothing of what was not published, and of what was, nothing about people."""

from __future__ import annotations

import pytest
from stage.people import Call
from stage.samples import OPERATIONS, is_change
from stage.world import CANARY, Run, World

from argus_kit.documents import KEY
from argus_kit.policy import Permission

OPEN = [
    operation
    for operation, facts in OPERATIONS.items()
    if facts[KEY] == Permission.PUBLISHED_READ and operation.startswith("GET ")
]


@pytest.fixture(scope="module")
def published(world: World) -> Run:
    """A batch of the owner's in a project that everyone may read."""
    run = world.new_run(project=world.name("open"), text="told")
    world.ask("POST", f"/api/admin/projects/{run.project}/publish", world.admin.session, json={})
    return run


def _call(operation: str, run: Run, batch: str | None = None) -> Call:
    names = {"batch_id": batch or run.batch, "job_id": run.job, "project": run.project}
    path = operation.removeprefix("GET ").format(**names)
    wanted = [
        p["name"] for p in OPERATIONS[operation].get("parameters", ()) if p["in"] == "query" and p.get("required")
    ]
    return Call(path, params=dict.fromkeys(wanted, "val_loss"))


def test_only_reads_are_open() -> None:
    assert OPEN
    for operation, facts in OPERATIONS.items():
        assert facts[KEY] != Permission.PUBLISHED_READ or not is_change(operation), operation


@pytest.mark.parametrize("operation", OPEN)
def test_what_was_not_published_is_not_there(world: World, operation: str) -> None:
    answer = world.client.send("GET", _call(operation, world.other_run))
    assert answer.status_code == (404 if "{" in operation else 200), answer.text
    # A list tells what was published, by other tests too.
    hidden = CANARY if "{" in operation else world.other_run.project
    assert hidden not in answer.text


@pytest.mark.parametrize("operation", OPEN)
def test_what_was_published_is_told_without_people_and_paths(world: World, published: Run, operation: str) -> None:
    answer = world.client.send("GET", _call(operation, published))
    assert answer.status_code == 200, answer.text
    for secret in (world.owner.email, "/home/told", "told was here", world.owner.reporter):
        assert secret not in answer.text


@pytest.mark.parametrize("operation", [one for one in OPEN if "{batch_id}" in one])
def test_a_slug_opens_its_batch_to_visitors_alone(world: World, operation: str) -> None:
    call = _call(operation, world.run, batch=world.slug)
    assert world.client.send("GET", call).status_code == 200
    assert world.client.send("GET", call, world.owner.session).status_code == 404


def test_a_demo_is_hidden_from_people_and_open_to_visitors(world: World) -> None:
    run = world.new_run(project=world.name("demo"), text="demo")
    world.ask("POST", f"/api/admin/projects/{run.project}/publish", world.admin.session, json={})
    world.write("update project_meta set is_demo = 1 where project = ?", run.project)
    path = f"/api/batches/{run.batch}"
    assert world.client.send("GET", Call(path)).status_code == 200
    for credential in (world.owner.session, world.admin.session, world.owner.reporter):
        assert world.client.send("GET", Call(path), credential).status_code == 404
