"""Nobody sets what a route does not take: fields of rows that are slipped into bodies are refused or do nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from stage.digest import changes, digest
from stage.people import Call
from stage.samples import DOCUMENT, OPERATIONS, is_change, sample_of
from stage.world import CANARY, World

# Where they stood, something slipped in would be found by these values: no row has them by itself.
NUMBER, TEXT, TIME = 424242, "cuckoo", "1999-09-09T09:09:09Z"
SLIPPED_IN: dict[str, Any] = {
    **dict.fromkeys(("id", "user_id", "owner_id", "actor_id", "created_by", "grantee_id", "added_by_user_id"), NUMBER),
    **dict.fromkeys(("batch_key", "job_no", "uses", "view_count", "failed_login_count", "size_bytes"), NUMBER),
    **dict.fromkeys(("password_hash", "secret_hash", "code_hash", "hash", "key_id", "token", "slug", "jti"), TEXT),
    **dict.fromkeys(("scope", "role", "permission", "status", "kind", "method", "unsubscribe_token", "family"), TEXT),
    **dict.fromkeys(("user", "username", "email", "agent_id", "requested_by", "source_batch_id", "path"), TEXT),
    **dict.fromkeys(("created_at", "updated_at", "deleted_at", "locked_until", "last_login", "read_at", "at"), TIME),
    **dict.fromkeys(("is_admin", "is_superuser", "email_verified", "is_active", "encrypted", "is_public"), True),
    "__proto__": {"is_admin": True},
    "constructor": {"prototype": {"is_admin": True}},
    TEXT: TEXT,
}
# What stands in them is the caller's own, whatever its names are.
FREE = {"data", "overrides", "value", "group_roles", "source"}
# Changing these is what they are for.
MAY_PROMOTE = {"POST /api/admin/users/{id}/promote", "POST /api/admin/users/{id}/demote"}


def body_of(operation: str) -> dict[str, Any] | None:
    """The schema of an operation's JSON body."""
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def known_names(schema: dict[str, Any]) -> set[str]:
    """All names that a body may have, at whatever depth."""
    found: set[str] = set()
    waiting, seen = [schema], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            reference = one.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                waiting.append(DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]])
            found |= set(one.get("properties", {}))
            waiting += one.values()
    return found


def polluted(body: Any, known: set[str]) -> Any:
    """The body with more in each object of it."""
    if isinstance(body, list):
        return [polluted(item, known) for item in body]
    if not isinstance(body, dict):
        return body
    kept = {name: value if name in FREE else polluted(value, known) for name, value in body.items()}
    return {**{name: value for name, value in SLIPPED_IN.items() if name not in known}, **kept}


BODIES = [operation for operation in OPERATIONS if body_of(operation) is not None]


def rights(world: World) -> set[Any]:
    """Who is an administrator, who is let in, whose address is proved."""
    return set(world.rows('select id, is_admin, is_active, email_verified from "user"'))


@pytest.mark.parametrize("operation", BODIES)
def test_what_is_slipped_into_a_body_does_nothing(world: World, operation: str) -> None:
    schema = body_of(operation)
    assert schema is not None
    call = sample_of(operation).call(world)
    call.json = polluted(call.json or {}, known_names(schema))
    # What the workers still do for the tests before this one changes tables too, but not each time.
    for _ in range(5):
        before, had = digest(world.database), rights(world)
        answer = world.client.send(operation.partition(" ")[0], call)
        assert answer.is_success or answer.status_code == 422, answer.text
        changed = changes(before, digest(world.database))
        if answer.is_success or not changed:
            break
    if answer.status_code == 422:
        assert changed == {}
        return
    came = repr({table: rows for table, (_, rows) in changed.items() if table != "event"})
    assert [value for value in (NUMBER, TEXT, TIME[:10]) if str(value) in came] == [], came
    assert TEXT not in answer.text
    gained = {row for row in rights(world) - had if row[1]}
    assert not gained or operation in MAY_PROMOTE


def test_a_person_does_not_register_as_more_than_a_person(world: World) -> None:
    name = world.name("newcomer")
    plain = {"username": name, "email": f"{name}@example.org", "password": "correct horse 1 battery"}
    for more in ({"is_admin": True}, {"email_verified": True}, {"id": 1}, {"role": "admin"}):
        answer = world.client.send("POST", Call("/api/auth/register", plain | more))
        assert answer.status_code == 422, answer.text
    assert world.rows('select id from "user" where username = ?', name) == []


@pytest.mark.parametrize("scope", ["full", "agent", "admin", "REPORTER", "reporter ", ["reporter"], None, 1])
def test_a_token_has_one_of_two_scopes(world: World, scope: Any) -> None:
    answer = world.client.send("POST", Call("/api/tokens", {"name": "x", "scope": scope}), world.stranger.session)
    assert answer.status_code in {400, 422}, answer.text


# -- what is strange in addresses and values -------------------------------------------------------------------------

