"""Whoever tries what they may not is written down: what they showed, what they asked for, from where, and how often."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stage.people import ADDRESS, Call
from stage.world import World, eventually


def refusal(world: World, after: int, **about: Any) -> dict[str, Any]:
    """The line about a refused request."""

    def look() -> dict[str, Any] | None:
        for line in world.audit(after):
            told = {**line, **json.loads(line["metadata"] or "{}")}
            if line["action"] == "access_refused" and about.items() <= told.items():
                return told
        return None

    found: dict[str, Any] = eventually(look)
    return found


def ask(world: World, method: str, path: str, credential: str, address: str = ADDRESS, **more: Any) -> int:
    """The status of an answer."""
    call = Call(path, headers={"X-Forwarded-For": address}, **more)
    return world.client.send(method, call, credential).status_code


@pytest.mark.parametrize(
    ("credential", "reason", "address"),
    [
        ("eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxfQ.", "auth.session_invalid", "198.51.100.1"),
        ("em_live_" + "x" * 40, "auth.token_invalid", "198.51.100.2"),
    ],
)
def test_a_forged_credential(world: World, credential: str, reason: str, address: str) -> None:
    before = world.last_audit()
    assert ask(world, "GET", f"/api/batches/{world.run.batch}", credential, address) == 401
    line = refusal(world, before, ip_address=address)
    assert (line["reason"], line["user_id"], line["count"]) == (reason, None, 1)
    assert (line["target_type"], line["target_id"]) == ("batch", world.run.batch)
    assert credential not in json.dumps(line)


def test_a_thing_of_somebody_else_s(world: World) -> None:
    person, before = world.new_person(), world.last_audit()
    assert ask(world, "GET", f"/api/batches/{world.run.batch}", person.session) == 404
    line = refusal(world, before, user_id=person.id)
    assert (line["reason"], line["target_id"]) == ("batch.not_found", world.run.batch)
    assert (line["request"], line["ip_address"]) == ("GET /api/batches/{batch_id:path}", ADDRESS)


def test_a_session_and_a_token_of_somebody_else_s(world: World) -> None:
    person, other, before = world.new_person(), world.new_person(), world.last_audit()
    jti = world.rows("select jti from session where user_id = ?", other.id)[0][0]
    assert ask(world, "POST", f"/api/auth/sessions/{jti}/revoke", person.session) == 404
    assert ask(world, "DELETE", f"/api/tokens/{other.reporter_id}", person.session) == 404
    assert refusal(world, before, user_id=person.id, target_type="session")["target_id"] == jti
    assert refusal(world, before, user_id=person.id, target_type="api_token")["target_id"] == str(other.reporter_id)


def test_an_administrator_s_page(world: World) -> None:
    person, before = world.new_person(), world.last_audit()
    assert ask(world, "POST", f"/api/admin/users/{world.owner.id}/ban", person.session) == 403
    assert refusal(world, before, user_id=person.id)["reason"] == "auth.admin_required"


def test_a_viewer_s_token_that_would_change_something(world: World) -> None:
    person, before = world.new_person(), world.last_audit()
    assert ask(world, "POST", "/api/agents/register", person.viewer, json={"hostname": "h"}) == 403
    assert refusal(world, before, user_id=person.id)["reason"] == "auth.scope_insufficient"


def test_many_are_one_line(world: World) -> None:
    person, before = world.new_person(), world.last_audit()
    for _ in range(50):
        assert ask(world, "GET", "/api/admin/users", person.session) == 403
    # Told in the order in which they were noted: what was to be said of the fifty has been.
    assert ask(world, "POST", "/api/agents/register", person.viewer, json={"hostname": "h"}) == 403
    refusal(world, before, user_id=person.id, reason="auth.scope_insufficient")
    refused = [line for line in world.audit(before) if line["action"] == "access_refused"]
    assert len([line for line in refused if line["user_id"] == person.id]) == 2


def test_what_is_not_there_at_all_and_a_missing_login_are_no_attempts(world: World) -> None:
    person, before = world.new_person(), world.last_audit()
    assert ask(world, "GET", "/api/batches/never-was", person.session) == 404
    assert ask(world, "GET", "/api/batches", "") == 401
    assert ask(world, "GET", "/api/admin/users", person.session) == 403
    # Told in the order in which they were noted.
    refusal(world, before, user_id=person.id, reason="auth.admin_required")
    assert not any(line["target_id"] == "never-was" for line in world.audit(before))
    assert not any("auth.required" in (line["metadata"] or "") for line in world.audit(before))
