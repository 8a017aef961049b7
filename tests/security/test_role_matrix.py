"""Who may do what, asked of a running server: every operation of the OpenAPI document by every kind of caller.

Nothing here is listed by hand: the document says which permission an operation asks for, and the table of
`argus_kit.policy` who has it. First the credential alone, at things that do not exist: refused with just the code that
the table says, or let in. Then the role, at real things of a project: who has a lower one is forbidden, and for a
stranger the thing is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from stage.people import Call, Person, log_in, register
from stage.samples import OPERATIONS, is_change, sample_of
from stage.world import World

from argus_kit.actor import Scope
from argus_kit.documents import KEY
from argus_kit.policy import RULES, Permission, Rule
from argus_schema.base import sqlite_time
from argus_schema.roles import MEMBERS, Role

# -- the credential --------------------------------------------------------------------------------------------------

_NUMBER, _TEXT = "999999999", "no-such-thing"
_LONG_AGO = sqlite_time(datetime(2020, 1, 1, tzinfo=UTC))
_ENDS = {
    Permission.SESSION_END,
    Permission.SESSION_REFRESH,
    Permission.ACCOUNT_SECURE,
    Permission.ACCOUNT_CHANGE,
    Permission.TOKENS_MANAGE,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a credential. `refused` is what every operation says to one that is no good."""

    name: str
    credential: str | None
    scope: Scope | None = None
    is_admin: bool = False
    is_bound: bool = False
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """The people whose credentials are asked with."""

    user: Person
    admin: Person
    banned: Person
    expired: Person
    agent: str
    bound: str


@pytest.fixture(scope="module")
def cast(world: World) -> Cast:
    return _new_cast(world)


def _new_cast(world: World) -> Cast:
    user, banned, expired = (register(world.client, world.name(text)) for text in ("user", "banned", "expired"))
    admin = register(world.client, world.name("root"))
    world.write("update user set is_admin = 1 where id = ?", admin.id)
    world.ask("POST", f"/api/admin/users/{banned.id}/ban", world.admin.session)
    world.write("update api_token set expires_at = ? where id = ?", _LONG_AGO, expired.reporter_id)
    agent = world.client.ask("POST", "/api/agents/register", user.session, json={"hostname": world.name("host")})
    # Its own session is new to the server too, so that nothing of before is remembered.
    admin = Person(**{**_fields(admin), "session": log_in(world.client, admin.name)})
    wish = {"name": "bound", "scope": "reporter", "project": _TEXT}
    bound = world.client.ask("POST", "/api/tokens", admin.session, json=wish)["token"]
    return Cast(user, admin, banned, expired, agent["agent_token"], bound)


def _fields(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in Person.__slots__}


def callers(cast: Cast) -> list[Caller]:
    """Every kind of caller."""
    return [
        Caller("nobody", None),
        Caller("garbage", "not.a.jwt", refused="auth.session_invalid"),
        Caller("a token that nobody made", "em_live_" + "x" * 27, refused="auth.token_invalid"),
        Caller("a banned user's session", cast.banned.session, refused="auth.session_invalid"),
        Caller("a banned user's token", cast.banned.reporter, refused="auth.owner_inactive"),
        Caller("an expired token", cast.expired.reporter, refused="auth.token_invalid"),
        Caller("an agent", cast.agent, "agent"),
        Caller("a viewer token", cast.user.viewer, "viewer"),
        Caller("a reporter token", cast.user.reporter, "reporter"),
        Caller("a user's session", cast.user.session, "full"),
        Caller("an admin's viewer token", cast.admin.viewer, "viewer", is_admin=True),
        Caller("an admin's reporter token", cast.admin.reporter, "reporter", is_admin=True),
        Caller("an admin's token for one project", cast.bound, "reporter", is_bound=True),
        Caller("an admin's session", cast.admin.session, "full", is_admin=True),
    ]


def expected_refusal(rule: Rule, caller: Caller) -> str | None:
    """The error code that the table says; None when the caller is let in."""
    if not rule.credentials or (rule.is_open and caller.credential is None):
        # Without a credential one sees what was published; a bad one is refused as everywhere.
        return None
    if caller.scope is None:
        # Whoever shows no good credential: a rule that has a code of its own for that uses it for all of them.
        return str(rule.missing) if caller.refused is None or rule.missing != "auth.required" else caller.refused
    if caller.scope in rule.credentials:
        if rule.admin and not caller.is_admin:
            return "auth.admin_required"
        return "auth.project_token" if rule.beyond and caller.is_bound else None
    if caller.scope == "viewer" and "reporter" in rule.credentials:
        return "auth.scope_insufficient" if caller.is_admin or not rule.admin else "auth.admin_required"
    if rule.refused is not None:
        return str(rule.refused)
    if caller.scope == "agent":
        return "auth.forbidden"
    return "auth.interactive_required" if caller.is_admin or not rule.admin else "auth.admin_required"


def test_every_operation_names_a_permission_of_the_table() -> None:
    named = {operation: facts.get(KEY) for operation, facts in OPERATIONS.items()}
    assert {operation for operation, name in named.items() if name not in set(Permission)} == set()


def test_every_permission_is_asked_for_by_some_operation() -> None:
    assert {str(permission) for permission in Permission} == {facts[KEY] for facts in OPERATIONS.values()}


def test_what_changes_something_is_no_permission_to_read() -> None:
    # But for what proves a right by a secret in the request itself.
    for operation, facts in OPERATIONS.items():
        if is_change(operation) and facts[KEY] not in {Permission.PUBLIC, Permission.SESSION_END}:
            assert "viewer" not in RULES[Permission(facts[KEY])].credentials, operation


