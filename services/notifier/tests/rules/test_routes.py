"""Rules by their routes: faults at their place, owners, and what would have been said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argus_kit.clock import now

RULE = {"name": "good", "watches": "metrics", "condition": "latest.val_acc > 0.9"}


class TestFaults:
    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"condition": "latest.val_acc >"}, 422, "query.invalid"),
            ({"condition": "lates.val_acc > 1"}, 422, "query.invalid"),
            ({"condition": ""}, 422, "request.invalid"),
            ({"watches": "events"}, 422, "request.invalid"),
            ({"watches": "events", "kinds": ["nonsense"]}, 400, "subscription.kind_unknown"),
            ({"watches": "events", "kinds": ["job_failed"], "for_s": 60}, 422, "request.invalid"),
            ({"watches": "silence", "for_s": 5}, 422, "request.invalid"),
            ({"channels": [12345]}, 404, "channel.not_found"),
            ({"channels": []}, 422, "request.invalid"),
            ({"quiet_hours": {"from": "22:00", "to": "7:00", "zone": "UTC"}}, 422, "request.invalid"),
            ({"quiet_hours": {"from": "22:00", "to": "07:00", "zone": "Nowhere/City"}}, 422, "request.invalid"),
            ({"quiet_hours": {"from": "22:00", "to": "07:00", "zone": "../etc"}}, 422, "request.invalid"),
            ({"quiet_hours": {"from": "00:00", "to": "00:00", "zone": "UTC"}}, 422, "request.invalid"),
        ],
    )
    async def test_what_could_never_speak_is_refused(self, house, change, status, code):
        ada = await house.person("ada")
        answer = await house.send("POST", ada, "/api/me/rules", {**RULE, **change})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
        drafted = await house.send("POST", ada, "/api/me/rules/preview", {**RULE, **change})
        assert drafted.status_code == status

    async def test_a_fault_of_the_condition_has_its_place(self, house):
        ada = await house.person("ada")
        answer = await house.send("POST", ada, "/api/me/rules", {**RULE, "condition": "epoch > 3 and lates.x > 1"})
        details = answer.json()["error"]["details"]
        assert (details["position"], details["reason"]) == (14, "fieldMisspelled")
        assert "latest.x" in details["hint"]


class TestOwners:
    async def test_made_read_changed_and_removed(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        made = (await house.send("POST", ada, "/api/me/rules", {**RULE, "throttle_s": 60})).json()
        path = f"/api/me/rules/{made['id']}"
        assert made["channels"] == ["inbox"]
        assert (await house.get(ada, "/api/me/rules")).json() == [made]
        quiet = {"from": "22:00", "to": "07:00", "zone": "UTC", "days": [0, 1], "let_errors": False}
        changed = await house.send("PATCH", ada, path, {"enabled": False, "quiet_hours": quiet})
        assert changed.json() == {
            **made,
            "enabled": False,
            "quiet_hours": quiet,
            "updated_at": changed.json()["updated_at"],
        }
        assert (await house.send("PATCH", ada, path, {"quiet": False})).json()["quiet_hours"] is None
        refused = await house.send("PATCH", ada, path, {"watches": "events"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "rule.invalid")
        for method, more in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")):
            answer = await house.send(method, eve, path + more, {} if method == "PATCH" else None)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "rule.not_found")
        assert (await house.send("DELETE", ada, path)).status_code == 204
        assert (await house.get(ada, "/api/me/rules")).json() == []

    async def test_a_projects_rules_are_for_who_has_a_part_in_it(self, house):
        ada, bob, eve = [await house.person(name) for name in ("ada", "bob", "eve")]
        base = "/api/projects/vision/a/rules"
        await house.batch(ada.id, "vision/a")
        await house.batch(bob.id, "vision/a")
        made = (await house.send("POST", ada, base, RULE)).json()
        assert made["project"] == "vision/a"
        assert (await house.send("POST", eve, base, RULE)).status_code == 403
        assert (await house.get(bob, base)).json() == []
        assert (await house.send("PATCH", bob, f"{base}/{made['id']}", {"enabled": False})).status_code == 404
        assert [row["id"] for row in (await house.get(ada, base)).json()] == [made["id"]]

    async def test_somebody_elses_channel_is_not_ones_own(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        channel = {"kind": "slack", "name": "lab", "url": "https://hooks.invalid/a"}
        made = (await house.send("POST", eve, "/api/me/channels", channel)).json()
        answer = await house.send("POST", ada, "/api/me/rules", {**RULE, "channels": [made["id"]]})
        assert answer.json()["error"]["code"] == "channel.not_found"


class TestTrial:
    async def test_what_it_would_have_said(self, lab):
        ada, bob = await lab.house.person("ada"), await lab.house.person("bob")
        begin = now() - timedelta(hours=3)
        mine = await lab.batch(ada)
        for number, value in enumerate((0.95, 0.5, 0.97)):
            ended = begin + timedelta(seconds=number)
            await lab.set(mine, f"j{number}", status="done", latest={"val_acc": value}, end_time=ended)
        await lab.set(await lab.batch(bob), status="done", latest={"val_acc": 0.99}, end_time=begin)
        found = (await lab.house.send("POST", ada, "/api/me/rules/preview", RULE)).json()
        assert (found["matches"], found["messages"]) == (2, 1)
        assert [(item["job_id"], item["said"]) for item in found["items"]] == [("j2", False), ("j0", True)]
        rule = await lab.rule(ada)
        tried = await lab.house.send("POST", ada, f"/api/me/rules/{rule['id']}/test")
        assert tried.json() == found
        assert await lab.said() == []

    async def test_failures_of_the_day(self, lab):
        ada = await lab.house.person("ada")
        batch = await lab.batch(ada, status="failed", end_time=now() - timedelta(hours=1))
        await lab.set(batch, status="failed", end_time=now() - timedelta(hours=1))
        await lab.set(batch, "old", status="failed", end_time=now() - timedelta(days=2))
        body = {"name": "broken", "watches": "events", "kinds": ["job_failed", "batch_failed", "alert"]}
        found = (await lab.house.send("POST", ada, "/api/me/rules/preview", body)).json()
        assert (found["matches"], found["exact"]) == (2, False)
        body["kinds"] = ["job_failed"]
        found = (await lab.house.send("POST", ada, "/api/me/rules/preview", body)).json()
        assert (found["matches"], found["exact"]) == (1, True)

    async def test_silence_now(self, lab):
        ada = await lab.house.person("ada")
        batch = await lab.batch(ada)
        await lab.set(batch, "quiet", last_epoch_at=now() - timedelta(hours=2))
        await lab.set(batch, "loud", last_epoch_at=now())
        body = {"name": "quiet", "watches": "silence", "for_s": 1800}
        found = (await lab.house.send("POST", ada, "/api/me/rules/preview", body)).json()
        assert [item["job_id"] for item in found["items"]] == ["quiet"]
