"""docs/security.md lists each requirement of the level once, and what it names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
PLACES = {
    **{name: f"services/{name}/tests" for name in ("auth", "ingest", "catalog", "notifier", "standalone")},
    **{name: f"libs/{name}/tests" for name in ("kit", "schema", "contracts")},
    "security": "tests/security",
    "e2e": "tests/e2e",
}
# Requirements of levels 1 and 2 of ASVS 5.0.0, by section: the last number of each. 70 of level 1, 183 of level 2.
LEVEL_2 = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1",
    "9.1": "1-3", "9.2": "1-4",
    "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2", "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
    "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip


def requirements() -> list[str]:
    found = []
    for section, numbers in LEVEL_2.items():
        first, _, last = numbers.partition("-")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def rows() -> list[tuple[list[str], str, str, str]]:
    """Ids, what is done, status, and what shows it, of each row of the checklist."""
    lines = PAGE.partition("## The checklist")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d", line)]
    return [(row[0].split(", "), row[1], row[2], row[3]) for row in cells]


ROWS = rows()


def test_each_requirement_of_the_level_is_listed_once() -> None:
    listed = Counter(name for names, *_ in ROWS for name in names)
    assert len(requirements()) == 253
    assert sorted(set(requirements()) - set(listed)) == []
    assert sorted(set(listed) - set(requirements())) == []
    assert [name for name, count in listed.items() if count > 1] == []


def test_each_row_says_what_is_done_and_how_it_stands() -> None:
    for names, says, status, shown in ROWS:
        assert len(says) > 3, names
        assert status in {"holds", "n/a", "open"}, names
        assert status != "holds" or shown, f"{names}: nothing shows it"


def references() -> list[str]:
    shown = {reference for row in ROWS for reference in re.findall(r"`([^`]+)`", row[3])}
    before = PAGE.partition("## The checklist")[0]
    return sorted(shown | set(re.findall(r"`((?:tests|deploy|services|libs)/[\w./-]+\.\w+)`", before)))


@pytest.mark.parametrize("reference", references())
def test_what_is_named_is_there(reference: str) -> None:
    path, _, name = reference.partition("::")
    place, colon, rest = path.partition(":")
    file = ROOT / (f"{PLACES[place]}/{rest}" if colon else path)
    assert file.is_file(), reference
    if name:
        assert re.search(rf"^(class|def|async def) {name}\b", file.read_text(), re.MULTILINE), reference


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)", PAGE))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).resolve().is_file()


def test_the_settings_that_it_names_are_settings() -> None:
    sources = (
        "\n".join(
            path.read_text() for folder in ("libs/kit", "services") for path in (ROOT / folder).rglob("argus_*/**/*.py")
        )
        + (ROOT / "deploy" / "local" / "advisories.py").read_text()
        + (ROOT / "deploy" / "local" / "stack_programs.py").read_text()
    )
    for name in sorted(set(re.findall(r"`ARGUS_([A-Z_]+)`", PAGE))):
        # A group of settings may have a prefix of its own.
        short = name.lower().removeprefix("artifact_")
        assert re.search(rf"\b({name.lower()}\b|{short}:|ARGUS_{name}\b)", sources), name