def test_administration_is_for_administrators() -> None:
    for operation, facts in OPERATIONS.items():
        if " /api/admin/" in operation:
            assert RULES[Permission(facts[KEY])].admin, operation


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_kind_of_caller(world: World, cast: Cast, operation: str) -> None:
    rule = RULES[Permission(OPERATIONS[operation][KEY])]
    wrong = {}
    # What may end a credential is asked by people of its own.
    for caller in callers(_new_cast(world) if OPERATIONS[operation][KEY] in _ENDS else cast):
        wanted = expected_refusal(rule, caller)
        answer = _send(world, operation, caller.credential)
        said = _refusal(answer)
        if caller.is_bound and wanted is None and said == "auth.project_token":
            continue  # It is the thing that lies beyond, as `test_tokens_bounds.py` has it in full.
        if said != wanted:
            wrong[caller.name] = f"{answer.status_code} {said}, not {wanted}: {answer.text[:200]}"
        assert answer.status_code < 500, answer.text
    assert wrong == {}


def _send(world: World, operation: str, credential: str | None) -> httpx.Response:
    method, _, path = operation.partition(" ")
    for parameter in OPERATIONS[operation].get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", _placeholder(parameter["schema"]))
    content = next(iter(OPERATIONS[operation]["responses"].values())).get("content", {})
    return world.client.send(method, Call(path, is_stream="text/event-stream" in content), credential)


def _placeholder(schema: dict[str, Any]) -> str:
    return _NUMBER if schema.get("type") == "integer" else _TEXT


def _refusal(answer: httpx.Response) -> str | None:
    """The code of an answer that refuses the caller, not the thing that they ask for."""
    if answer.status_code not in {401, 403}:
        return None
    code: str = answer.json()["error"]["code"]
    return code if code.startswith("auth.") or code == "agent.unauthenticated" else None


# -- the role --------------------------------------------------------------------------------------------------------

# Where a stranger is told that they may not, as they would be were it not there: these answers do not look first.
_FORBIDDEN_TO_ALL = {
    Permission.STREAMS_READ: "stream.forbidden",
    Permission.RECIPIENTS_READ: "project.forbidden",
    Permission.RECIPIENTS_CHANGE: "project.forbidden",
    Permission.PROJECT_CHANNELS_CHANGE: "project.forbidden",
    Permission.PROJECT_RULES_CHANGE: "project.forbidden",
    Permission.PROJECTS_DELETE: "project.forbidden",
}
_PLACES = re.compile(r"\{(batch_id|job_id|artifact_id|project)\}")
ABOUT_THINGS = [
    operation
    for operation, facts in OPERATIONS.items()
    if RULES[Permission(facts[KEY])].role is not None
    and (_PLACES.search(operation) or facts[KEY] == Permission.STREAMS_READ)
]


@pytest.fixture(scope="module")
def team(world: World) -> dict[str, Person]:
    """Somebody for each role, and somebody for none."""
    return {name: register(world.client, world.name(name)) for name in (*MEMBERS, "stranger")}


def _join_all_projects(world: World, team: dict[str, Person]) -> None:
    # Samples bring things of their own, in projects of their own; all are the owner's of this world.
    for role in MEMBERS:
        world.write(
            "insert or ignore into project_member (project, user_id, role, created_at) "
            "select distinct project, ?, ?, ? from batch where owner_id = ?",
            *(team[role].id, role.value, _LONG_AGO, world.owner.id),
        )
    world.write(
        "insert or ignore into project_member (project, user_id, role, created_at) "
        "select distinct project, owner_id, 'owner', ? from batch where owner_id = ?",
        *(_LONG_AGO, world.owner.id),
    )


@pytest.mark.parametrize("operation", ABOUT_THINGS)
def test_each_role(world: World, team: dict[str, Person], operation: str) -> None:
    permission = Permission(OPERATIONS[operation][KEY])
    least = RULES[permission].role
    assert least is not None
    wrong = {}
    for name, person in team.items():
        call = sample_of(operation).call(world)
        _join_all_projects(world, team)
        answer = world.client.send(operation.partition(" ")[0], call, person.session)
        said = "" if answer.is_success else f"{answer.status_code} {answer.json()['error']['code']}"
        if not _fits(said, permission, least, name):
            wrong[name] = said or "let in"
    assert wrong == {}, f"{operation} asks for {least}"


def _fits(said: str, permission: Permission, least: Role, name: str) -> bool:
    if name == "stranger":
        if permission in _FORBIDDEN_TO_ALL:
            return said == f"403 {_FORBIDDEN_TO_ALL[permission]}"
        return re.fullmatch(r"404 (batch|job|artifact|project)\.not_found", said) is not None
    # The author of a batch is nobody's role: an owner of the project is not meant either.
    if least is not Role.AUTHOR and MEMBERS.index(Role(name)) <= MEMBERS.index(least):
        return said == ""
    return said in {"403 batch.forbidden", "403 project.forbidden"}


BULK = {
    "POST /api/batches/bulk-delete": lambda run: {"batch_ids": [run.batch]},
    "POST /api/jobs/bulk-delete": lambda run: {"items": [{"batch_id": run.batch, "job_id": run.job}]},
}


@pytest.mark.parametrize("operation", BULK)
def test_each_role_at_many_things_at_once(world: World, team: dict[str, Person], operation: str) -> None:
    seen = {}
    for name, person in team.items():
        run = world.new_run()
        _join_all_projects(world, team)
        path = operation.partition(" ")[2]
        done = world.client.ask("POST", path, person.session, json=BULK[operation](run))
        seen[name] = "deleted" if done["deleted"] else done["skipped"][0]["reason"]
    unseen = "not_found" if "batches" in operation else "batch_not_found"
    assert seen == {"owner": "deleted", "editor": "not_owner", "viewer": "not_owner", "stranger": unseen}
