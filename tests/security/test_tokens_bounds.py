"""Tokens that are tied to a project or to networks reach nothing outside, on any route of any service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from stage.people import ADDRESS, Call
from stage.samples import OPERATIONS, is_change, sample_of
from stage.world import CANARY, OTHER_PROJECT, PROJECT, Run, World, event, eventually
from test_tokens_attack import ASKED, HARMLESS, code_of, family, fresh, listening, mint

# A project of the owner's in which there is nothing.
QUIET = "quiet"
# Says only who the caller is.
SELF = {"GET /api/auth/me"}


@cache
def tied(world: World, credential: str, project: str = QUIET) -> str:
    """A token for one project, of the one who has this credential."""
    session = credential if credential.count(".") == 2 else world.owner.session
    return str(mint(world, session, project=project)["token"])


class TestProject:
    @pytest.mark.parametrize("operation", [one for one in ASKED if is_change(one) and one not in HARMLESS])
    def test_changes_nothing_of_another_project(self, world: World, operation: str) -> None:
        method = operation.partition(" ")[0]
        call = sample_of(operation).call(world)
        assert call.credential is not None
        answer = world.client.send(method, call, tied(world, call.credential))
        assert answer.status_code in {401, 403, 404} or is_nothing_done(answer.json() if answer.content else None)
        # The same request by its rightful caller: it was a good one, and the refused one took nothing from it.
        assert world.client.send(method, fresh(world, operation, call)).status_code < 400

    @pytest.mark.parametrize("operation", [one for one in ASKED if not is_change(one) and one not in SELF])
    def test_reads_nothing_of_another_project(self, world: World, operation: str) -> None:
        call = sample_of(operation).call(world)
        assert call.credential is not None
        token = tied(world, call.credential)
        answer = world.client.send(operation.partition(" ")[0], call, token)
        if answer.status_code < 400:
            assert not call.is_stream, "a stream of another project was opened"
            assert CANARY not in without(answer.text, [world.owner.name, *texts([call.json, call.params])]), operation

    def test_an_administrators_is_no_administrators(self, world: World) -> None:
        token = tied(world, world.admin.session, PROJECT)
        for path in ("/api/admin/users", "/api/admin/audit-log", "/api/admin/system-config"):
            answer = world.client.send("GET", Call(path), token)
            assert (path, answer.status_code, code_of(answer)) == (path, 403, "auth.admin_required")
        assert world.client.send("GET", Call(f"/api/batches/{world.run.batch}"), token).status_code == 404

    def test_within_its_project_it_is_as_any_other(self, world: World) -> None:
        token = tied(world, world.owner.session, PROJECT)
        for method, call in family(world.run):
            assert (call.path, world.client.send(method, call, token).status_code) in {
                (call.path, 200),
                (call.path, 202),
            }
        listed = world.ask("GET", "/api/batches", token, params={"limit": 200})
        assert {one["project"] for one in listed} == {PROJECT}
        assert {one["project"] for one in world.ask("GET", "/api/projects", token)} == {PROJECT}
        assert world.client.send("GET", Call(f"/api/batches/{world.other_run.batch}"), token).status_code == 404

    def test_reports_into_no_other_project(self, world: World) -> None:
        token = tied(world, world.owner.session, OTHER_PROJECT)
        new = Run(world.name("batch"), world.name("job"), PROJECT, "host")
        disguised = Run(world.run.batch, world.run.job, OTHER_PROJECT, "host")
        inside = Run(world.name("batch"), world.name("job"), OTHER_PROJECT, "host")
        sent = [event(run, "batch_start", n_total_jobs=1) for run in (new, world.run, disguised, inside)]
        answer = world.ask("POST", "/api/events/batch", token, json={"events": sent})
        assert [one["status"] for one in answer["results"]] == ["rejected"] * 3 + ["accepted"]
        for result in answer["results"][:3]:
            assert result["code"] == "event.forbidden"
            assert f"project {OTHER_PROJECT} only" in result["error"]
        assert not world.rows("select id from batch where id = ?", new.batch)
        assert world.rows("select project from batch where id = ?", world.run.batch) == [(PROJECT,)]

    def test_takes_no_snapshots_over(self, world: World) -> None:
        run = Run(world.name("batch"), "", PROJECT, "host")
        world.ask("POST", "/api/events", world.owner.reporter, json=event(run, "resource_snapshot", gpu_util_pct=1.0))
        token = tied(world, world.owner.session, OTHER_PROJECT)
        start = event(Run(run.batch, "", OTHER_PROJECT, "host"), "batch_start")
        answer = world.client.send("POST", Call("/api/events", start), token)
        assert (answer.status_code, code_of(answer)) == (403, "event.forbidden")

    def test_hears_nothing_of_another_project(self, world: World) -> None:
        token = tied(world, world.owner.session, OTHER_PROJECT)
        with listening(world, token, "visible,inbox") as lines:
            outside = world.new_run(text="outside")
            inside = world.new_run(project=OTHER_PROJECT, text="inside", is_done=False)
            heard = heard_of(lines, until=inside.batch)
        assert outside.batch not in heard
        assert inside.batch in heard

    @pytest.mark.parametrize("channel", ["batch:{batch}", "job:{batch}:{job}", "dashboard"])
    def test_opens_no_channel_of_another_project(self, world: World, channel: str) -> None:
        channels = channel.format(batch=world.run.batch, job=world.run.job)
        for credential in (world.owner.session, world.admin.session):
            call = Call("/api/sse", params={"channels": channels}, is_stream=True)
            answer = world.client.send("GET", call, tied(world, credential, OTHER_PROJECT))
            assert (answer.status_code, code_of(answer)) == (403, "stream.forbidden")


def is_nothing_done(answer: Any) -> bool:
    """Whether an answer to many says that nothing was done, or none was due."""
    if isinstance(answer, dict) and "deleted" in answer:
        return answer["deleted"] == []
    if isinstance(answer, dict) and "skipped" in answer:
        return answer["done"] == []
    if isinstance(answer, dict) and "results" in answer:
        return all(one["status"] == "rejected" for one in answer["results"])
    return answer is None


def without(text: str, known: Iterable[str]) -> str:
    """An answer without the texts that the caller knows: their own name, and what the question said itself."""
    for one in known:
        text = text.replace(one, "")
    return text


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def heard_of(lines: Iterator[str], until: str) -> str:
    """All that a stream said up to the first event of a batch."""
    heard = []
    for line in lines:
        heard.append(line)
        if until in line:
            return "\n".join(heard)
    raise AssertionError("the stream ended")


# As somebody would who has the wrong token at hand.
SCRIPT = """
from argus import Reporter

