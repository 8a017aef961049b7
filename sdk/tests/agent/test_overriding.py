"""Changed settings go into a command the way that the command takes its settings; the web app shows the same."""

import json
import shlex
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argus.agent.overriding import overridden

VECTORS = json.loads((Path(__file__).parent / "vectors" / "overriding.json").read_text())
WORDS = st.lists(st.sampled_from(["--lr", "--lr=1", "lr=1", "0.1", "-n", "x y", "it's", "train.py", "-m", "", "$A"]))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_vectors_that_agent_and_web_app_share(vector):
    assert overridden(vector["command"], vector["overrides"]) == vector["expected"]


@given(words=WORDS, value=st.text(st.characters(exclude_characters="\0")))
@example(words=["--lr", "a"], value="$(reboot); `reboot`")
def test_one_word_changes_and_a_value_stays_one(words, value):
    before = Counter(["python", "train.py", *words])
    after = Counter(shlex.split(overridden(shlex.join(before.elements()), {"lr": value})))
    came, went = list((after - before).elements()), list((before - after).elements())
    assert len(came) <= 1
    assert len(went) <= 1
    assert all(value in word for word in came)


@given(command=st.text(), overrides=st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=3))
def test_what_only_a_shell_can_read_stays_as_it_is(command, overrides):
    command += "; true"
    assert overridden(command, overrides).startswith(f"{command} ")


def test_a_long_command_that_cannot_be_read_takes_no_time():
    command = f"python train.py {'a' * 200_000};"
    assert overridden(command, {"lr": 1}) == f"{command} lr=1"
