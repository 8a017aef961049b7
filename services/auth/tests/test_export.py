from __future__ import annotations

import io
import json
import secrets
import tracemalloc
import zipfile

import numpy as np
import sqlalchemy as sa

from argus_auth.app import SERVICE
from argus_auth.core import AuthCore
from argus_auth.export import service
from argus_auth.export.archive import Archive
from argus_contracts.curves.packing import pack_axis, pack_column
from argus_contracts.curves.rows import Column
from argus_contracts.points import pack
from argus_kit.actor import Actor
from argus_kit.app import http_app
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.testing import add_session, add_user, bearer_headers, make_settings, running_client
from argus_schema import auth, catalog, grants, ingest, notifier

T0 = 1_764_000_000.0


async def _insert(database, table, **values):
    async with database.write() as connection:
        result = await connection.execute(sa.insert(table).values(values).returning(*table.primary_key.columns))
        return result.first()[0]


async def _batch(database, owner, batch_id):
    return await _insert(database, ingest.batch, id=batch_id, project="vision", owner_id=owner, created_at=now())


async def _job(database, key, job_id, **more):
    number = more.pop("job_no", 1)
    await _insert(database, ingest.job, batch_key=key, job_no=number, job_id=job_id, status="done", **more)


async def _block(database, key, steps, values, *, at=T0, number=1):
    await _insert(
        database,
        ingest.metric_block,
        batch_key=key,
        job_no=1,
        id=number,
        n_points=len(steps),
        first_step=min(steps),
        last_step=max(steps),
        names=["loss"],
        payload=pack(steps, [at + step for step in steps], [values]),
    )


async def _chunk(database, key, steps, values):
    place = {"batch_key": key, "job_no": 1, "kind": 0, "first_step": min(steps)}
    times = np.array([T0 + step for step in steps], float)
    axis = pack_axis(np.array(steps, np.int64), times)
    about = {"last_step": max(steps), "n_rows": len(steps), "first_at": times[0], "last_at": times[-1], "cuts": []}
    await _insert(database, ingest.metric_chunk, **place, **about, payload=axis)
    column = pack_column(Column(np.arange(len(steps)), np.array(values, float)), len(steps))
    held = {"name": "loss", "n_points": len(steps), "stats": b"", "rollup": b"", "payload": column}
    await _insert(database, ingest.metric_column, **place, **held)


def _read(content):
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        return {
            info.filename: opened.read(info).decode()
            if info.filename.endswith(".txt")
            else [json.loads(line) for line in opened.read(info).splitlines()]
            for info in opened.infolist()
        }


