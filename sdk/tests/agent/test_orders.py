"""Signatures, addressees, deadlines: what is refused, why, and that it is told."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus.agent import orders


@pytest.fixture
def refused(executor, make_agent, home):
    """Hand over a command of which something is changed; the reason why it was refused."""

    def hand_over(change=None, **command):
        command_id = executor.command("rerun", "rerun-1", command="true", **command)
        raw = executor.commands[command_id]
        if change is not None:
            change(raw)
        make_agent().round()
        assert executor.steps(command_id) == ["refused"]
        assert executor.status[command_id] == "failed"
        assert not (home / "runs" / command_id).exists()
        return executor.report(command_id, "refused")["detail"]

    return hand_over


class TestSignatures:
    def test_what_is_outside_of_the_signed_text_counts_for_nothing(self, executor, make_agent, home, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="echo signed")
        executor.commands[command_id]["payload"] = {"command": "echo forged", "requested_by": "lin"}
        executor.commands[command_id]["kind"] = "stop"
        agent = make_agent()
        agent.round()
        output = home / "runs" / command_id / "output.log"
        wait_until(lambda: output.exists() and output.read_text() == "signed\n")

    def test_an_altered_text(self, refused):
        def alter(raw):
            raw["signed"] = raw["signed"].replace('"true"', '"evil"')

        assert refused(alter) == "Its signature is wrong: it was altered, or the server did not sign it."

    @pytest.mark.parametrize("value", ["", "AAAA", "not base64!"])
    def test_no_signature_at_all(self, refused, value):
        assert "signature is wrong" in refused(lambda raw: raw["signature"].update(value=value))

    def test_another_servers_signature(self, refused, executor):
        real = executor.key

        def sign(raw):
            executor.key = Ed25519PrivateKey.generate()
            raw.update(executor.sign(raw["signed"]))
            executor.key = real

        assert "signature is wrong" in refused(sign)

    def test_a_key_that_is_not_pinned(self, refused):
        assert "does not know" in refused(lambda raw: raw["signature"].update(key_id="key-9"))

    def test_an_unsigned_one(self, refused):
        assert refused(lambda raw: [raw.pop("signed"), raw.pop("signature")]) == "It is not signed."

    def test_signed_under_another_id(self, refused, executor):
        other = executor.command("rerun", "rerun-0", command="true")
        text = executor.commands.pop(other)["signed"]
        assert "its id is not" in refused(lambda raw: raw.update(executor.sign(text)))

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"v": 2}, "version 2"),
            ({"agent_id": "agent-2"}, "another agent"),
            ({"owner_id": 8}, "another person"),
            ({"deadline": None}, "no deadline"),
            ({"deadline": "soon"}, "cannot be read"),
        ],
    )
    def test_signed_but_not_for_us(self, refused, executor, changes, reason):
        def sign(raw):
            raw.update(executor.sign(json.dumps({**json.loads(raw["signed"]), **changes})))

        assert reason in refused(sign)

    @pytest.mark.parametrize("text", ["[]", "{", "null", '"text"'])
    def test_signed_nonsense(self, refused, executor, text):
        assert refused(lambda raw: raw.update(executor.sign(text))) == "What was signed is no command."

    @pytest.mark.parametrize(
        "payload",
        [
            {"cwd": 7},
            {"cwd": "a\0b"},
            {"env": ["x"]},
            {"env": {"A=B": "c", "N": "\0"}},
            {"command": "a\0b"},
            {"overrides": 1},
        ],
    )
    def test_signed_nonsense_inside_ends_no_agent(self, executor, make_agent, payload, wait_until):
        command_id = executor.command("rerun", "rerun-1", **{"command": "true", **payload})
        agent = make_agent()
        agent.round()
        wait_until(lambda: [agent.settle(), executor.status[command_id] != "pending"][1])
        assert make_agent().agent.ask() >= 0

    @pytest.mark.parametrize("bad", ["", "../../etc", "x" * 101, "a/b", "."])
    def test_an_id_that_is_no_name(self, executor, make_agent, home, bad):
        command_id = executor.command("rerun", "rerun-1", command="true")
        raw = executor.commands.pop(command_id)
        text = json.dumps({**json.loads(raw["signed"]), "id": bad})
        executor.commands[bad] = {**raw, "id": bad, **executor.sign(text)}
        make_agent().agent.ask()
        assert list((home / "runs").iterdir()) == []

    def test_without_the_library_nothing_runs_and_the_way_out_is_said(self, refused, monkeypatch):
        import sys

        for name in [name for name in sys.modules if name.startswith("cryptography")]:
            monkeypatch.setitem(sys.modules, name, None)
        assert "pip install 'argus-reporter[agent]'" in refused()


class TestDeadlines:
    def test_an_expired_one(self, refused):
        assert "deadline" in refused(deadline_s=-1)

    @pytest.mark.parametrize("ahead_s", [-3 * 86_400, 3 * 86_400])
    def test_the_servers_clock_counts_not_ours(self, executor, make_agent, refused, ahead_s):
        executor.clock_ahead_s = ahead_s
        command_id = executor.command("rerun", "rerun-0", command="true")
        make_agent().round()
        assert executor.acks[command_id]["status"] == "started"
        assert "deadline" in refused(deadline_s=-5)


class TestReplays:
    def test_one_that_ended_does_not_run_again(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command("rerun", "rerun-1", command=f"echo x >> {tmp_path / 'runs'}")
        raw = executor.commands[command_id]
        agent = make_agent()
        agent.round()
        wait_until(lambda: [agent.settle(), agent.ledger.get(command_id)["state"] == "over"][1])
        executor.commands[command_id] = raw
        again = make_agent()
        again.round()
        again.settle()
        assert (tmp_path / "runs").read_text() == "x\n"

    def test_one_that_was_taken_back_does_not_come_again_after_its_deadline(self, executor, make_agent, home):
        home.mkdir()
        (home / "drain").touch()
        command_id = executor.command("rerun", "rerun-1", command="true")
        raw = executor.commands[command_id]
        agent = make_agent()
        agent.round()
        del executor.commands[command_id]
        agent.round()
        (home / "drain").unlink()
        executor.commands[command_id] = raw
        executor.clock_ahead_s = 3_600
        agent.agent.tell()
        agent.round()
        agent.round()
        assert "deadline" in executor.report(command_id, "refused")["detail"]
        assert not (home / "runs" / command_id).exists()

    def test_another_command_under_a_known_id_changes_nothing(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command("rerun", "rerun-1", command="sleep 60")
        raw = executor.commands[command_id]
        agent = make_agent()
        agent.round()
        text = json.loads(raw["signed"])
        text["payload"]["command"] = f"touch {tmp_path / 'evil'}"
        executor.commands[command_id] = {**raw, **executor.sign(json.dumps(text))}
        for _ in range(3):
            agent.round()
        assert executor.steps(command_id) == ["spawned", "note"]
        assert "repetition was refused" in executor.report(command_id, "note")["detail"]
        assert not (tmp_path / "evil").exists()


class TestServersOfTheContract:
    def test_they_are_obeyed_only_where_that_was_allowed(self, executor, make_agent, wait_until):
        executor.is_of_contract = True
        command_id = executor.command("rerun", "rerun-1", command="exit 3")
        agent = make_agent()
        agent.round()
        assert executor.acks[command_id]["status"] == "started"
        wait_until(lambda: [agent.settle(), agent.ledger.get(command_id)["state"] == "over"][1])
        assert executor.heartbeats == [{}]
        assert agent.ledger.unsaid() == []
        stop = executor.command("stop", "rerun-1")
        agent.round()
        assert executor.acks[stop]["status"] == "failed"

    def test_strangers_are_refused_by_name(self, executor, make_agent):
        executor.is_of_contract = True
        command_id = executor.command("rerun", "rerun-1", command="true", requested_by="eve")
        make_agent().round()
        assert "does not list eve" in executor.acks[command_id]["error"]

    def test_an_empty_answer_that_came_at_once_is_followed_by_a_rest(self, executor, make_agent):
        executor.is_of_contract = True
        assert make_agent().agent.ask(25) == 0.05


def test_base64_with_and_without_padding_is_read():
    assert orders._decode("AQ") == orders._decode("AQ==") == b"\x01"
