"""New keys of the server: those that are known vouch for them; nothing else is believed."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus.agent.keys import learn
from argus.agent.store import Registration


class Key:
    def __init__(self, name):
        self.name = name
        self._private = Ed25519PrivateKey.generate()

    @property
    def public(self):
        return base64.urlsafe_b64encode(self._private.public_key().public_bytes_raw()).decode().rstrip("=")

    def sign(self, text):
        value = base64.urlsafe_b64encode(self._private.sign(text.encode())).decode().rstrip("=")
        return {"key_id": self.name, "value": value}


def statement(serial, listed, *signers, **more):
    keys = [{"key_id": key.name, "public_key": key.public} for key in listed]
    text = json.dumps({"v": 1, "kind": "command_keys", "serial": serial, "keys": keys, **more})
    return {"serial": serial, "signed": text, "signatures": [key.sign(text) for key in signers]}


@pytest.fixture
def one():
    return Key("one")


@pytest.fixture
def two():
    return Key("two")


@pytest.fixture
def known(one):
    """A registration that pins one key, with the first list."""
    return Registration("http://x", "agent-1", "ag_live_x", 10, command_keys={"one": one.public}, keys_serial=1)


def test_the_next_key_is_pinned_beside_the_one_that_vouches_for_it(known, one, two):
    assert learn(known, statement(2, [one, two], one))
    assert known.command_keys == {"one": one.public, "two": two.public}
    assert learn(known, statement(3, [two], one, two))
    assert known.command_keys == {"two": two.public}
    # The old one vouches for nothing any more.
    assert not learn(known, statement(4, [one], one))


def test_one_that_was_away_for_long_goes_from_the_first_to_the_last(known, one, two):
    last = Key("last")
    assert learn(known, statement(9, [last], one, two, last))
    assert list(known.command_keys) == ["last"]


def test_what_is_not_believed(known, one, two):
    stranger = Key("stranger")
    impostor = Key("one")
    altered = statement(2, [one, two], one)
    altered["signed"] = altered["signed"].replace('"serial": 2', '"serial": 3')
    for told in (
        None,
        {},
        [],
        {"signed": 3, "signatures": 4},
        {"signed": "x", "signatures": [None, 3, {}]},
        statement(2, [two], stranger),
        statement(2, [two], two),
        statement(2, [two], impostor),
        altered,
        statement(1, [two], one),
        statement(0, [two], one),
        statement(2, [], one),
        statement(2, [two], one, kind="rerun"),
        statement(2, [two], one, v=2),
        statement(2, [two], one, keys="none"),
    ):
        assert not learn(known, told), told
        assert (known.command_keys, known.keys_serial) == ({"one": one.public}, 1)


def test_an_old_statement_that_comes_again_brings_no_old_key_back(known, one, two):
    early = statement(2, [one, two], one, two)
    assert learn(known, statement(3, [two], one, two))
    assert not learn(known, early)
    assert list(known.command_keys) == ["two"]


def test_who_obeys_unsigned_commands_pins_nothing_that_comes_along(one):
    trusting = Registration("http://x", "agent-1", "ag_live_x", 10, allow_unsigned=True)
    assert not learn(trusting, statement(2, [one], one))
    assert trusting.command_keys == {}


def test_new_keys_outlive_a_restart_and_the_interval_of_a_run_does_not(known, one, two, tmp_path):
    known.save(str(tmp_path))
    running = Registration.load(str(tmp_path))
    running.poll_interval_s = 0.1
    assert learn(running, statement(2, [one, two], one))
    running.save_keys(str(tmp_path))
    again = Registration.load(str(tmp_path))
    assert (again.command_keys, again.keys_serial) == ({"one": one.public, "two": two.public}, 2)
    assert again.poll_interval_s == 10


def test_keys_are_not_written_into_a_later_registration(known, one, two, tmp_path):
    Registration("http://x", "agent-1", "ag_live_later", 10, command_keys={"two": two.public}).save(str(tmp_path))
    assert learn(known, statement(2, [one, two], one))
    known.save_keys(str(tmp_path))
    assert list(Registration.load(str(tmp_path)).command_keys) == ["two"]


def test_a_command_that_is_signed_with_the_new_key_may_come_with_it(executor, make_agent, home, registration):
    registration().save(str(home))
    agent = make_agent()
    new = Ed25519PrivateKey.generate()
    public = base64.urlsafe_b64encode(new.public_key().public_bytes_raw()).decode().rstrip("=")
    keys = [{"key_id": "key-2", "public_key": public}]
    text = json.dumps({"v": 1, "kind": "command_keys", "serial": 2, "keys": keys})
    executor.statement = {"serial": 2, "signed": text, "signatures": [executor.sign(text)["signature"]]}
    executor.key, executor.key_id = new, "key-2"
    command_id = executor.command("stop", "nowhere")
    agent.round()
    assert executor.acks[command_id]["error"].startswith("This agent runs no such batch")
    assert list(Registration.load(str(home)).command_keys) == ["key-2"]
    assert executor.polls[-1]["known_keys"] == ["0"]
    agent.round()
    assert executor.polls[-1]["known_keys"] == ["2"]
