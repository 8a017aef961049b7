"""Whatever changes something leaves a line: what was done, by whom, to what, and from where."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from stage.audited import AUDITED, EXEMPT
from stage.people import ADDRESS, Call
from stage.samples import OPERATIONS, is_change, sample_of
from stage.world import World, eventually

from argus_contracts.audit import ACTIONS

CHANGES = [operation for operation in OPERATIONS if is_change(operation)]
# What stands before the action: who writes it, and in which transaction.
NO_ACTIONS = {"ingest", "catalog", "executor", "notifier", "tx", "transaction", "work", "core", "actor", "request"}
ROOT = Path(__file__).parents[2]


def test_each_route_that_changes_something_is_audited_or_says_why_not() -> None:
    assert {operation for operation in AUDITED if is_change(operation)} | set(EXEMPT) == set(CHANGES)
    assert not set(AUDITED) & set(EXEMPT)
    assert all(EXEMPT.values())


def test_actions_are_documented() -> None:
    assert set(AUDITED.values()) <= set(ACTIONS)


def test_the_document_lists_what_the_sources_write() -> None:
    sources = [path for folder in ("services", "libs/kit") for path in (ROOT / folder).rglob("argus_*/**/*.py")]
    written = {action for path in sources for action in actions_in(path.read_text())}
    assert written - set(ACTIONS) == set()
    # What is left is chosen by the code: its name stands there, or is made of the verb.
    text = "\n".join(path.read_text() for path in sources)
    made = {f"batch_{verb}_requested" for verb in ("stop", "pause", "resume")}
    assert [action for action in set(ACTIONS) - written - made if f'"{action}"' not in text] == []


@pytest.mark.parametrize("operation", AUDITED)
def test_a_line_is_left(world: World, operation: str) -> None:
    sample = sample_of(operation)
    call = sample.call(world)
    settled(world)
    before = world.last_audit()
    answer = world.client.send(operation.partition(" ")[0], call)
    assert not answer.is_error, answer.text
    action = AUDITED[operation]
    line = eventually(lambda: next((one for one in world.audit(before) if one["action"] == action), None))
    assert line["ip_address"] == ADDRESS, line
    assert is_about(line, action, call), line
    if call.actor_id is not None:
        assert line["user_id"] == call.actor_id, line


def test_reading_leaves_no_lines(world: World) -> None:
    reads = [operation for operation in OPERATIONS if not is_change(operation) and operation not in AUDITED]
    calls = [(operation, sample_of(operation).call(world)) for operation in reads]
    settled(world)
    before = world.last_audit()
    for operation, call in calls:
        assert not world.client.send(operation.partition(" ")[0], call).is_error, operation
    settled(world)
    told = [(line["action"], line["metadata"]) for line in world.audit(before) if line["target_type"] != "command"]
    assert told == []


@pytest.mark.parametrize("operation", EXEMPT)
def test_an_exception_is_none_by_mistake(world: World, operation: str) -> None:
    call = sample_of(operation).call(world)
    settled(world)
    before = world.last_audit()
    assert not world.client.send(operation.partition(" ")[0], call).is_error
    settled(world)
    assert [line for line in world.audit(before) if line["target_type"] != "command"] == []


def test_lines_hold_no_secrets_and_known_actions_only(world: World) -> None:
    settled(world)
    lines = world.audit()
    assert {line["action"] for line in lines} <= set(ACTIONS)
    text = json.dumps(lines)
    people = [world.admin, world.owner, world.stranger]
    secrets = [one for person in people for one in (person.session, person.reporter, person.viewer)]
    secrets += [world.agent.token, *(row[0] for row in world.rows("select unsubscribe_token from recipient"))]
    assert [secret for secret in secrets if secret in text] == []
    assert "correct horse" not in text


def actions_in(source: str) -> set[str]:
    """Actions that stand in a module as they are, where a line is written; those in a variable are left out."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found: set[str] = set()
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in {"audit", "note", "_note", "_audit"}:
            said = [a.value if isinstance(a, ast.Constant) else getattr(a, "id", None) for a in call.args]
            words = [word for word in said if isinstance(word, str) and word not in NO_ACTIONS]
            texts = {a.value for a in call.args if isinstance(a, ast.Constant)}
            found.update(word for word in words[:1] if word in texts)
    return found


def settled(world: World) -> None:
    """Wait until no service has a line on its way: a line of ours that is there came after all of theirs."""
    services = ("ingest", "catalog", "executor", "notifier")
    query = " union all ".join(f"select count(*) from {name}_outbox" for name in services)
    eventually(lambda: not sum(row[0] for row in world.rows(query)))
    before = world.last_audit()
    # Lines arrive in the order in which they were sent, so this one is the last of them.
    call = Call(f"/api/agents/{world.agent.id}/jobs/{world.new_command(world.agent)}/ack", {"status": "started"})
    assert world.client.send("POST", call, world.agent.token).is_success
    eventually(lambda: any(one["action"] == "command_ack" for one in world.audit(before)))


def is_about(line: dict[str, Any], action: str, call: Call) -> bool:
    """Whether a line names what the call was about."""
    if call.target is not None:
        return bool((line["target_type"], line["target_id"]) == call.target)
    kind = ACTIONS[action].target
    if action == "login_failed":  # it names a user only where there is one
        return line["target_type"] in {None, "user"}
    return kind == "" or (line["target_type"] in kind.split(" or ") and bool(line["target_id"]))
