"""What docs/tokens.md gives to secret scanners finds every token, and nothing that is none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from argus_contracts.tokens import PREFIXES, TOKEN_PATTERN, new_token, parse_token

PAGE = (Path(__file__).parents[3] / "docs" / "tokens.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found).strip()


def cell(name: str) -> str:
    (found,) = re.findall(rf"^\| {name} \| <code>(.*)</code> \|$", PAGE, re.MULTILINE)
    # A bar inside of a table is written by its number. RE2's ends of a text are Python's \A and \Z.
    return unescape(str(found)).replace(r"\z", r"\Z")


PLAIN = re.compile(block("regex"))
RULE = tomllib.loads(block("toml"))["rules"][0]
GITLEAKS = re.compile(RULE["regex"])
GITHUB = re.compile(f"(?:{cell('Before secret')})({cell('Secret format')})(?:{cell('After secret')})")

FINDERS: dict[str, Callable[[str], list[str]]] = {
    "plain": PLAIN.findall,
    "gitleaks": lambda text: [found[RULE["secretGroup"]] for found in GITLEAKS.finditer(text)],
    "github": lambda text: [found[1] for found in GITHUB.finditer(text)],
}
PLACES = (
    "{}",
    "export ARGUS_TOKEN={}",
    "ARGUS_TOKEN: '{}'",
    '{{"token": "{}"}}',
    "https://argus.example.org/api/sse?channels=inbox&token={}&x=1",
    "Authorization: Bearer {}\r\n",
    "see {}.",
    "({})",
    "\u201c{}\u201d",
)


@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("place", PLACES)
def test_every_token_is_found(finder: str, prefix: str, place: str) -> None:
    for _ in range(20):
        token = new_token(prefix).token
        assert FINDERS[finder](place.format(token)) == [token]


@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize(
    "text",
    [
        "em_live_",
        "em_live_...",
        "ARGUS_TOKEN=em_live_<token>",
        "em_live_" + "a" * 47,
        "em_live_" + "a" * 49,
        "em_live_" + "a" * 27,
        "em_test_" + "a" * 48,
        "EM_LIVE_" + "a" * 48,
        "system_live_" + "a" * 48,
        "my_em_live_" + "a" * 48,
        "em_live_" + "a" * 20 + "-" + "a" * 27,
        "em_live_" + "a" * 48 + "_more",
    ],
)
def test_what_is_no_token_is_not(finder: str, text: str) -> None:
    assert FINDERS[finder](text) == []


def test_gitleaks_looks_only_where_a_keyword_stands() -> None:
    assert set(RULE["keywords"]) == {f"{prefix}_" for prefix in PREFIXES}
    assert all(keyword == keyword.lower() for keyword in RULE["keywords"])


def test_the_checksum_of_the_page_is_ours() -> None:
    told: dict[str, Callable[[str], bool]] = {}
    exec(block("python"), told)
    for prefix in PREFIXES:
        token = new_token(prefix).token
        assert told["is_token"](token)
        assert not told["is_token"](token[:20] + ("a" if token[20] != "a" else "b") + token[21:])


def test_the_pages_own_example_opens_nothing() -> None:
    (example, *_) = re.findall(TOKEN_PATTERN, PAGE)
    assert parse_token(example) is None
