"""Who sees what, asked of every route: a route that is added without a permission fails here."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from argus_catalog.app import SERVICE
from argus_kit.clock import now
from argus_kit.documents import permission_of
from argus_kit.policy import Permission
from argus_kit.testing import bearer_headers
from argus_schema import catalog as own

# Seen without a credential, on purpose.
PUBLIC = {
    "/api/meta/hints",
    "/api/public/projects",
    "/api/public/projects/{project}",
    "/api/public/projects/{project}/active-batches",
    "/api/public/projects/{project}/batches",
    "/api/public/projects/{project}/leaderboard",
    "/api/public/projects/{project}/matrix",
    "/api/public/projects/{project}/resources",
    "/api/public/{slug}",
    "/api/public/{slug}/jobs",
    "/api/public/{slug}/jobs/{job_id}",
    "/api/public/{slug}/jobs/{job_id}/epochs",
}
# Lists that answer 200 with nothing to people who see nothing.
LISTS = {
    "/api/batches",
    "/api/batches/compact",
    "/api/dashboard",
    "/api/attention",
    "/api/gpus",
    "/api/gpus/history",
    "/api/hosts",
    "/api/jobs",
    "/api/pins",
    "/api/projects",
    "/api/projects/shares",
    "/api/query/fields",
    "/api/search",
    "/api/views",
    "/api/trash",
    "/api/public-shares/mine",
    "/api/shares",
    "/api/resources",
    "/api/resources/hosts",
    "/api/stars",
    "/api/stats/gpu-hours-by-user",
    "/api/studies",
    # A study that is not known, or of which one sees no trial, is empty.
    "/api/studies/{name}",
    "/api/studies/{name}/importance",
}
# They read, though they are asked with a body: each answers 200 and tells strangers nothing.
QUERIES = {"/api/metrics/query"}
# The same with a list; who finds what is in query/test_query.py.
QUESTIONS = QUERIES | {"/api/query", "/api/query/export", "/api/compare/jobs"}
# They name batches in the query, and refuse without one; who may read which is in compare/test_compare.py.
BY_QUERY = {"/api/compare", "/api/compare/export.csv"}
OWNERS_ALONE = {"/api/batches/{batch_id}/shares", "/api/batches/{batch_id}/public-shares"}
FILLED = {"batch_id": "secret-1", "job_id": "j-1", "project": "hidden", "host": "gpu-9", "slug": "no-such-slug"}
FILLED |= {"name": "study-1", "trial_id": "0", "view_id": "1"}
BODIES = {
    "/api/stars": {"target_type": "project", "target_id": "hidden"},
    "/api/pins": {"batch_id": "secret-1"},
    "/api/trash/restore": {"batches": ["secret-1"]},
    "/api/trash/purge": {"jobs": [{"batch_id": "secret-1", "job_id": "j-1"}]},
    "/api/views": {"page": "jobs", "name": "mine", "query": {}},
    "/api/views/{view_id}": {"page": "jobs", "name": "mine", "query": {}},
    "/api/projects/shares": {"project": "mine", "grantee_username": "nobody"},
    "/api/batches/{batch_id}/shares": {"grantee_username": "eve"},
    "/api/batches/{batch_id}/public-share": {},
    "/api/metrics/query": {"series": [{"batch_id": "secret-1", "job_id": "j-1"}]},
    "/api/query": {"query": ""},
    "/api/query/export": {"query": "", "format": "jsonl"},
    "/api/compare/jobs": {"jobs": [{"batch_id": "secret-1", "job_id": "j-1"}]},
    "/api/projects/{project}/members/{username}": {"role": "viewer"},
    "/api/projects/{project}/settings": {"description": "mine"},
    "/api/batches/bulk-delete": {"batch_ids": ["secret-1"]},
    "/api/admin/projects/bulk-delete": {"projects": ["hidden"]},
    "/api/admin/hosts/bulk-delete": {"hosts": ["gpu-9"]},
    "/api/jobs/bulk-delete": {"items": [{"batch_id": "secret-1", "job_id": "j-1"}]},
}
# What a stranger may do to their own marks, whether or not the target exists.
OWN_MARKS = {
    "POST /api/stars",
    "DELETE /api/stars/{target_type}/{target_id}",
    "DELETE /api/pins/{batch_id}",
    "POST /api/batches/bulk-delete",
    "POST /api/jobs/bulk-delete",
    "POST /api/views",
    "POST /api/trash/restore",
    "POST /api/trash/purge",
}


def routes():
    for router in SERVICE.routers():
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield method, route.path_format


ROUTES = sorted(set(routes()))
# Answered without a credential, as far as something was published: public/test_visitors.py has what is told then.
OPEN = {
    (method, route.path_format)
    for router in SERVICE.routers()
    for route in router.routes
    for method in route.methods
    if permission_of(route) is Permission.PUBLISHED_READ
}
ADMINS_ALONE = {path for _, path in ROUTES if path.startswith("/api/admin/")}
READS = [path for method, path in ROUTES if method == "GET" and path not in PUBLIC | BY_QUERY | ADMINS_ALONE]
WRITES = [(method, path) for method, path in ROUTES if method != "GET" and path not in QUESTIONS]


def filled(path):
    values = FILLED | {"target_type": "project", "target_id": "hidden", "grantee_id": "1", "username": "eve"}
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], path)


async def ask(world, method, path, headers):
    body = BODIES.get(path) if method in {"POST", "PUT"} else None
    return await world.client.request(method, filled(path), headers=headers, json=body)


@pytest.fixture
async def secret(world):
    """Ada's batch with everything that can hang on one; Eve is a stranger."""
    await world.person("eve")
    await world.batch("secret-1", project="hidden", host="gpu-9")
    study = {"optuna": {"study_name": "study-1", "trial_id": 0, "params": {"hidden": 1}}}
    no = await world.job(
        "secret-1", "j-1", status="done", end_time=now(), elapsed_s=60, metrics={"MSE": 0.1}, extra=study
    )
    await world.points("secret-1", no, [1, 2], val_loss=[1.0, 0.5])
    await world.log("secret-1", "a secret line", job_id="j-1")
    await world.snapshot("secret-1", "gpu-9", gpu_util_pct=50.0)
    view = {"user_id": world.people["ada"], "page": "jobs", "name": "secret-1", "query": {}, "created_at": now()}
    await world.insert(own.saved_view, **view)
    return world


