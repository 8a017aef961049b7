"""Nobody reaches what is another's by its id: every operation that takes one is asked by those who have no right to it.

The request is one that works: the rightful caller sends the very same one afterwards.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from stage.digest import changes, digest
from stage.people import Call
from stage.samples import OPERATIONS, Sample, is_change, sample_of
from stage.world import CANARY, PROJECT, World, picture

from argus_kit.policy import RULES, Permission, Rule
from argus_schema.roles import Role

REFUSED = {401, 403, 404}
# Answered to everybody, for a reason; that nothing changes by it is tested all the same.
ANSWERED = {
    "POST /api/batches/bulk-delete": "It says of each batch why it was not deleted.",
    "POST /api/jobs/bulk-delete": "The same of jobs.",
    "DELETE /api/stars/{target_type}/{target_id}": "It takes back the caller's own star, of which there is none.",
    "DELETE /api/pins/{batch_id}": "The same of pins.",
    "POST /api/events/batch": "It says of each event why it was rejected.",
}
# The id in them is no object of somebody else's.
OWN = {
    "POST /api/projects/shares": "It shares the caller's own batches; names of projects are free for all.",
    "PATCH /api/me/subscriptions": "A wish about mails; who gets one must see the batch.",
    "PATCH /api/me/inbox-choices": "The same about the inbox.",
    "POST /api/auth/oauth/oidc/{slug}/link/init": "It links the caller's own account.",
    "POST /api/auth/oauth/oidc/{slug}/unlink": "It ends the caller's own link.",
    "POST /api/stars": "A mark on a name, whether or not there is such a thing: it tells and opens nothing.",
    "GET /api/auth/oauth/oidc/{slug}/start": "Where everybody begins who signs in.",
    "GET /api/auth/oauth/oidc/{slug}/callback": "Where everybody lands.",
}


# They name nothing, and look through all that the caller sees.
ABOUT_ALL_ONE_SEES = {"POST /api/query", "POST /api/query/export"}


def rule_of(operation: str) -> Rule:
    """What the operation asks for."""
    return RULES[Permission(OPERATIONS[operation]["x-permission"])]


def takes_an_id(operation: str) -> bool:
    """Whether a thing of somebody's is named in the path, the query or the body, and a credential is asked for."""
    if operation in OWN or not rule_of(operation).credentials:
        return False
    if operation in ABOUT_ALL_ONE_SEES:
        return True
    wanted = json.dumps([OPERATIONS[operation].get("parameters", ()), OPERATIONS[operation].get("requestBody", {})])
    named = ("batch", "job", "project", "host", "channels", "target", "series", "Pin", "Star", "Event")
    return "{" in operation or any(name.lower() in wanted.lower() for name in named)


def attackers(world: World, sample: Sample, rule: Rule) -> dict[str, str]:
    """Credentials that are good, and not good enough here."""
    stranger = world.stranger
    wrong = {"a stranger": stranger.session, "their token": stranger.reporter, "their viewer token": stranger.viewer}
    if sample.who == "agent":
        return {**wrong, "another agent": world.strangers_agent.token, "the owner": world.owner.session}
    wrong["another agent"] = world.strangers_agent.token
    if rule.admin:
        wrong["the owner"] = world.owner.session
    if rule.role in {Role.EDITOR, Role.OWNER, Role.AUTHOR}:
        wrong |= {"a viewer": world.viewer.session, "a member who views": world.member_viewer.session}
    if rule.role in {Role.OWNER, Role.AUTHOR}:
        wrong |= {"an editor": world.editor.session, "a member who edits": world.member_editor.session}
    return wrong


WITH_IDS = [operation for operation in OPERATIONS if takes_an_id(operation)]
CHANGES = [operation for operation in WITH_IDS if is_change(operation)]
READS = [operation for operation in WITH_IDS if not is_change(operation)]


