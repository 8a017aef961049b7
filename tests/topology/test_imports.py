"""Imports go one way, and the subjects of the bus have one home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import check_tree
import pytest
from routing import ROOT

BIN = Path(sys.executable).parent


def test_contracts_of_import_linter_hold():
    checked = subprocess.run(
        [BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_tree_holds_nothing_that_must_not_be_there(capsys):
    assert check_tree.main() == 0, capsys.readouterr().out


class TestSubjectRule:
    rule = check_tree.RULES[0]

    @pytest.mark.parametrize("line", ['bus.publish("argus.event.7")', "f'argus.inbox.{user}'", '"argus.mail.send"'])
    def test_finds_a_subject_built_by_hand(self, line):
        assert self.rule.pattern.search(line)

    @pytest.mark.parametrize("line", ['logger = get("argus_ingest")', 'iss="argus"', '"argus.db"'])
    def test_leaves_other_words_alone(self, line):
        assert not self.rule.pattern.search(line)

    @pytest.mark.parametrize(
        ("path", "looked_at"),
        [
            ("services/ingest/argus_ingest/relay.py", True),
            ("libs/kit/argus_kit/bus.py", True),
            ("libs/contracts/argus_contracts/bus.py", False),
            ("services/ingest/tests/test_relay.py", False),
            ("libs/kit/tests/test_bus.py", False),
        ],
    )
    def test_looks_everywhere_but_in_contracts_and_tests(self, path, looked_at):
        assert bool(self.rule.files.search(path)) is looked_at
