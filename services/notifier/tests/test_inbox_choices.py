"""What an inbox is told of in one project."""

import pytest

from argus_contracts import bus as wire
from argus_kit.testing import add_token, bearer_headers
from argus_notifier.alerts.reader import Alerts
from argus_notifier.inbox.wishes import Wishes
from argus_notifier.kinds import KINDS
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables

BASE = "/api/me/inbox-choices"
ON, OFF = True, False


def chosen(project, kind, shown):
    return {"project": project, "kind": kind, "shown": shown}


class TestWishes:
    @pytest.mark.parametrize(
        ("kind", "pref", "muted", "of_project", "heard"),
        [
            ("job_failed", ON, set(), None, True),
            ("job_failed", OFF, set(), None, False),
            ("job_failed", OFF, set(), ON, True),
            ("job_failed", ON, set(), OFF, False),
            ("job_failed", ON, {(1, "job_failed", "")}, ON, True),
            ("job_failed", ON, {(1, "", "b")}, ON, False),
            ("job_failed", ON, {(1, "job_failed", "b")}, ON, False),
            ("job_failed", ON, {(1, "", "other"), (2, "", "b")}, None, True),
            ("batch_stalled", OFF, set(), None, True),
            ("batch_stalled", ON, {(1, "batch_stalled", "")}, None, False),
            ("batch_stalled", ON, {(1, "batch_stalled", "")}, ON, True),
        ],
    )
    def test_a_project_decides_before_all_and_a_muted_batch_before_both(self, kind, pref, muted, of_project, heard):
        prefs = {1: {"notify_job_failed": pref}}
        wishes = Wishes(prefs, frozenset(muted), {} if of_project is None else {(1, kind): of_project})
        assert wishes.hears(1, KINDS[kind], "b") is heard

    def test_of_several_batches_no_single_one_is_muted(self):
        wishes = Wishes({1: {"notify_job_failed": True}}, frozenset({(1, "", "b")}), {})
        assert wishes.hears(1, KINDS["job_failed"], None)


class TestRoutes:
    async def test_choices_are_saved_replaced_and_taken_back(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        assert (await house.get(ada, BASE)).json() == []
        for shown in (True, False):
            body = {"choices": [chosen("p", "batch_done", shown), chosen("q", "rule", shown)]}
            assert (await house.send("PATCH", ada, BASE, body)).json() == body["choices"]
        back = {"choices": [chosen("p", "batch_done", None), chosen("q", "batch_failed", None)]}
        left = [chosen("q", "rule", False)]
        assert (await house.send("PATCH", ada, BASE, back)).json() == left
        assert (await house.get(ada, BASE)).json() == left
        assert (await house.get(eve, BASE)).json() == []

    @pytest.mark.parametrize("kind", ["nonsense", "host_offline", "job_completed", "batch_completed", "digest"])
    async def test_what_never_comes_of_a_project_cannot_be_chosen(self, house, kind):
        ada = await house.person("ada")
        body = {"choices": [chosen("p", "job_failed", False), chosen("p", kind, False)]}
        answer = await house.send("PATCH", ada, BASE, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "subscription.kind_unknown")
        assert await house.rows(tables.inbox_choice) == []

    async def test_a_project_must_be_named(self, house):
        ada = await house.person("ada")
        for project in (None, "", "p" * 257, "a\x00b"):
            answer = await house.send("PATCH", ada, BASE, {"choices": [chosen(project, "job_failed", True)]})
            assert answer.status_code == 422, project

    async def test_a_token_of_one_project_reaches_its_own(self, house):
        ada = await house.person("ada")
        await house.send("PATCH", ada, BASE, {"choices": [chosen("p", "rule", True), chosen("q", "rule", True)]})
        token = await add_token(house.database, ada.id, prefix="em_live_", project="p")
        ada.headers = bearer_headers(token)
        assert (await house.get(ada, BASE)).json() == [chosen("p", "rule", True)]
        answer = await house.send("PATCH", ada, BASE, {"choices": [chosen("q", "rule", False)]})
        assert answer.status_code == 403


async def test_inboxes_are_told_by_it(house, wires):
    ada = await house.person("ada")
    quiet, loud, plain = [await house.batch(ada.id, project) for project in ("quiet", "loud", "plain")]
    await house.send("PUT", ada, "/api/notifications/mutes", {"kind": "batch_stalled"})
    choices = [chosen("quiet", "batch_failed", False), chosen("loud", "batch_stalled", True)]
    await house.send("PATCH", ada, BASE, {"choices": choices})
    for batch in (quiet, loud, plain):
        events = (("batch_stalled", None, {}), ("batch_failed", None, {}))
        packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
        await give([Alerts(house.platform, NotifierSettings())], [packed])
    told = {(row.batch_id, row.rule_id) for row in await house.rows(tables.notification)}
    assert told == {(loud.id, "batch_failed"), (loud.id, "batch_stalled"), (plain.id, "batch_failed")}
