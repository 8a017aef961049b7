"""Tokens that are not good enough: forged, ended, of the wrong kind, or shown where they do not belong."""

from __future__ import annotations

import binascii
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import pytest
from stage.people import ADDRESS, Call, Person
from stage.samples import OPERATIONS, is_change, sample_of
from stage.world import Run, World, event, eventually

from argus_contracts.tokens import ALPHABET
from argus_kit.policy import Permission
from argus_schema.base import sqlite_time

STREAMS = [
    operation
    for operation, told in OPERATIONS.items()
    if "text/event-stream" in next(iter(told["responses"].values())).get("content", {})
]
ASKED = [operation for operation in OPERATIONS if OPERATIONS[operation].get("x-permission") != "public"]
CHANGES = [operation for operation in ASKED if is_change(operation)]
# Whoever holds a token may log out: it answers that there was no session to end.
HARMLESS = {"POST /api/auth/logout"}


def mint(world: World, session: str, **body: Any) -> dict[str, Any]:
    """A new token of the one whose session this is."""
    made: dict[str, Any] = world.ask(
        "POST", "/api/tokens", session, json={"name": world.name("token"), "scope": "reporter", **body}
    )
    return made


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def is_refused(answer: httpx.Response) -> bool:
    """Whether somebody may not. A way to log in that is not set up is there for nobody, and says so first."""
    return answer.status_code in {401, 403} or (answer.status_code == 404 and code_of(answer) == "oauth.not_configured")


def family(run: Run) -> list[tuple[str, Call]]:
    """One request for each service, and for each way in which a service looks at credentials."""
    return [
        ("GET", Call("/api/auth/me")),
        ("GET", Call(f"/api/batches/{run.batch}")),
        ("GET", Call(f"/api/batches/{run.batch}/artifacts")),
        ("GET", Call(f"/api/batches/{run.batch}/stop-requested")),
        ("GET", Call("/api/notifications")),
        ("POST", Call("/api/events", event(run, "log_line", line="x", level="info"))),
        ("POST", Call("/api/events/batch", {"events": [event(run, "log_line", line="x", level="info")]})),
        ("GET", Call("/api/sse", params={"channels": f"batch:{run.batch}"}, is_stream=True)),
    ]


class TestViewers:
    """A token that only reads changes nothing, whoever it belongs to."""

    @pytest.mark.parametrize("operation", [one for one in CHANGES if one not in HARMLESS])
    def test_no_operation_that_changes_something(self, world: World, operation: str) -> None:
        method = operation.partition(" ")[0]
        call = sample_of(operation).call(world)
        assert call.credential is not None
        answer = world.client.send(method, call, viewer_of(world, call.credential))
        assert is_refused(answer), answer.text
        # The same request by its rightful caller: it was a good one, and the refused one took nothing from it.
        assert world.client.send(method, fresh(world, operation, call)).status_code < 400


@cache
def viewer_of(world: World, credential: str) -> str:
    """A viewer token of the one who has this credential."""
    if credential.count(".") == 2:
        return str(mint(world, credential, scope="viewer")["token"])
    return world.owner.viewer


def fresh(world: World, operation: str, call: Call) -> Call:
    """The call once more; an upload's file was read already."""
    return sample_of(operation).call(world) if call.files else call