@pytest.mark.parametrize("operation", CHANGES)
def test_nothing_of_another_s_is_changed(world: World, operation: str) -> None:
    sample, method = sample_of(operation), operation.partition(" ")[0]
    call = sample.call(world)

    def attack() -> Any:
        before = digest(world.database)
        for name, credential in attackers(world, sample, rule_of(operation)).items():
            answer = world.client.send(method, call, credential)
            assert answer.status_code in REFUSED or (operation in ANSWERED and answer.is_success), (name, answer.text)
            assert answer.is_error or CANARY not in answer.text or operation in ANSWERED, (name, answer.text)
            rewind(call)
        return changes(before, digest(world.database))

    # The server may just be sweeping what another test purged: what an attack changes, it changes each time.
    assert attack() == {} or attack() == {} or attack() == {}
    answer = world.client.send(method, call)
    assert not answer.is_error, answer.text


@pytest.mark.parametrize("operation", READS)
def test_nothing_of_another_s_is_read(world: World, operation: str) -> None:
    sample, method = sample_of(operation), operation.partition(" ")[0]
    call = sample.call(world)
    for name, credential in attackers(world, sample, rule_of(operation)).items():
        answer = world.client.send(method, call, credential)
        is_list = ("{" not in operation and operation not in NAMED_BY_QUERY) or operation in EMPTY
        assert answer.status_code in REFUSED or (is_list and answer.is_success), (name, answer.text)
        assert answer.is_error or call.is_stream or CANARY not in answer.text, (name, answer.text)
    assert not world.client.send(method, call).is_error


# Lists of what one sees under a name that anybody may use: empty for a stranger, as for a name that nobody used.
EMPTY = {"GET /api/studies/{name}", "GET /api/studies/{name}/importance"}
# Reads that are about one thing, named in the query or the body.
NAMED_BY_QUERY = {
    "GET /api/sse",
    "GET /api/events/stream",
    "POST /api/metrics/query",
    "GET /api/compare",
    "GET /api/compare/export.csv",
}


LISTS = [
    operation
    for operation in OPERATIONS
    if operation.startswith("GET ") and "{" not in operation
    if operation not in NAMED_BY_QUERY and rule_of(operation).credentials
]


@pytest.mark.parametrize("operation", LISTS)
def test_lists_of_a_stranger_hold_nothing_of_others(world: World, operation: str) -> None:
    for credential in (world.stranger.session, world.stranger.reporter, world.stranger.viewer):
        answer = world.client.send("GET", Call(operation.removeprefix("GET ")), credential)
        assert answer.status_code != 500
        leaked = [word for word in secrets_of(world) if word in answer.text]
        assert not leaked or (answer.is_error and rule_of(operation).admin), answer.text


def secrets_of(world: World) -> list[str]:
    """What would show that something of others was told."""
    return [CANARY, world.agent.id, world.slug, world.owner.email, world.editor.email, world.admin.email]


# -- things that do not belong together ------------------------------------------------------------------------------


def refused(world: World, method: str, path: str, credential: str, **more: Any) -> None:
    """The request is refused and changes nothing."""
    before = digest(world.database)
    answer = world.client.send(method, Call(path, **more), credential)
    assert answer.status_code in REFUSED, answer.text
    assert changes(before, digest(world.database)) == {}


