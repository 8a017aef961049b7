"""Whatever can be told of has words in both languages of the web app."""

import re
from pathlib import Path

import pytest

from argus_notifier.channels.others.services import SERVICES
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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_mail_of_the_account_has_words(language):
    mails = Path(__file__).parents[2] / "auth" / "argus_auth" / "accounts" / "mail.py"
    names = set(re.findall(r'_message\(_\w+, to, "(\w+)"', mails.read_text()))
    assert len(names) >= 10
    assert names <= keys(language, "label")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_service_has_words_and_a_place(language):
    text = (WORDS / language / "channels.ts").read_text()
    block = re.search(r"^  services: \{$(.*?)^  \},$", text, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"^    (\w+): \{ name: '.+', hint: '.+' \},$", block[1], re.MULTILINE))
    code = WORDS.parents[1] / "features" / "notifications" / "channels" / "services.ts"
    places = dict(re.findall(r"^  (\w+): '(\w+)://.+',$", code.read_text(), re.MULTILINE))
    assert all(place == scheme for scheme, place in places.items())
    assert named == set(places)
    assert [sum(scheme in named for scheme in one.schemes) for one in SERVICES] == [1] * len(SERVICES)
