"""Dead letters are kept and sent again; the contract's shapes of the administrators' routes."""

import pytest
import sqlalchemy as sa

from argus_kit.clock import now
from argus_notifier.delivery import repository
from argus_notifier.delivery.machine import Circuit
from argus_notifier.mail import repository as mails
from argus_notifier.settings import NotifierSettings
from argus_schema import notifier as tables

BASE = "/api/admin/email"


@pytest.fixture
async def admin(house):
    return await house.person("root", is_admin=True)


async def put(house, count=1):
    row = {"target": "ada@example.org", "subject": "s", "body_text": "b", "event_type": "batch_failed"}
    async with house.database.write() as connection:
        added = await mails.add(connection, [{**row, "dedupe_key": f"k{number}"} for number in range(count)])
        return [row.id for row in added]


def settings(mailbox):
    return NotifierSettings(smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_use_tls=False)


async def test_a_dead_letter_is_listed_and_arrives_when_it_is_sent_again(house, admin, mailbox, queue):
    (letter,) = await put(house)
    mailbox.answers = ["554 no", "250 OK"]
    async with queue(settings(mailbox)) as delivery:
        await delivery.all_due()
        listed = (await house.get(admin, f"{BASE}/dead-letter")).json()
        assert listed["schema_ready"] is True
        (item,) = listed["items"]
        assert {"id", "to_addr", "subject", "event_type", "attempts", "last_error", "created_at", "status"} <= set(item)
        assert (item["to_addr"], item["attempts"], item["status"]) == ("ada@example.org", 1, "pending")
        assert "554" in item["last_error"]

        answer = await house.send("POST", admin, f"{BASE}/dead-letter/retry?ids={letter},999")
        assert answer.json() == {"requeued": 1, "missing": [999]}
        assert (await house.get(admin, f"{BASE}/dead-letter")).json()["items"] == []
        (again,) = (await house.get(admin, f"{BASE}/dead-letter", status="all")).json()["items"]
        assert (again["status"], again["attempts"]) == ("requeued", 0)
        await delivery.all_due()
    (sent,) = (await house.get(admin, f"{BASE}/dead-letter", status="all")).json()["items"]
    assert sent["status"] == "sent"
    assert len(mailbox.messages) == 1


async def test_what_is_no_dead_letter_is_not_sent_again(house, admin):
    (waiting,) = await put(house)
    answer = await house.send("POST", admin, f"{BASE}/dead-letter/retry?ids={waiting}")
    assert answer.json() == {"requeued": 0, "missing": [waiting]}


async def test_sending_again_tries_the_receiver_at_once(house, admin):
    (letter,) = await put(house)
    async with house.database.write() as connection:
        await connection.execute(sa.update(tables.delivery).values(status="failed", failed_at=now()))
        await repository.put_circuit(connection, "mail", Circuit(9, now().replace(year=2999)))
    assert (await house.get(admin, f"{BASE}/stats")).json()["open_circuits"] == ["mail"]
    await house.send("POST", admin, f"{BASE}/dead-letter/retry?ids={letter}")
    assert await house.rows(tables.circuit) == []


async def test_stats_count_the_queue_and_the_last_hour(house, admin, mailbox, queue):
    await put(house, 3)
    mailbox.answers = ["554 no", "250 OK"]
    async with queue(settings(mailbox)) as delivery:
        await delivery.all_due()
    async with house.database.write() as connection:
        row = {"target": "t", "subject": "s", "body_text": "b", "event_type": "e", "dedupe_key": "waits"}
        await mails.add(connection, [row])
    stats = (await house.get(admin, f"{BASE}/stats")).json()
    counted = {"queued": 1, "sent_last_hour": 2, "failed_last_hour": 1, "deadletter_count": 1}
    assert {name: stats[name] for name in counted} == counted
    assert stats["oldest_queued_at"] is not None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dead-letter?limit=0", 422),
        ("/dead-letter?limit=501", 422),
        ("/dead-letter?limit=500", 200),
        ("/dead-letter?status=lost", 422),
        ("/stats", 200),
    ],
)
async def test_bounds_of_reads(house, admin, path, status):
    assert (await house.send("GET", admin, BASE + path)).status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [("?ids=one", 400), ("?ids=1,-2", 400), ("?ids=,", 400), ("?ids=1.5", 400), ("", 422), ("?ids=1, 2 ,2", 200)],
)
async def test_ids_are_numbers(house, admin, query, status):
    answer = await house.send("POST", admin, f"{BASE}/dead-letter/retry{query}")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"requeued": 0, "missing": [1, 2]}