class TestMixes:
    """One id of the caller's own beside one of somebody else's."""

    def test_a_job_of_another_s_batch_under_one_s_own(self, world: World) -> None:
        mine, theirs, me = world.strangers_run, world.run, world.stranger.session
        refused(world, "GET", f"/api/jobs/{mine.batch}/{theirs.job}", me)
        refused(world, "DELETE", f"/api/jobs/{mine.batch}/{theirs.job}", me)
        refused(world, "GET", f"/api/jobs/{mine.batch}/../{theirs.batch}/{theirs.job}", me)
        refused(world, "GET", f"/api/jobs/{theirs.job}/artifacts", me, params={"batch_id": mine.batch})
        call = {"params": {"batch_id": mine.batch}, "files": picture()}
        refused(world, "POST", f"/api/jobs/{theirs.job}/artifacts", me, **call)

    def test_a_job_id_that_both_have_means_one_s_own(self, world: World) -> None:
        theirs = world.new_run()
        mine = world.new_twin(theirs, world.stranger)
        world.new_artifact(theirs)
        assert world.ask("GET", f"/api/jobs/{theirs.job}/artifacts", world.stranger.session) == []
        call = Call(f"/api/jobs/{theirs.job}/artifacts", files=picture())
        made = world.client.send("POST", call, world.stranger.session).json()
        assert made["batch_id"] == mine.batch

    def test_bulk_deletions_take_only_one_s_own(self, world: World) -> None:
        theirs, mine = world.new_run(), world.new_run(world.stranger, project="elsewhere", text="sams")
        before = digest(world.database)["batch"]
        me = world.stranger.session
        items = [{"batch_id": run.batch, "job_id": run.job} for run in (theirs, mine)]
        done = world.ask("POST", "/api/jobs/bulk-delete", me, json={"items": items})
        assert (done["deleted"], len(done["skipped"])) == ([f"{mine.batch}/{mine.job}"], 1)
        ids = [theirs.batch, mine.batch]
        done = world.ask("POST", "/api/batches/bulk-delete", me, json={"batch_ids": ids})
        assert done["deleted"] == [mine.batch]
        # The same words as for one that never was.
        assert done["skipped"] == [{"id": theirs.batch, "reason": "not_found"}]
        assert all(mine.batch in row for row in before - digest(world.database)["batch"])

    def test_curves_of_one_s_own_and_another_s_job(self, world: World) -> None:
        series = [{"batch_id": run.batch, "job_id": run.job} for run in (world.strangers_run, world.run)]
        answer = world.client.send("POST", Call("/api/metrics/query", {"series": series}), world.stranger.session)
        assert answer.status_code in REFUSED or no_curves(answer.json()["results"][1]), answer.text
        assert f"{CANARY}_score" not in answer.text

    def test_a_query_that_names_another_s_batch(self, world: World) -> None:
        theirs, me = world.run, world.stranger.session
        named = f'batch = "{theirs.batch}" or project = "{theirs.project}" or id = "{theirs.job}" or owner != "me"'
        asked = {"query": named, "columns": ["batch", "project"]}
        grouped = {"query": named, "group_by": ["seed"], "columns": ["elapsed"]}
        for body in (asked, grouped, {"query": f"not ({named})"}, {"query": "", "group_by": ["batch"]}):
            for path in ("/api/query", "/api/query/export"):
                told = [world.client.send("POST", Call(path, body), who) for who in (me, world.owner.session)]
                assert all(answer.is_success for answer in told), [answer.text for answer in told]
                assert theirs.batch not in told[0].text
                # The stranger may have jobs of the same name, in batches of their own.
                assert theirs.project not in told[0].text
                # The same question finds it for whom it is there.
                assert CANARY in told[1].text or "not (" in body["query"], told[1].text

    def test_a_share_of_another_s_batch_under_one_s_own(self, world: World) -> None:
        mine, me = world.strangers_run.batch, world.stranger.session
        refused(world, "DELETE", f"/api/batches/{mine}/shares/{world.editor.id}", me)
        refused(world, "DELETE", f"/api/batches/{mine}/public-share/{world.slug}", me)
        refused(world, "DELETE", f"/api/projects/shares/{PROJECT}/{world.editor.id}", me)

    def test_an_editor_does_not_share_on(self, world: World) -> None:
        for person in (world.editor, world.viewer, world.member_editor):
            body = {"grantee_username": world.stranger.name, "permission": "viewer"}
            refused(world, "POST", f"/api/batches/{world.run.batch}/shares", person.session, json=body)

    def test_a_recipient_under_one_s_own_project(self, world: World) -> None:
        path = f"/api/projects/{world.strangers_run.project}/recipients/{world.recipient}"
        refused(world, "DELETE", path, world.stranger.session)
        refused(world, "PATCH", path, world.stranger.session, json={"email": "sam@example.org"})

    def test_a_channel_of_somebody_else_s_or_of_another_project(self, world: World) -> None:
        me = world.stranger.session
        for theirs in (world.channel, world.project_channel):
            for base in ("/api/me", f"/api/projects/{world.strangers_run.project}"):
                refused(world, "GET", f"{base}/channels/{theirs}/deliveries", me)
                refused(world, "PATCH", f"{base}/channels/{theirs}", me, json={"enabled": False})
                refused(world, "POST", f"{base}/channels/{theirs}/test", me)
                refused(world, "DELETE", f"{base}/channels/{theirs}", me)

    def test_a_rule_of_somebody_else_s_or_of_another_project(self, world: World) -> None:
        me = world.stranger.session
        for theirs in (world.rule, world.project_rule):
            for base in ("/api/me", f"/api/projects/{world.strangers_run.project}"):
                refused(world, "GET", f"{base}/rules/{theirs}", me)
                refused(world, "PATCH", f"{base}/rules/{theirs}", me, json={"enabled": False})
                refused(world, "POST", f"{base}/rules/{theirs}/test", me)
                refused(world, "DELETE", f"{base}/rules/{theirs}", me)
        body = {"name": "x", "watches": "metrics", "condition": "epoch > 1", "channels": [world.channel]}
        refused(world, "POST", "/api/me/rules", me, json=body)

    def test_a_command_of_another_agent(self, world: World) -> None:
        command, agent = world.new_command(world.agent), world.strangers_agent
        refused(world, "POST", f"/api/agents/{agent.id}/jobs/{command}/ack", agent.token, json={"status": "failed"})

    @pytest.mark.parametrize("channel", ["batch:{batch}", "job:{batch}:{job}", "logs:{batch}", "batch:{batch}/{job}"])
    def test_a_stream_of_one_s_own_and_another_s_batch(self, world: World, channel: str) -> None:
        theirs = channel.format(batch=world.run.batch, job=world.run.job)
        call = Call("/api/sse", params={"channels": f"batch:{world.strangers_run.batch},{theirs}"}, is_stream=True)
        answer = world.client.send("GET", call, world.stranger.session)
        assert 400 <= answer.status_code < 500, answer.status_code

    @pytest.mark.parametrize("form", ["export.csv", "export-raw.csv"])
    def test_an_export_of_a_project_holds_one_s_own_batches(self, world: World, form: str) -> None:
        mine = world.new_run(world.stranger, text="sams")
        answer = world.client.send("GET", Call(f"/api/projects/{PROJECT}/{form}"), world.stranger.session)
        assert answer.status_code == 200, answer.text
        assert mine.batch in answer.text
        assert f"{CANARY}-batch" not in answer.text
        assert f"{CANARY}_score" not in answer.text


class TestPublicLinks:
    """A link opens one batch and no other."""

    def test_a_job_of_another_batch_behind_a_link(self, world: World) -> None:
        job = f"/api/public/{world.slug}/jobs/{world.other_run.job}"
        assert world.client.send("GET", Call(job)).status_code == 404
        assert world.client.send("GET", Call(f"{job}/epochs")).json() == []
        assert world.client.send("GET", Call(f"/api/public/{world.slug}/jobs/{world.run.job}/epochs")).json() != []

    def test_a_link_says_nothing_of_people(self, world: World) -> None:
        told = world.client.send("GET", Call(f"/api/public/{world.slug}")).text
        assert world.owner.email not in told

    def test_a_link_ends_with_its_batch(self, world: World) -> None:
        run = world.new_run()
        slug = world.new_link(run)
        world.ask("DELETE", f"/api/batches/{run.batch}")
        assert world.client.send("GET", Call(f"/api/public/{slug}")).status_code == 404


def no_curves(result: dict[str, Any]) -> bool:
    """Whether an answer about a job says nothing of it."""
    return not result.get("series") and bool(result.get("error"))


def rewind(call: Call) -> None:
    """Make an upload ready to be sent again."""
    for _, content, _ in (call.files or {}).values():
        content.seek(0)
