"""Whatever can be told of has words in both languages of the web app."""

import re
from pathlib import Path

import pytest

from argus_notifier.kinds import KINDS

WORDS = Path(__file__).parents[3] / "frontend" / "src" / "shared" / "i18n"


def keys(language, group):
    text = (WORDS / language / "kinds.ts").read_text()
    block = re.search(rf"^  {group}: \{{$(.*?)^  \}},$", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^    (\w+): '.+',$", block[1], re.MULTILINE))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("group", ["label", "hint"])
def test_every_kind_has_words(language, group):
    assert KINDS.keys() <= keys(language, group)
