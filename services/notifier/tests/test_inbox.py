from argus_kit.testing import add_token, bearer_headers
from argus_schema import notifier as tables


class TestList:
    async def test_newest_first_with_all_keys_and_only_mine(self, house):
        ada, bob = await house.person("ada"), await house.person("bob")
        first, second = await house.notify(ada.id, "one"), await house.notify(ada.id, "two")
        await house.notify(bob.id)
        found = (await house.get(ada, "/api/notifications")).json()
        assert [item["id"] for item in found] == [second, first]
        assert set(found[0]) == {
            "id", "batch_id", "job_id", "rule_id", "severity", "title", "body", "created_at", "read_at",
            "count", "made_by_rule", "batch_ids",
        }  # fmt: skip
        assert found[0]["created_at"].endswith("Z")
        older = await house.get(ada, "/api/notifications", before=second, limit=1)
        assert [item["id"] for item in older.json()] == [first]

    async def test_limits_are_held(self, house):
        ada = await house.person("ada")
        for limit in (0, 201):
            assert (await house.get(ada, "/api/notifications", limit=limit)).status_code == 422
        assert (await house.client.get("/api/notifications")).status_code == 401


class TestReading:
    async def test_ack_counts_down_and_keeps_its_time(self, house):
        ada = await house.person("ada")
        first, _ = await house.notify(ada.id), await house.notify(ada.id)
        assert (await house.get(ada, "/api/notifications/count")).json() == {"unread": 2}
        assert (await house.send("POST", ada, f"/api/notifications/{first}/ack")).status_code == 204
        read_at = (await house.rows(tables.notification))[0].read_at
        assert (await house.send("POST", ada, f"/api/notifications/{first}/ack")).status_code == 204
        assert (await house.rows(tables.notification))[0].read_at == read_at
        assert (await house.get(ada, "/api/notifications/count")).json() == {"unread": 1}
        unread = (await house.get(ada, "/api/notifications", unread_only=True)).json()
        assert first not in [item["id"] for item in unread]

    async def test_mark_all_read_leaves_others_alone(self, house):
        ada, bob = await house.person("ada"), await house.person("bob")
        await house.notify(ada.id)
        await house.notify(bob.id)
        assert (await house.send("POST", ada, "/api/notifications/mark_all_read")).status_code == 204
        assert (await house.get(ada, "/api/notifications/count")).json() == {"unread": 0}
        assert (await house.get(bob, "/api/notifications/count")).json() == {"unread": 1}

    async def test_what_is_not_mine_is_not_there(self, house):
        ada, bob = await house.person("ada"), await house.person("bob")
        his = await house.notify(bob.id)
        for method, path in (("POST", f"/{his}/ack"), ("DELETE", f"/{his}"), ("DELETE", f"/{2**62}")):
            answer = await house.send(method, ada, f"/api/notifications{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "notification.not_found")

    async def test_delete(self, house):
        ada = await house.person("ada")
        one = await house.notify(ada.id)
        assert (await house.send("DELETE", ada, f"/api/notifications/{one}")).status_code == 204
        assert (await house.send("DELETE", ada, f"/api/notifications/{one}")).status_code == 404

    async def test_a_viewer_token_reads_and_does_nothing_else(self, house):
        ada = await house.person("ada")
        one = await house.notify(ada.id)
        headers = bearer_headers(await add_token(house.database, ada.id, prefix="em_view_"))
        assert (await house.client.get("/api/notifications", headers=headers)).status_code == 200
        for method, path in (("POST", f"/{one}/ack"), ("POST", "/mark_all_read"), ("DELETE", f"/{one}")):
            answer = await house.client.request(method, f"/api/notifications{path}", headers=headers)
            assert answer.status_code == 403