async def _export(client, headers):
    answer = await client.get("/api/auth/me/export", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return _read(answer.content)


class TestExport:
    async def test_holds_all_that_is_the_persons_and_nothing_of_others(self, client, sign_up, database):
        root, ada = await sign_up("root"), await sign_up("ada")
        made = await client.post("/api/tokens", json={"name": "ci", "scope": "reporter"}, headers=ada.headers)
        for person in (root, ada):
            batch_id = f"of-{person.username}"
            key = await _batch(database, person.id, batch_id)
            await _job(database, key, "j/1", extra={"config": {"lr": 0.1}}, summary={"loss": {"n": 3}})
            await _block(database, key, [1, 2], [0.5, float("nan")])
            share = {"permission": "viewer", "created_at": now()}
            await _insert(database, catalog.batch_share, batch_id=batch_id, grantee_id=77, **share)
            await _insert(database, catalog.pin, user_id=person.id, batch_id=batch_id, pinned_at=now())
            row = {"rule_id": "r", "severity": "info", "title": f"to {person.username}", "body": "", "dedupe_key": "k"}
            await _insert(database, notifier.notification, user_id=person.id, **row, created_at=now())
        hidden = await _batch(database, ada.id, "hidden")
        async with database.write() as connection:
            gone = sa.update(ingest.batch).where(ingest.batch.c.batch_key == hidden)
            await connection.execute(gone.values(deleted_at=now()))

        found = await _export(client, ada.headers)

        assert "ada" in found["README.txt"]
        assert [row["username"] for row in found["account/profile.jsonl"]] == ["ada"]
        assert [row["name"] for row in found["account/tokens.jsonl"]] == ["ci"]
        assert len(found["account/sessions.jsonl"]) == 1
        assert {row["user_id"] for row in found["account/audit-log.jsonl"]} == {ada.id}
        assert "account_export" in {row["action"] for row in found["account/audit-log.jsonl"]}
        assert [row["title"] for row in found["notifications/inbox.jsonl"]] == ["to ada"]
        assert [row["batch_id"] for row in found["projects/pins.jsonl"]] == ["of-ada"]
        assert [row["id"] for row in found["batches.jsonl"]] == ["of-ada"]
        folder = f"batches/{found['batches.jsonl'][0]['batch_key']}"
        assert found[f"{folder}/jobs.jsonl"][0]["extra"] == {"config": {"lr": 0.1}}
        assert [row["grantee_id"] for row in found[f"{folder}/shares.jsonl"]] == [77]
        points = found[f"{folder}/points.jsonl"]
        assert [(row["job_id"], row["epoch"], row["values"]) for row in points] == [
            ("j/1", 1, {"loss": 0.5}),
            ("j/1", 2, {"loss": "nan"}),
        ]
        assert points[0]["at"].startswith("2025-11-2")
        text = json.dumps(found)
        for secret in (
            made.json()["token"],
            "argon2id",
            "secret_hash",
            "password_hash",
            "to root",
            "of-root",
            "hidden",
        ):
            assert secret not in text

    async def test_points_are_those_that_pages_show(self, client, sign_up, database):
        ada = await sign_up()
        key = await _batch(database, ada.id, "b")
        # The run began anew at epoch 3 and reported 2 once more, later than the chunk was merged.
        await _job(database, key, "j", resumes=[{"at": T0 + 100, "epoch": 3, "step": None}])
        await _chunk(database, key, [1, 2], [1.0, 2.0])
        await _chunk(database, key, [3, 4], [3.0, 4.0])
        await _block(database, key, [2, 3, 5], [2.5, 3.5, 5.5], at=T0 + 200)
        points = (await _export(client, ada.headers))[f"batches/{key}/points.jsonl"]
        assert [(row["epoch"], row["values"]["loss"]) for row in points] == [(1, 1.0), (2, 2.5), (3, 3.5), (5, 5.5)]

    async def test_many_rows_and_batches_are_all_there(self, client, sign_up, database):
        ada = await sign_up()
        for n in range(12):
            await _job(database, await _batch(database, ada.id, f"b-{n}"), "j")
        one = {"rule_id": "r", "severity": "info", "title": "t", "body": "", "created_at": now(), "user_id": ada.id}
        async with database.write() as connection:
            rows = [{**one, "dedupe_key": str(n)} for n in range(1203)]
            await connection.execute(sa.insert(notifier.notification), rows)
        found = await _export(client, ada.headers)
        assert len(found["notifications/inbox.jsonl"]) == 1203
        assert len(found["batches.jsonl"]) == 12
        assert sum(name.endswith("jobs.jsonl") for name in found) == 12

    async def test_three_an_hour_by_a_session_only_and_two_at_once(self, client, sign_up, core):
        ada = await sign_up()
        made = await client.post("/api/tokens", json={"name": "ci", "scope": "reporter"}, headers=ada.headers)
        token = bearer_headers(made.json()["token"])
        assert (await client.get("/api/auth/me/export", headers=token)).status_code == 403
        async with core.exports, core.exports:
            busy = await client.get("/api/auth/me/export", headers=ada.headers)
        assert (busy.status_code, busy.json()["error"]["code"]) == (429, "export.busy")
        statuses = [(await client.get("/api/auth/me/export", headers=ada.headers)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert not core.exports.locked()


async def test_auths_role_may_read_what_it_exports(postgres_database, nats_url, tmp_path):
    ada = await add_user(postgres_database)
    headers = bearer_headers(await add_session(postgres_database, ada))
    await _job(postgres_database, await _batch(postgres_database, ada, "b"), "j")
    password = secrets.token_hex(8)
    async with postgres_database.engine.begin() as connection:
        await connection.run_sync(lambda sync: grants.apply(sync, {grants.role("auth"): password}))
    url = postgres_database.url.set(username=grants.role("auth"), password=password)
    platform = Platform(make_settings(tmp_path, url.render_as_string(hide_password=False), nats_url))
    async with running_client(http_app(SERVICE, platform)) as client:
        assert [row["id"] for row in (await _export(client, headers))["batches.jsonl"]] == ["b"]


async def test_whoever_stops_reading_gives_the_connection_back(client, sign_up, core: AuthCore):
    ada = await sign_up()
    actor = Actor(user_id=ada.id, username="ada", is_admin=True, kind="session", scope="full")
    for _ in range(4):
        pieces = service.archive(core, actor)
        await anext(pieces)
        await pieces.aclose()
    assert not core.exports.locked()
    async with core.database.read() as connection:
        assert (await connection.execute(sa.select(auth.user.c.id))).scalar_one() == ada.id


async def test_an_archive_of_any_size_is_made_in_little_memory():
    piece = secrets.token_bytes(1 << 20)

    async def pieces():
        for _ in range(64):
            yield piece

    archive, size = Archive(), 0
    tracemalloc.start()
    async for part in archive.add("large.bin", pieces()):
        size += len(part)
    size += len(archive.end())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 64 << 20
    assert peak < 16 << 20
