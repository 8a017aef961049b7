"""Channels: what is sent where, signed, tried and logged; real receivers on loopback, with faults."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.clock import frozen, now
from argus_kit.testing import add_token, bearer_headers
from argus_notifier.alerts.reader import Alerts
from argus_notifier.channels.messages import Message, post, read, sign
from argus_notifier.delivery.machine import Failed, Refused, Sent
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import catalog
from argus_schema import notifier as tables

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MESSAGE = Message("k", "job_failed", "Job <a> & b failed", "why", AT, {"severity": "error", "url": "http://a/b"})


async def add(house, person, base="/api/me", **more):
    body = {"kind": "webhook", "name": "lab", "url": "https://hooks.invalid/x", **more}
    return await house.send("POST", person, f"{base}/channels", body)


async def tell(house, wires, batch, *events, **settings):
    packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
    await give([Alerts(house.platform, NotifierSettings(**settings))], [packed])


class TestMessages:
    def test_a_webhook_can_be_checked(self):
        made = post("webhook", MESSAGE, secret="s3cret", at=AT)
        stamp = made.headers["X-Argus-Timestamp"]
        assert stamp == str(int(AT.timestamp()))
        wanted = hmac.new(b"s3cret", stamp.encode() + b"." + made.body, hashlib.sha256).hexdigest()
        assert made.headers["X-Argus-Signature"] == f"sha256={wanted}"
        assert sign("other", stamp, made.body) != wanted
        body = json.loads(made.body)
        assert (body["type"], body["severity"], body["title"]) == ("job_failed", "error", "Job <a> & b failed")
        assert body["id"] == made.headers["Idempotency-Key"]
        later = post("webhook", MESSAGE, secret="s3cret", at=AT + timedelta(seconds=9))
        assert later.body == made.body
        assert later.headers["X-Argus-Signature"] != made.headers["X-Argus-Signature"]

    def test_the_manuals_check_is_right(self):
        manual = Path(__file__).parents[3] / "docs" / "channels.md"
        code = manual.read_text().partition("```python\n")[2].partition("```")[0]
        names = {}
        exec(code, names)
        made = post("webhook", MESSAGE, secret="s", at=now())
        check = names["is_from_argus"]
        assert check("s", made.headers, made.body)
        assert not check("t", made.headers, made.body)
        assert not check("s", made.headers, made.body + b" ")
        old = post("webhook", MESSAGE, secret="s", at=now() - timedelta(minutes=6))
        assert not check("s", old.headers, old.body)

    def test_feishus_form_is_the_contracts(self):
        body = json.loads(post("feishu", MESSAGE, secret="", at=AT).body)
        text = "[ERROR] Job <a> & b failed\nwhy\nhttp://a/b"
        assert body == {"msg_type": "text", "content": {"text": text}}

    def test_feishu_is_signed_as_it_asks(self):
        body = json.loads(post("feishu", MESSAGE, secret="s", at=AT).body)
        key = f"{body['timestamp']}\ns".encode()
        assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()

    def test_nothing_in_a_message_is_slacks_markup(self):
        text = json.loads(post("slack", MESSAGE, secret="", at=AT).body)["text"]
        assert text == "*Job &lt;a&gt; &amp; b failed*\nwhy\n<http://a/b|http://a/b>"

    @pytest.mark.parametrize(
        ("kind", "status", "headers", "body", "outcome"),
        [
            ("webhook", 204, {}, b"", Sent()),
            ("webhook", 302, {}, b"", Refused("302")),
            ("webhook", 404, {}, b"no", Refused("404 no")),
            ("webhook", 500, {}, b"", Failed("500")),
            ("webhook", 503, {"retry-after": "7"}, b"", Failed("503", 7.0)),
            ("slack", 429, {"retry-after": "30"}, b"", Failed("429", 30.0)),
            ("slack", 429, {"retry-after": "soon"}, b"", Failed("429")),
            ("slack", 408, {}, b"", Failed("408")),
            ("feishu", 200, {}, b'{"code":0}', Sent()),
            ("feishu", 200, {}, b'{"StatusCode":0}', Sent()),
            ("feishu", 200, {}, b'{"code":19021}', Refused('200 {"code":19021}')),
            ("feishu", 200, {}, b'{"code":11232}', Failed('200 {"code":11232}')),
            ("feishu", 200, {}, b"[]", Refused("200 []")),
            ("feishu", 200, {}, b"<html>", Refused("200 <html>")),
        ],
    )
    def test_how_answers_are_read(self, kind, status, headers, body, outcome):
        assert read(kind, status, headers, body) == outcome


class TestRoutes:
    async def test_a_channel_lives_and_shows_no_secret(self, house):
        ada = await house.person("ada")
        made = (await add(house, ada, url="https://hooks.invalid/T0/very-secret?k=1")).json()
        assert (made["shown"], made["signed"], len(made["secret"]) > 30) == ("hooks.invalid", True, True)
        listed = await house.get(ada, "/api/me/channels")
        assert "very-secret" not in listed.text
        assert made["secret"] not in listed.text
        path = f"/api/me/channels/{made['id']}"
        patched = (await house.send("PATCH", ada, path, {"name": "new", "enabled": False})).json()
        assert (patched["name"], patched["enabled"], patched["signed"]) == ("new", False, True)
        moved = (await house.send("PATCH", ada, path, {"url": "https://other.invalid/x"})).json()
        assert (moved["shown"], moved["signed"]) == ("other.invalid", False)
        assert (await house.send("DELETE", ada, path)).status_code == 204
        assert (await house.get(ada, "/api/me/channels")).json() == []
        assert all(b"very-secret" not in row.payload for row in await house.rows(tables.outbox))

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"url": "ftp://hooks.invalid/x"}, 422, "channel.url_invalid"),
            ({"url": "https://u:p@hooks.invalid/x"}, 422, "channel.url_invalid"),
            ({"url": "https://hooks.invalid:99999/x"}, 422, "channel.url_invalid"),
            ({"url": "http://127.0.0.1/x"}, 403, "outbound.refused"),
            ({"url": "http://169.254.169.254/latest"}, 403, "outbound.refused"),
            ({"url": "http://[::1]:8000/x"}, 403, "outbound.refused"),
            ({"url": "https://10.0.0.8/x"}, 403, "outbound.refused"),
            ({"event_kinds": ["nonsense"]}, 400, "subscription.kind_unknown"),
            ({"kind": "pigeon"}, 422, "request.invalid"),
            ({"name": "a\x00b"}, 422, "request.invalid"),
        ],
    )
    async def test_what_is_refused(self, house, change, status, code):
        answer = await add(house, await house.person("ada"), **change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert await house.rows(tables.channel) == []

    async def test_there_may_be_twenty(self, house):
        ada = await house.person("ada")
        for _ in range(20):
            assert (await add(house, ada)).status_code == 201
        assert (await add(house, ada)).json()["error"]["code"] == "channel.limit_reached"

    async def test_a_token_reads_and_does_not_change(self, house):
        ada = await house.person("ada")
        made = (await add(house, ada)).json()
        token = bearer_headers(await add_token(house.database, ada.id))
        client = house.client
        assert (await client.get("/api/me/channels", headers=token)).status_code == 200
        for method, path in (("POST", ""), ("PATCH", f"/{made['id']}"), ("POST", f"/{made['id']}/test")):
            answer = await client.request(method, f"/api/me/channels{path}", headers=token, json={"name": "x"})
            assert answer.json()["error"]["code"] == "auth.interactive_required"

    async def test_nobody_sees_anothers(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        made = (await add(house, ada)).json()
        for method, more in (("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
            answer = await house.send(method, eve, f"/api/me/channels/{made['id']}{more}", {})
            assert answer.json()["error"]["code"] == "channel.not_found"

    async def test_a_projects_channels_are_for_who_has_a_part_in_it(self, house):
        ada, eve, bob = [await house.person(name) for name in ("ada", "eve", "bob")]
        await house.batch(ada.id, "vision/a")
        await house.batch(bob.id, "vision/a")
        base = "/api/projects/vision/a"
        made = (await add(house, ada, base)).json()
        assert (await add(house, eve, base)).status_code == 403
        assert (await house.get(bob, f"{base}/channels")).json() == []
        assert (await house.send("DELETE", bob, f"{base}/channels/{made['id']}")).status_code == 404
        assert [row["id"] for row in (await house.get(ada, f"{base}/channels")).json()] == [made["id"]]

    async def test_the_list_says_how_each_fares(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        used = (await add(open_house, ada, url=receiver.url)).json()
        idle = (await add(open_house, ada, event_kinds=["batch_done"])).json()
        assert (used["last"], used["failures"], used["resting_until"]) == (None, 0, None)
        receiver.answers = [(404, {}, b"no such hook"), (500, {}, b"")]
        for job in ("j1", "j2"):
            await tell(open_house, wires, await open_house.batch(ada.id), ("job_failed", job, {}))
            async with queue(NotifierSettings(mail_pause_s=0)) as delivery:
                await delivery.all_due()
        found = {row["id"]: row for row in (await open_house.get(ada, "/api/me/channels")).json()}
        assert found[idle["id"]]["last"] is None
        last = found[used["id"]]["last"]
        assert (last["status"], last["error"], found[used["id"]]["failures"]) == ("waiting", "500", 1)
        off = await open_house.send("PATCH", ada, f"/api/me/channels/{used['id']}", {"enabled": False})
        assert off.json()["last"] == last

    async def test_trying_one_says_what_the_receiver_said(self, open_house, receiver):
        ada = await open_house.person("ada")
        made = (await add(open_house, ada, url=receiver.url, secret="mine")).json()
        assert made["secret"] is None
        receiver.answers = [(200, {}, b"ok"), (404, {}, b"no such hook")]
        path = f"/api/me/channels/{made['id']}/test"
        assert (await open_house.send("POST", ada, path)).json() == {"ok": True, "error": None}
        assert (await open_house.send("POST", ada, path)).json() == {"ok": False, "error": "404 no such hook"}
        where, headers, body = receiver.requests[0]
        assert where == "/secret-path"
        assert headers["x-argus-signature"] == f"sha256={sign('mine', headers['x-argus-timestamp'], body)}"


class TestAlerts:
    async def test_a_failure_reaches_a_signed_webhook_and_its_log(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        made = (await add(open_house, ada, url=receiver.url)).json()
        batch = await open_house.batch(ada.id)
        failures = [("job_failed", f"j{n}", {"error": "CUDA out of memory"}) for n in range(12)]
        await tell(open_house, wires, batch, *failures, ("batch_done", None, {}))
        async with queue(NotifierSettings()) as delivery:
            await delivery.all_due()
        ((_, headers, body),) = receiver.requests
        said = json.loads(body)
        assert (said["type"], said["count"], said["batch_id"], said["job_id"]) == ("job_failed", 12, batch.id, None)
        assert said["title"] == f"12 jobs of {batch.id} failed"
        assert (said["reasons"], said["job_ids"][:2]) == ({"out of memory": 12}, ["j0", "j1"])
        assert headers["x-argus-signature"] == f"sha256={sign(made['secret'], headers['x-argus-timestamp'], body)}"
        (line,) = (await open_house.get(ada, f"/api/me/channels/{made['id']}/deliveries")).json()
        assert (line["status"], line["attempts"], line["event_type"]) == ("sent", 1, "job_failed")

    async def test_a_receiver_with_faults_gets_it_once_in_the_end(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        await add(open_house, ada, url=receiver.url)
        receiver.answers = [(500, {}, b""), "drop", (429, {"Retry-After": "60"}, b""), (200, {}, b"")]
        begin = now()
        await tell(open_house, wires, await open_house.batch(ada.id), ("batch_failed", None, {}))
        async with queue(NotifierSettings()) as delivery:
            for minutes in (0, 1, 2, 5, 9):
                with frozen(begin + timedelta(minutes=minutes)):
                    await delivery.all_due()
        (row,) = await open_house.rows(tables.delivery)
        assert (row.status, row.attempts) == ("sent", 4)
        assert len({headers["idempotency-key"] for _, headers, _ in receiver.requests}) == 1
        assert len({body for _, _, body in receiver.requests}) == 1

    async def test_an_address_that_became_private_is_not_called(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        await add(open_house, ada, url=receiver.url)
        await tell(open_house, wires, await open_house.batch(ada.id), ("batch_failed", None, {}))
        open_house.platform.settings = open_house.platform.settings.model_copy(update={"outbound_allow": ""})
        async with queue(NotifierSettings()) as delivery:
            await delivery.all_due()
        (row,) = await open_house.rows(tables.delivery)
        assert row.status == "failed"
        assert "not a public address" in row.last_error
        assert receiver.requests == []

    async def test_to_people_what_comes_within_the_pause_waits_and_grows_machines_are_told_at_once(self, house, wires):
        ada = await house.person("ada")
        for kind in ("slack", "webhook"):
            await add(house, ada, kind=kind)
        batches = [await house.batch(ada.id) for _ in range(4)]
        for batch in batches:
            await tell(house, wires, batch, ("job_failed", "j", {}))
        rows = await house.rows(tables.delivery)
        assert sorted(row.kind for row in rows) == ["slack"] * 2 + ["webhook"] * 4
        (held,) = [row for row in rows if row.dedupe_key.startswith("held:")]
        assert held.next_attempt_at > now() + timedelta(minutes=4)
        assert held.subject == f"Job j failed in {batches[1].id} (+2 more)"
        assert held.body_text.splitlines() == [f"Job j failed in {batch.id}" for batch in batches[1:]]

    async def test_who_hears(self, house, wires):
        ada, bob, eve = [await house.person(name) for name in ("ada", "bob", "eve")]
        batch = await house.batch(ada.id, "vision")
        await house.batch(eve.id, "vision")
        async with house.database.write() as connection:
            share = {"owner_id": ada.id, "project": "vision", "permission": "viewer", "created_at": now()}
            await connection.execute(sa.insert(catalog.project_share).values(**share, grantee_id=bob.id))
        names = {}
        for person in (ada, bob, eve):
            for base in ("/api/me", "/api/projects/vision"):
                made = (await add(house, person, base, name=f"{base} of {person.id}")).json()
                names[made["id"]] = (person.id, base)
        switched_off = (await add(house, ada, enabled=False)).json()["id"]
        await add(house, ada, event_kinds=["batch_done"])
        await tell(house, wires, batch, ("batch_failed", None, {}))
        heard = {row.channel_id for row in await house.rows(tables.delivery)}
        # Eve only uses the project's name: she may not see the batch, so neither channel of hers hears of it.
        assert {names[one] for one in heard} == {
            (person.id, base) for person in (ada, bob) for base in ("/api/me", "/api/projects/vision")
        }
        assert switched_off not in heard

    async def test_a_channel_that_is_gone_takes_its_messages_with_it(self, house, wires):
        ada = await house.person("ada")
        made = (await add(house, ada)).json()
        await tell(house, wires, await house.batch(ada.id), ("batch_failed", None, {}))
        await house.send("DELETE", ada, f"/api/me/channels/{made['id']}")
        assert await house.rows(tables.delivery) == []

    async def test_the_environments_feishu_hears_of_failures_alone(self, open_house, wires, queue, receiver):
        ada = await open_house.person("ada")
        settings = {"feishu_webhook": receiver.url}
        batch = await open_house.batch(ada.id)
        events = (("job_failed", "j1", {"error": "boom"}), ("batch_done", None, {}))
        await tell(open_house, wires, batch, *events, **settings)
        receiver.answers = [(200, {}, b'{"code":0}')]
        async with queue(NotifierSettings(**settings)) as delivery:
            await delivery.all_due()
        ((_, _, body),) = receiver.requests
        assert json.loads(body)["content"]["text"].startswith(f"[ERROR] Job j1 failed in {batch.id}\nboom")
