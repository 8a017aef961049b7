"""What people add to their runs: files, stars, pins, shares, public links, one published project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from demo_lab import curves, pictures
from demo_lab.plan import BatchPlan, JobPlan
from demo_lab.server import Account, Server, State
from demo_lab.world import FIELDS, PEOPLE, Person

_STARRED = ("vision", "forecasting")
_PINNED = ("convnext-baseline", "resnet-baseline", "all-models-final")
_PUBLIC = ("all-models-final", "ablation-revin")
_SHARED = (("streaming-chunks", 0, "viewer"), ("all-models-v2", 0, "editor"), ("specaugment-tpe", 1, "viewer"))
_PUBLISHED = ("vision", "Which backbone, which augmentation: our runs on CIFAR-100, Flowers-102 and ImageNet-100.")
_SAID = {
    "vision": "Which backbone, and which augmentation, for small images? Numbers of the workshop paper come from here.",
    "speech": "Recognition that streams: conformers against zipformers, from 160 ms chunks up.",
    "forecasting": "Long horizons on the usual benchmarks, five seeds each, against a linear baseline.",
}
_WITH_FILES = 3


def add(
    server: Server,
    state: State,
    people: dict[Person, Account],
    batches: Sequence[BatchPlan],
    say: Callable[[str], None],
    *,
    meanwhile: Callable[[], None],
) -> None:
    """All of it, once. `meanwhile` is called again and again, since it takes its time."""
    done: set[str] = set(state.known.get("trimmed", ()))
    by_slug = {batch.slug: batch for batch in batches}
    for batch in batches:
        if f"files/{batch.id}" not in done and batch.fate != "stalled":
            _files(server, people[batch.owner], batch)
            meanwhile()
            done.add(f"files/{batch.id}")
    if "marks" not in done:
        _marks(server, people, by_slug)
        done.add("marks")
    state.known["trimmed"] = sorted(done)
    state.save()
    say("Files, stars, pins, shares and a published project are there.")


def _marks(server: Server, people: dict[Person, Account], by_slug: dict[str, BatchPlan]) -> None:
    me = people[PEOPLE[0]]
    for project in _STARRED:
        server.call("POST", "/api/stars", me.credential, json={"target_type": "project", "target_id": project})
    for slug in _PINNED:
        server.call("POST", "/api/pins", me.credential, json={"batch_id": by_slug[slug].id})
        server.call("POST", "/api/stars", me.credential, json={"target_type": "batch", "target_id": by_slug[slug].id})
    for slug in _PUBLIC:
        batch = by_slug[slug]
        server.call(
            "POST", f"/api/batches/{quote(batch.id, safe='')}/public-share", people[batch.owner].credential, json={}
        )
    for slug, to, permission in _SHARED:
        batch, grantee = by_slug[slug], people[PEOPLE[to]]
        if grantee.username != people[batch.owner].username:
            body = {"grantee_username": grantee.username, "permission": permission}
            server.call(
                "POST", f"/api/batches/{quote(batch.id, safe='')}/shares", people[batch.owner].credential, json=body
            )
    _describe(server, me)
    _publish(server, me)


def _describe(server: Server, me: Account) -> None:
    """Only a project's owners and administrators say what it is for."""
    for field in FIELDS:
        said = {
            "description": _SAID[field.project],
            "primary_metric": field.metric,
            "direction": "max" if field.higher_is_better else "min",
        }
        server.call("PUT", f"/api/projects/{field.project}/settings", me.credential, ok=(403,), json=said)


def _publish(server: Server, me: Account) -> None:
    """Only administrators publish; on a server with another one the project stays as it is."""
    project, description = _PUBLISHED
    body = {"description": description}
    server.call("POST", f"/api/admin/projects/{project}/publish", me.credential, ok=(401, 403, 404, 405), json=body)


def _files(server: Server, account: Account, batch: BatchPlan) -> None:
    ended = [job for job in batch.jobs if job.outcome == "done"][:_WITH_FILES]
    if batch.fate != "ended":
        ended = ended[:1]
    for job in ended:
        server.upload(account, batch.id, job.id, "confusion.png", _confusion(job))
        server.upload(account, batch.id, job.id, "samples/grid.png", _grid(job))
        server.upload(account, batch.id, job.id, "predictions.csv", _predictions(job))
    if ended:
        notes = f"{batch.id}\n{batch.command}\n\n{len(batch.jobs)} jobs on {batch.host}.\n"
        server.upload(account, batch.id, None, "notes.txt", notes.encode())


def _confusion(job: JobPlan) -> bytes:
    chance, right, size = curves.random_of(job.slug, job.id, "confusion"), curves.quality(job), 10

    def cell(is_hit: bool) -> float:
        return 0.55 + 0.45 * right * chance.random() if is_hit else 0.35 * (1 - right) * chance.random() + 0.03

    return pictures.heat([[cell(row == column) for column in range(size)] for row in range(size)], 16)


def _grid(job: JobPlan) -> bytes:
    chance = curves.random_of(job.slug, job.id, "grid")
    hues = [[chance.randrange(60, 240) for _ in range(3)] for _ in range(16)]
    side = 24
    rows = []
    for y in range(4 * side):
        row = []
        for x in range(4 * side):
            hue = hues[(y // side) * 4 + x // side]
            fade = ((x % side) + (y % side)) / (2 * side)
            row.append((int(hue[0] * fade), int(hue[1] * (1 - fade / 2)), int(hue[2] * fade)))
        rows.append(row)
    return pictures.png(rows)


def _predictions(job: JobPlan) -> bytes:
    chance = curves.random_of(job.slug, job.id, "predictions")
    lines = ["index,target,prediction,confidence"]
    for index in range(60):
        target = chance.randrange(10)
        hit = chance.random() < curves.quality(job)
        lines.append(f"{index},{target},{target if hit else chance.randrange(10)},{chance.uniform(0.4, 1):.4f}")
    return "\n".join(lines).encode()