async def test_no_route_answers_without_a_credential(secret):
    for method, path in ROUTES:
        if path not in PUBLIC and (method, path) not in OPEN:
            answer = await ask(secret, method, path, {})
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_credential_nothing_is_there_that_was_not_published(secret):
    for method, path in sorted(OPEN):
        answer = await ask(secret, method, path, {})
        assert answer.status_code == (200 if path in LISTS | QUERIES else 404), (path, answer.text)
        # A question names what it asks for, and so does its answer.
        for leak in ("hidden", "gpu-9", "0.5") if path in QUERIES else ("secret-1", "hidden", "gpu-9", "j-1"):
            assert leak not in answer.text, (path, leak)


async def test_only_reads_of_one_thing_are_open_to_visitors():
    assert {path for method, path in OPEN if method != "GET"} == QUERIES
    assert {path for _, path in OPEN if "{" not in path} == {"/api/projects"} | QUERIES


async def test_an_agents_token_reads_nothing(secret):
    headers = await secret.token("ada", "ag_live_")
    for method, path in ROUTES:
        if path not in PUBLIC:
            assert (await ask(secret, method, path, headers)).status_code in {401, 403}, (method, path)


async def test_the_owner_and_an_administrator_read_everything(secret):
    await secret.person("root", is_admin=True)
    for who in ("ada", "root"):
        for path in READS:
            answer = await ask(secret, "GET", path, secret.headers[who])
            assert answer.status_code == 200, (who, path, answer.text)
    for method, path in ROUTES:
        if method == "GET" and path in ADMINS_ALONE:
            assert (await ask(secret, method, path, secret.headers["root"])).status_code == 200, path
            assert (await ask(secret, method, path, secret.headers["ada"])).status_code == 403, path


async def test_a_stranger_reads_nothing_and_learns_nothing(secret):
    for path in READS:
        answer = await ask(secret, "GET", path, secret.headers["eve"])
        if path in LISTS:
            assert answer.status_code == 200, path
            for leak in ("secret-1", "hidden", "gpu-9", "j-1"):
                assert leak not in answer.text, (path, leak)
        else:
            assert answer.status_code == 404, (path, answer.text)


async def test_a_stranger_asks_for_curves_and_learns_nothing(secret):
    for path in QUERIES:
        found = (await ask(secret, "POST", path, secret.headers["eve"])).json()["results"]
        missing = {"series": [{"batch_id": "none", "job_id": "j-1"}]}
        told = (await secret.client.post(path, headers=secret.headers["eve"], json=missing)).json()["results"]
        assert [{**one, "batch_id": "none"} for one in found] == told, path
        (own,) = (await ask(secret, "POST", path, secret.headers["ada"])).json()["results"]
        assert own["series"], path