class TestAgents:
    @pytest.mark.parametrize(
        "operation", [one for one in ASKED if not one.startswith(("GET /api/agents/{", "POST /api/agents/{"))]
    )
    def test_an_agents_token_opens_nothing_of_its_owner(self, world: World, operation: str) -> None:
        call = sample_of(operation).call(world)
        answer = world.client.send(operation.partition(" ")[0], call, world.agent.token)
        assert is_refused(answer), answer.text

    def test_another_agent_even_of_the_same_person(self, world: World) -> None:
        other = world.new_agent()
        path = f"/api/agents/{world.agent.id}"
        command = world.new_command(world.agent)
        for method, call in (
            ("GET", Call(f"{path}/jobs")),
            ("POST", Call(f"{path}/heartbeat")),
            ("POST", Call(f"{path}/jobs/{command}/ack", {"status": "started"})),
        ):
            answer = world.client.send(method, call, other.token)
            assert (answer.status_code, code_of(answer)) == (403, "agent.mismatch")
        assert world.client.send("GET", Call(f"{path}/jobs"), world.agent.token).json()["jobs"]

    def test_people_do_not_speak_as_an_agent(self, world: World) -> None:
        for credential in (world.owner.session, world.owner.reporter, world.admin.session):
            answer = world.client.send("GET", Call(f"/api/agents/{world.agent.id}/jobs"), credential)
            assert (answer.status_code, code_of(answer)) == (401, "agent.unauthenticated")

    def test_a_new_token_ends_the_one_before(self, world: World) -> None:
        agent = world.new_agent()
        world.ask("POST", "/api/agents/register", json={"hostname": agent.host})
        answer = world.client.send("GET", Call(f"/api/agents/{agent.id}/jobs"), agent.token)
        assert (answer.status_code, code_of(answer)) == (401, "agent.unauthenticated")


def signed(body: str) -> str:
    """A text with the checksum that belongs to it: what whoever knows the format can make."""
    number, digits = binascii.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return body + digits


def other_char(text: str, place: int) -> str:
    changed = "a" if text[place] != "a" else "b"
    return text[:place] + changed + text[place + 1 :]


