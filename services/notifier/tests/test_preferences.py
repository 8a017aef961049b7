import sqlalchemy as sa

from argus_kit.clock import now
from argus_schema import catalog

DEFAULTS = {
    "notify_batch_done": True,
    "notify_batch_failed": True,
    "notify_job_failed": True,
    "notify_diverged": True,
    "notify_job_idle": False,
}


class TestPrefs:
    async def test_defaults_then_what_was_put(self, house):
        ada = await house.person("ada")
        assert (await house.get(ada, "/api/me/notification_prefs")).json() == DEFAULTS
        wanted = {**DEFAULTS, "notify_job_idle": True, "notify_batch_done": False}
        for _ in range(2):
            assert (await house.send("PUT", ada, "/api/me/notification_prefs", wanted)).json() == wanted
        assert (await house.get(ada, "/api/me/notification_prefs")).json() == wanted

    async def test_all_five_are_needed(self, house):
        ada = await house.person("ada")
        answer = await house.send("PUT", ada, "/api/me/notification_prefs", {"notify_batch_done": True})
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], list)


class TestSubscriptions:
    async def test_only_what_was_chosen_is_listed_and_a_choice_replaces_the_older(self, house):
        ada = await house.person("ada")
        assert (await house.get(ada, "/api/me/subscriptions")).json() == []
        for enabled in (True, False):
            body = {
                "subscriptions": [
                    {"project": None, "event_type": "batch_failed", "enabled": enabled},
                    {"project": "p", "event_type": "host_offline", "enabled": True},
                ]
            }
            found = (await house.send("PATCH", ada, "/api/me/subscriptions", body)).json()
            assert found == body["subscriptions"]

    async def test_one_unknown_kind_saves_nothing(self, house):
        ada = await house.person("ada")
        body = {
            "subscriptions": [
                {"event_type": "batch_failed", "enabled": True},
                {"event_type": "nonsense", "enabled": True},
            ]
        }
        answer = await house.send("PATCH", ada, "/api/me/subscriptions", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "subscription.kind_unknown")
        assert (await house.get(ada, "/api/me/subscriptions")).json() == []

    async def test_a_choice_can_be_taken_back_under_whatever_name_it_was_saved(self, house):
        ada = await house.person("ada")
        names = ("batch_completed", "batch_done", "job_failed")
        body = {"subscriptions": [{"project": "p", "event_type": name, "enabled": True} for name in names]}
        await house.send("PATCH", ada, "/api/me/subscriptions", body)
        back = {"subscriptions": [{"project": "p", "event_type": "batch_done", "enabled": None}]}
        left = (await house.send("PATCH", ada, "/api/me/subscriptions", back)).json()
        assert [row["event_type"] for row in left] == ["job_failed"]


class TestBatchSubscription:
    async def test_none_then_put_then_none_again(self, house):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        path = f"/api/batches/{batch.id}/email-subscription"
        missing = await house.get(ada, path)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "subscription.not_found")
        first = (await house.send("PUT", ada, path, {"event_kinds": ["batch_done"], "enabled": False})).json()
        assert (first["batch_id"], first["event_kinds"], first["enabled"]) == (batch.id, ["batch_done"], False)
        again = (await house.send("PUT", ada, path, {})).json()
        assert (again["event_kinds"], again["enabled"]) == ([], True)
        assert again["created_at"] == first["created_at"]
        for _ in range(2):
            assert (await house.send("DELETE", ada, path)).status_code == 204
        assert (await house.get(ada, path)).status_code == 404

    async def test_who_asks_for_it_hears_of_none_without_an_error(self, house):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        path = f"/api/batches/{batch.id}/email-subscription"
        none = {"batch_id": batch.id, "event_kinds": [], "enabled": True, "created_at": None, "updated_at": None}
        answer = await house.get(ada, path, or_default=True)
        assert (answer.status_code, answer.json()) == (200, none)
        chosen = (await house.send("PUT", ada, path, {"event_kinds": ["batch_done"], "enabled": False})).json()
        assert (await house.get(ada, path, or_default=True)).json() == chosen
        assert (await house.get(ada, "/api/batches/none/email-subscription", or_default=True)).status_code == 404

    async def test_only_the_owner_and_strangers_learn_nothing(self, house):
        ada, bob, eve = [await house.person(name) for name in ("ada", "bob", "eve")]
        root = await house.person("root", is_admin=True)
        batch = await house.batch(ada.id)
        share = {"batch_id": batch.id, "grantee_id": bob.id, "permission": "viewer", "created_at": now()}
        async with house.database.write() as connection:
            await connection.execute(sa.insert(catalog.batch_share).values(share))
        path = f"/api/batches/{batch.id}/email-subscription"
        for person, status in ((bob, 403), (root, 403), (eve, 404)):
            assert (await house.get(person, path)).status_code == status
            assert (await house.send("PUT", person, path, {})).status_code == status
        unknown = await house.get(eve, "/api/batches/none/email-subscription")
        hidden = await house.get(eve, path)
        assert unknown.json()["detail"] == hidden.json()["detail"]
        refused = await house.send("PUT", ada, path, {"event_kinds": ["nonsense"]})
        assert refused.status_code == 400


class TestKinds:
    async def test_all_that_is_listed_can_be_chosen_and_the_rest_cannot(self, house):
        ada = await house.person("ada")
        listed = (await house.get(ada, "/api/notification-kinds")).json()
        by_name = {kind["kind"]: kind for kind in listed}
        assert {"batch_failed", "job_completed", "oom_suspected", "host_offline", "disk_low", "alert"} <= by_name.keys()
        assert by_name["host_offline"]["about"] == "host"
        assert by_name["job_failed"] == {
            "kind": "job_failed",
            "severity": "error",
            "about": "batch",
            "mailed_by_default": True,
            "in_inbox": True,
            "inbox_pref": "notify_job_failed",
        }
        choices = [{"project": None, "event_type": name, "enabled": True} for name in (*by_name, "batch_completed")]
        answer = await house.send("PATCH", ada, "/api/me/subscriptions", {"subscriptions": choices})
        assert {row["event_type"] for row in answer.json()} == {*by_name, "batch_completed"}
        assert by_name.keys().isdisjoint({"rule", "digest"})