async def test_only_administrators(house):
    ada = await house.person("ada")
    for method, path in (("GET", "/stats"), ("GET", "/dead-letter"), ("POST", "/dead-letter/retry?ids=1")):
        assert (await house.send(method, ada, BASE + path)).status_code == 403
        assert (await house.client.request(method, BASE + path)).status_code == 401


class TestList:
    async def put(self, house):
        """A waiting mail, a sent one, and two that were given up."""
        await put(house, 4)
        async with house.database.write() as connection:
            for number, values in enumerate(
                (
                    {"status": "waiting"},
                    {"status": "sent", "sent_at": now()},
                    {"status": "failed", "failed_at": now(), "last_error": "554 no 100% of it"},
                    {"status": "failed", "failed_at": now(), "kind": "slack", "target": "hooks.slack.com"},
                )
            ):
                where = tables.delivery.c.dedupe_key == f"k{number}"
                await connection.execute(sa.update(tables.delivery).where(where).values(**values))

    @pytest.mark.parametrize(
        ("asked", "keys"),
        [
            ({}, [4, 3, 2, 1]),
            ({"status": "queued"}, [1]),
            ({"status": "sent"}, [2]),
            ({"status": "failed"}, [4, 3]),
            ({"kind": "slack"}, [4]),
            ({"q": "SLACK"}, [4]),
            ({"q": "100%"}, [3]),
            ({"q": "10_%"}, []),
            ({"status": "sent", "q": "ada@"}, [2]),
            ({"limit": 2}, [4, 3]),
            ({"limit": 2, "before": 3}, [2, 1]),
        ],
    )
    async def test_filter_search_and_pages(self, house, admin, asked, keys):
        await self.put(house)
        answer = (await house.get(admin, f"{BASE}/deliveries", **asked)).json()
        assert [item["id"] for item in answer["items"]] == keys
        assert answer["next_before"] == (3 if asked == {"limit": 2} else None)
        assert all("body_text" not in item for item in answer["items"])

    async def test_all_that_fit_are_sent_again_and_nothing_else(self, house, admin):
        await self.put(house)
        answer = await house.send("POST", admin, f"{BASE}/dead-letter/retry-all?q=slack")
        assert answer.json() == {"requeued": 1, "missing": []}
        assert [row.status for row in await house.rows(tables.delivery)] == ["waiting", "sent", "failed", "waiting"]
        assert (await house.send("POST", admin, f"{BASE}/dead-letter/retry-all")).json()["requeued"] == 1
        assert (await house.send("POST", admin, f"{BASE}/dead-letter/retry-all")).json()["requeued"] == 0

    async def test_only_administrators_and_no_nul(self, house, admin):
        ada = await house.person("ada")
        assert (await house.get(ada, f"{BASE}/deliveries")).status_code == 403
        assert (await house.send("POST", ada, f"{BASE}/dead-letter/retry-all")).status_code == 403
        assert (await house.get(admin, f"{BASE}/deliveries", q="a\x00")).status_code == 422
        assert (await house.get(admin, f"{BASE}/deliveries", kind="Mail;")).status_code == 422


async def test_a_batch_tells_what_was_sent_about_it_and_to_nobody_by_name(house):
    ada, eve = await house.person("ada"), await house.person("eve")
    batch = await house.batch(ada.id)
    row = {"subject": "s", "body_text": "b", "batch_id": batch.id, "kind": "mail", "receiver": "mail"}
    rows = [
        {**row, "target": f"{name}@example.org", "event_type": kind, "dedupe_key": f"{name}{kind}"}
        for name, kind in (("ada", "job_failed"), ("bob", "job_failed"), ("ada", "batch_done"))
    ]
    async with house.database.write() as connection:
        await repository.add(connection, rows)
        await repository.mark_sent(connection, "bobjob_failed", now())
    path = f"/api/batches/{batch.id}/deliveries"
    answer = await house.get(ada, path)
    counted = {
        item["event_type"]: (item["kind"], item["sent"], item["waiting"], item["failed"]) for item in answer.json()
    }
    assert counted == {"job_failed": ("mail", 1, 1, 0), "batch_done": ("mail", 0, 1, 0)}
    assert "@" not in answer.text
    assert (await house.get(eve, path)).status_code == 404
