"""What docs/rules.md shows can be used as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from argus_notifier.rules.asking import Viewer, asked
from argus_notifier.rules.file import read
from argus_notifier.rules.schemas import RuleIn

TEXT = (Path(__file__).parents[4] / "docs" / "rules.md").read_text()


def test_its_conditions_are_understood():
    (block,) = re.findall(r"^```query\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    for number, line in enumerate(block.splitlines()):
        assert asked(number, line, Viewer(1, False, None)).tree is not None


def test_its_examples_are_rules():
    examples = re.findall(r"\| `(\{.*?\})` \|", TEXT)
    assert len(examples) == 4
    for example in examples:
        rule = RuleIn(**json.loads(example))
        asked(1, rule.condition, Viewer(1, False, None))


def test_its_file_is_read():
    (block,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert [rule.push for rule in read(block).rules] == [("feishu",), ("feishu",)]