FORGERIES: dict[str, Callable[[str, str], str]] = {
    "truncated": lambda token, _: token[:-1],
    "without its checksum": lambda token, _: token[:-6],
    "longer": lambda token, _: token + "a",
    "another checksum": lambda token, _: other_char(token, len(token) - 1),
    "another secret": lambda token, _: other_char(token, 30),
    "another secret, signed": lambda token, _: signed(other_char(token, 30)[:-6]),
    "another key, signed": lambda token, _: signed(other_char(token, 10)[:-6]),
    "the prefix of a reporter": lambda _, viewer: viewer.replace("em_view", "em_live"),
    "the prefix of a reporter, signed": lambda _, viewer: signed(viewer.replace("em_view", "em_live")[:-6]),
    "the prefix of an agent, signed": lambda token, _: signed(token.replace("em_live", "ag_live")[:-6]),
    "key of one and secret of another, signed": lambda token, viewer: signed(viewer[:20] + token[20:-6]),
    "upper case": lambda token, _: token.upper(),
    "the key alone": lambda token, _: token[:20],
    "the prefix alone": lambda _, __: "em_live_",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_opens_nothing(world: World, forgery: str) -> None:
    forged = FORGERIES[forgery](world.owner.reporter, world.owner.viewer)
    for method, call in family(world.run):
        answer = world.client.send(method, call, forged)
        assert (call.path, answer.status_code) == (call.path, 401)
        assert forged not in answer.text
    # A token that was looked at with a wrong secret stays good with the right one.
    for credential in (world.owner.reporter, world.owner.viewer):
        assert world.client.send("GET", Call("/api/auth/me"), credential).status_code == 200


class TestEnded:
    def test_an_expired_token(self, world: World) -> None:
        made = mint(world, world.owner.session, expires_at="2099-01-01T00:00:00Z")
        past = sqlite_time(datetime(2020, 1, 1, tzinfo=UTC))
        world.write("update api_token set expires_at = ? where id = ?", past, made["id"])
        for method, call in family(world.run):
            answer = world.client.send(method, call, made["token"])
            assert (call.path, answer.status_code, code_of(answer)) == (call.path, 401, "auth.token_invalid")
            assert "expired" in answer.json()["error"]["message"]

    def test_a_token_that_expires_while_it_is_in_use(self, world: World) -> None:
        at = time.time() + 3
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        made = mint(world, world.owner.session, expires_at=soon)
        assert world.client.send("GET", Call("/api/auth/me"), made["token"]).status_code == 200
        eventually(lambda: world.client.send("GET", Call("/api/auth/me"), made["token"]).status_code == 401)
        assert time.time() >= int(at)

    def test_a_revoked_token_at_once_and_everywhere(self, world: World) -> None:
        made = mint(world, world.owner.session)
        calls = family(world.run)
        for method, call in calls:
            assert world.client.send(method, call, made["token"]).status_code < 300
        world.ask("DELETE", f"/api/tokens/{made['id']}")
        for method, call in calls:
            answer = world.client.send(method, call, made["token"])
            assert (call.path, answer.status_code, code_of(answer)) == (call.path, 401, "auth.token_invalid")

    def test_an_open_stream_of_a_revoked_token_ends(self, world: World) -> None:
        made = mint(world, world.owner.session, scope="viewer")
        with listening(world, made["token"], f"batch:{world.run.batch}") as lines:
            assert next_event(lines) == "hello"
            world.ask("DELETE", f"/api/tokens/{made['id']}")
            revoked_at = time.monotonic()
            assert next_event(lines) == "closed"
            assert time.monotonic() - revoked_at < 1
            assert list(lines) == ['data: {"reason":"session_ended"}', ""]

    def test_an_open_stream_of_a_token_that_expires_ends(self, world: World) -> None:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
        made = mint(world, world.owner.session, scope="viewer", expires_at=soon)
        with listening(world, made["token"], "visible") as lines:
            assert [next_event(lines), next_event(lines)] == ["hello", "closed"]

    def test_tokens_of_a_banned_person(self, world: World) -> None:
        person: Person = world.new_person()
        assert world.client.send("GET", Call("/api/auth/me"), person.reporter).status_code == 200
        world.ask("POST", f"/api/admin/users/{person.id}/ban", world.admin.session)
        for method, call in family(world.run):
            assert world.client.send(method, call, person.reporter).status_code == 401


class TestInAnAddress:
    """Addresses are written into logs and histories: a token in one is taken where nothing else is possible."""

    @pytest.mark.parametrize("operation", [one for one in ASKED if one.startswith("GET ") and one not in STREAMS])
    def test_not_taken_from_there(self, world: World, operation: str) -> None:
        call = sample_of(operation).call(world)
        call.params |= {"token": call.credential, "access_token": call.credential}
        call.credential = None
        answer = world.client.send("GET", call)
        if OPERATIONS[operation]["x-permission"] == Permission.PUBLISHED_READ:
            # Whoever asks is a visitor then, for whom nothing is there that was not published.
            assert answer.status_code == (404 if "{" in operation else 200), answer.text
            assert world.run.project not in answer.text
        else:
            assert is_refused(answer), answer.text

    @pytest.mark.parametrize("operation", STREAMS)
    def test_but_on_streams(self, world: World, operation: str) -> None:
        call = sample_of(operation).call(world)
        call.credential = None
        for token, status in ((world.owner.viewer, 200), (world.owner.viewer[:-1], 401), (world.agent.token, 403)):
            call.params["token"] = token
            assert (token[:7], world.client.send("GET", call).status_code) == (token[:7], status)


class listening:  # noqa: N801 (reads as a word in a `with`)
    """An open stream: its lines, one by one."""

    def __init__(self, world: World, token: str, channels: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": ADDRESS}
        self._client = httpx.Client(base_url=world.server.url, headers=headers, timeout=20)
        self._stream = self._client.stream("GET", "/api/sse", params={"channels": channels})

    def __enter__(self) -> Any:
        answer = self._stream.__enter__()
        assert answer.status_code == 200, answer.read()
        return answer.iter_lines()

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(None, None, None)
        self._client.close()


def next_event(lines: Any) -> str:
    """Kind of the next event; keepalives are passed over."""
    kinds = (line.removeprefix("event: ") for line in lines if line.startswith("event: "))
    return next(kind for kind in kinds if kind != "keepalive")