async def test_missing_and_invisible_are_told_in_the_same_words(secret):
    for path in READS:
        if "{" not in path or path in LISTS:
            continue
        invisible = (await ask(secret, "GET", path, secret.headers["eve"])).json()
        missing = re.sub(r"secret-1|hidden|gpu-9|study-1", "missing", filled(path))
        answer = (await secret.client.get(missing, headers=secret.headers["eve"])).json()
        assert (invisible["detail"], invisible["error"]["code"]) == (answer["detail"], answer["error"]["code"]), path


async def test_a_stranger_changes_nothing(secret):
    for method, path in WRITES:
        answer = await ask(secret, method, path, secret.headers["eve"])
        if f"{method} {path}" in OWN_MARKS:
            assert answer.status_code in {200, 201, 204}, (method, path, answer.text)
            assert not answer.content or not {"deleted", "done"} & {k for k, v in answer.json().items() if v}, (
                method,
                path,
            )
        else:
            assert answer.status_code in {403, 404}, (method, path, answer.text)
    assert (await ask(secret, "GET", "/api/batches/{batch_id}", secret.headers["ada"])).status_code == 200


async def test_a_viewer_token_reads_and_does_nothing_else(secret):
    headers = await secret.token("ada", "em_view_")
    for method, path in ROUTES:
        if path in PUBLIC | BY_QUERY:
            continue
        answer = await ask(secret, method, path, headers)
        reads = (method == "GET" or path in QUESTIONS) and path not in ADMINS_ALONE
        assert answer.status_code == (200 if reads else 403), (method, path, answer.text)


@pytest.mark.parametrize("way", ["batch", "project", "member"])
async def test_what_is_shared_is_read_and_not_administered(secret, way):
    eve, ada = secret.people["eve"], secret.people["ada"]
    if way == "batch":
        await secret.share("secret-1", "eve")
    elif way == "project":
        await secret.insert(
            own.project_share, owner_id=ada, project="hidden", grantee_id=eve, permission="viewer", created_at=now()
        )
    else:
        for person in (ada, eve):
            await secret.insert(own.project_member, project="hidden", user_id=person, role="viewer", created_at=now())
    for path in READS:
        answer = await ask(secret, "GET", path, secret.headers["eve"])
        assert answer.status_code == (403 if path in OWNERS_ALONE else 200), (path, answer.text)
    for scope, ids in (("shared", ["secret-1"]), ("all", ["secret-1"]), ("mine", [])):
        assert [b["id"] for b in await secret.read("/api/batches", "eve", scope=scope)] == ids
    answer = await ask(secret, "DELETE", "/api/batches/{batch_id}", secret.headers["eve"])
    assert answer.status_code == 403


async def test_a_project_share_covers_its_givers_batches_alone(secret):
    await secret.person("bob")
    await secret.batch("bobs-1", owner="bob", project="hidden")
    eve, ada = secret.people["eve"], secret.people["ada"]
    await secret.insert(
        own.project_share, owner_id=ada, project="hidden", grantee_id=eve, permission="viewer", created_at=now()
    )
    assert [b["id"] for b in await secret.read("/api/batches", "eve")] == ["secret-1"]
    # To own a batch of a project gives no right over others' batches of the same name.
    assert [b["id"] for b in await secret.read("/api/batches", "bob")] == ["bobs-1"]


async def test_deleted_placeholder_and_demo_batches_exist_for_nobody(world):
    await world.person("root", is_admin=True)
    await world.insert(own.project_meta, project="demo", is_public=True, is_demo=True)
    hidden = {"gone": {"deleted_at": now()}, "early": {"is_placeholder": True}, "shown": {"project": "demo"}}
    for batch_id, hidden_by in hidden.items():
        await world.batch(batch_id, **hidden_by)
        await world.snapshot(batch_id, "gpu-9", gpu_util_pct=1.0)
    for who in ("ada", "root"):
        assert await world.read("/api/batches", who) == []
        for batch_id in hidden:
            assert (await world.get(f"/api/batches/{batch_id}", who)).status_code == 404
        assert await world.read("/api/resources", who) == []
        assert await world.read("/api/resources/hosts", who) == []


async def test_a_scope_of_public_links_shows_only_what_one_may_see(secret):
    await secret.insert(own.public_share, slug="s-1", batch_id="secret-1", created_at=now())
    assert [b["id"] for b in await secret.read("/api/batches", "ada", scope="public")] == ["secret-1"]
    assert await secret.read("/api/batches", "eve", scope="public") == []


async def test_a_banned_persons_credential_ends(secret):
    answer = await secret.client.get("/api/batches", headers=bearer_headers("em_live_" + "0" * 48))
    assert answer.status_code == 401