with Reporter("run", source_project="their project", n_total=1) as run:
    with run.job("job", model="m", dataset="d") as job:
        job.epoch(1, loss=0.5)
"""


class TestWhatTheReporterSays:
    def _output(self, world: World, token: str, home: Path) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ARGUS_URL": world.server.url,
            "ARGUS_TOKEN": token,
            "ARGUS_SPILL_DIR": str(home / "journals"),
            "ARGUS_EXIT_FLUSH_S": "3",
        }
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, cwd=home, capture_output=True, text=True, check=True
        )
        return ran.stdout + ran.stderr

    def test_of_another_project(self, world: World, tmp_path: Path) -> None:
        output = self._output(world, tied(world, world.owner.session, OTHER_PROJECT), tmp_path)
        reason = f"This token is for the project {OTHER_PROJECT} only, and the event names the project their project."
        assert reason in output
        (kept,) = (tmp_path / "journals").rglob("rejected-*.jsonl")
        assert reason in kept.read_text()

    def test_of_another_network(self, world: World, tmp_path: Path) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24"])
        assert "This token may not be used from your network." in self._output(world, made["token"], tmp_path)


class TestNetwork:
    def test_every_service_refuses_it_from_elsewhere(self, world: World) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24", "2001:db8:7::/48"])
        for method, call in family(world.run):
            answer = world.client.send(method, call, made["token"])
            assert (call.path, answer.status_code, code_of(answer)) == (call.path, 403, "auth.network_refused")

    @pytest.mark.parametrize("address", ["198.51.100.9", "2001:db8:7::9", "::ffff:198.51.100.9"])
    def test_every_service_takes_it_from_there(self, world: World, address: str) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24", "2001:db8:7::/48"])
        for method, call in family(world.run):
            call.headers["X-Forwarded-For"] = address
            assert (call.path, world.client.send(method, call, made["token"]).status_code) in {
                (call.path, 200),
                (call.path, 202),
            }

    @pytest.mark.parametrize(
        "claimed", ["198.51.100.9, {0}", "{0}, 198.51.100.999", "", "unknown", "198.51.100.9:80, {0}"]
    )
    def test_an_address_that_is_only_claimed_is_not_believed(self, world: World, claimed: str) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24"])
        call = Call("/api/auth/me", headers={"X-Forwarded-For": claimed.format(ADDRESS)})
        for header in ("Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"):
            call.headers[header] = "for=198.51.100.9" if header == "Forwarded" else "198.51.100.9"
        assert world.client.send("GET", call, made["token"]).status_code == 403

    def test_a_stream_by_a_token_in_its_address_is_no_way_round(self, world: World) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24"])
        call = Call("/api/sse", params={"channels": "visible", "token": made["token"]}, is_stream=True)
        answer = world.client.send("GET", call)
        assert (answer.status_code, code_of(answer)) == (403, "auth.network_refused")

    def test_it_is_written_down_once(self, world: World) -> None:
        made = mint(world, world.owner.session, networks=["198.51.100.0/24"])
        before = world.last_audit()
        for _ in range(50):
            assert world.client.send("GET", Call("/api/auth/me"), made["token"]).status_code == 403

        def lines() -> list[dict[str, Any]]:
            target = ("api_token", str(made["id"]))
            found = [line for line in world.audit(before) if line["action"] == "token_refused"]
            return [line for line in found if (line["target_type"], line["target_id"]) == target]

        (line,) = eventually(lines)
        assert (line["user_id"], line["ip_address"]) == (world.owner.id, ADDRESS)
        assert len(lines()) == 1


def test_every_operation_is_looked_at() -> None:
    assert len(ASKED) > 100
    assert set(ASKED) <= set(OPERATIONS)