STRANGE_PARTS = [
    "%2F", "..%2F..%2Fetc%2Fpasswd", "%00", "a%00b", "%FF%FE", "%ED%A0%80", "%0d%0aSet-Cookie:%20a=b", "x" * 3000, "-1",
    "0", "99999999999999999999999", "1e9", "NaN", "%EF%BC%91", "%D0%B0da", "'%20or%201=1--", "%25s%25n", "%F0%9F%A6%A2",
]  # fmt: skip
STRANGE_VALUES: list[Any] = [
    "\x00", "a\x00b", "\ud800", "x" * 100_000, 2**70, -(2**70), 1e308, True, None, [], {}, [[]], {"$gt": ""}, "\u202e",
    {"a": "\ud800"}, {"a": 2**70}, {"a": "\x00"}, ["\x00"], ["\ud800"],
]  # fmt: skip
WITH_PARTS = [operation for operation in OPERATIONS if "{" in operation]
# They would leave the rest without a session, or the server without something that the others need.
LASTING = {"POST /api/auth/logout", "POST /api/admin/retention/sweep"}


@pytest.mark.parametrize("operation", WITH_PARTS)
def test_a_strange_part_of_an_address_breaks_nothing(world: World, operation: str) -> None:
    method, _, path = operation.partition(" ")
    sample = sample_of(operation)
    good = sample.call(world)
    for part in STRANGE_PARTS:
        strange = "/".join(part if piece.startswith("{") else piece for piece in path.split("/"))
        call = Call(strange, good.json, good.params, None, credential=good.credential, is_stream=good.is_stream)
        answer = world.client.send(method, call)
        # A provider of that name may have been set up by this very test, and there is none behind it.
        assert answer.status_code < 500 or "oauth.provider_unavailable" in answer.text, (part, answer.text)
        assert answer.headers.get("set-cookie", "").split("=")[0] != "a", part


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if not is_change(op)])
def test_a_parameter_that_comes_twice_or_strange_breaks_nothing(world: World, operation: str) -> None:
    method, call = operation.partition(" ")[0], sample_of(operation).call(world)
    declared = [one["name"] for one in OPERATIONS[operation].get("parameters", ()) if one["in"] == "query"]
    known = dict(call.params)
    for name in declared:
        for values in (["1", "2"], ["", "\x00"], ["\ud7ff\u202e"], ["9" * 40], ["-1"], ["x" * 3000], ["' or 1=1--"]):
            call.params = {**known, name: values}
            answer = world.client.send(method, call)
            assert answer.status_code < 500, (name, values, answer.text)


@pytest.mark.parametrize("operation", [op for op in BODIES if op not in LASTING])
def test_a_strange_value_in_a_body_breaks_nothing(world: World, operation: str) -> None:
    method = operation.partition(" ")[0]
    good = sample_of(operation).call(world)
    schema = body_of(operation)
    assert schema is not None
    names = set(good.json or {}) or known_names(schema)
    for name in names:
        for value in STRANGE_VALUES:
            call = copy.copy(good)
            call.json = {**(good.json or {}), name: value}
            answer = world.client.send(method, call)
            assert answer.status_code < 500, (name, value if len(repr(value)) < 50 else "long", answer.text)


@pytest.mark.parametrize(
    "owners", [{"user_id": "2"}, {"owner_id": "2"}, {"user": "{owner}"}, {"scope": "all"}, {"scope": ["mine", "all"]}]
)
@pytest.mark.parametrize("path", ["/api/batches", "/api/jobs", "/api/projects", "/api/notifications", "/api/dashboard"])
def test_a_query_does_not_speak_for_somebody_else(world: World, path: str, owners: dict[str, Any]) -> None:
    told = {k: v.format(owner=world.owner.name) if isinstance(v, str) else v for k, v in owners.items()}
    answer = world.client.send("GET", Call(path, params=told), world.stranger.session)
    assert answer.status_code < 500
    assert answer.is_error or f"{CANARY}-batch" not in answer.text


@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("ADA", 409),
        ("аda", 422),
        ("ada\u200b", 422),
        ("ada ", 422),
        ("ａｄａ", 422),
        ("ada\x00", 422),
        ("ad\u0430", 422),
    ],
)
def test_a_name_does_not_look_like_another_s(world: World, username: str, status: int) -> None:
    body = {"username": username, "email": f"{world.name('x')}@example.org", "password": "correct horse 1 battery"}
    assert world.client.send("POST", Call("/api/auth/register", body)).status_code == status


@pytest.mark.parametrize("email", ["ADA@example.org", "ada@EXAMPLE.org", " ada@example.org", "ada@example.org "])
def test_an_address_in_another_spelling_is_the_same(world: World, email: str) -> None:
    body = {"username": world.name("y"), "email": email, "password": "correct horse 1 battery"}
    assert world.client.send("POST", Call("/api/auth/register", body)).status_code == 409
