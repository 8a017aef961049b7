"""The generated pages leave nothing out: every public name, command, operation, event and decision has its place."""

from __future__ import annotations

import json
import re

import pytest
from doc_blocks import ROOT

REFERENCE = ROOT / "docs" / "reference"
OF_HTTP = [page for page in REFERENCE.glob("http-*.md") if not page.name.endswith(".zh.md")]
# Constants and the default run, which the docstring of the package shows.
WITHOUT_A_SECTION = {"SCHEMA_VERSION", "__version__"}


def headings(text: str) -> set[str]:
    return set(re.findall(r"^#{2,4} (.+)$", text, re.MULTILINE))


def test_every_public_name_of_the_sdk_has_a_section() -> None:
    import argus

    shown = headings((REFERENCE / "sdk.md").read_text())
    assert {f"argus.{name}" for name in argus.__all__ if name not in WITHOUT_A_SECTION} <= shown


def test_every_operation_stands_on_one_page_with_its_permission() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    operations = [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]
    pages = [page.read_text() for page in OF_HTTP]
    shown = [heading for page in pages for heading in headings(page) if " /" in heading]
    assert sorted(shown) == sorted(operations)
    assert sum(page.count("\nPermission: `") for page in pages) == len(operations)


def test_every_link_to_a_model_leads_to_it() -> None:
    for page in OF_HTTP:
        text = page.read_text()
        anchors = {heading.lower() for heading in headings(text)}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors, page.name


def test_every_event_has_a_section() -> None:
    from argus_contracts.events import INGESTED_TYPES, SERVER_TYPES

    assert {*INGESTED_TYPES, *SERVER_TYPES} <= headings((REFERENCE / "events.md").read_text())


def test_every_command_has_a_section() -> None:
    import typer.main

    from argus.cli.app import app

    names = {
        f"argus {name}" for name, one in typer.main.get_command(app).commands.items() if not hasattr(one, "commands")
    }
    shown = headings((REFERENCE / "commands.md").read_text())
    assert names <= shown
    assert {"argus-agent register", "argus-server up", "argus-server admin create"} <= shown


def test_a_page_of_operations_in_chinese_has_the_same_sections() -> None:
    for page in (ROOT / "docs" / "operate").glob("*.zh.md"):
        english = page.with_name(page.name.replace(".zh.md", ".md"))
        counts = [len(re.findall(r"^## ", one.read_text(), re.MULTILINE)) for one in (page, english)]
        assert counts[0] == counts[1], page.name


def test_the_audit_log_in_chinese_has_the_same_actions_of_the_same_things() -> None:
    rows = [
        re.findall(r"^\| `(\w+)` \| (\S+) \|", (ROOT / "docs" / name).read_text(), re.MULTILINE)
        for name in ("audit.md", "audit.zh.md")
    ]
    assert rows[0]
    assert rows[0] == rows[1]


def test_generated_pages_in_chinese_have_the_same_sections_and_rows() -> None:
    import reference_chinese

    for name in reference_chinese.yaml.safe_load(reference_chinese.PHRASES.read_text())["pages"]:
        texts = [(ROOT / one).read_text() for one in (name, name.replace(".md", ".zh.md"))]
        counts = [[len(re.findall(mark, text, re.MULTILINE)) for mark in (r"^#+ ", r"^\|", "^```")] for text in texts]
        assert counts[0] == counts[1], name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_pages_call_a_part_of_the_administration_is_what_the_app_calls_it(language: str) -> None:
    texts = ROOT / "frontend" / "src" / "shared" / "i18n" / language
    line = re.search(r"^  sections: \{(.*)\},$", (texts / "admin.ts").read_text(), re.MULTILINE)
    title = re.search(r"^  title: '(.+)',$", (texts / "commandkeys.ts").read_text(), re.MULTILINE)
    assert line is not None
    assert title is not None
    known = {*re.findall(r": '([^']+)'", line[1]), title[1]}
    said = re.compile("“管理、(.+?)”" if language == "zh" else r"\*Administration,\s+(.+?)\*")
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page.name.endswith(".zh.md") is (language == "zh")]
    named = {one for page in pages for one in said.findall(page.read_text())}
    assert len(named) > 4
    assert named - known == set()


def test_how_is_measured_and_what_it_says_is_told_in_chinese_too() -> None:
    text = (ROOT / "docs" / "benchmarks.zh.md").read_text()
    prose = re.sub(r"<!-- figures.*<!-- end of figures -->", "", text, flags=re.DOTALL)
    said = [one for one in re.split(r"\n+(?=[-#*|] )|\n{2,}", prose.strip()) if not one.startswith("|")]
    assert len(said) > 25
    assert [one for one in said if not re.search(r"[\u4e00-\u9fff]", one)] == []


def test_a_chinese_phrase_whose_english_changed_is_named() -> None:
    import reference_chinese

    document = {"note": "> n", "common": {"in": "位置"}, "types": [], "pages": {"p.md": {"Old words": "旧词"}}}
    with pytest.raises(ValueError, match="Old words"):
        reference_chinese.Chinese("p.md", document).of("# New words\n")
    made = reference_chinese.Chinese("p.md", document).of("# Old words\n\n| in | x |\n|---|---|\n| a\\|b | |\n")
    assert made == "# 旧词\n\n> n\n\n| 位置 | x |\n| --- | --- |\n| a\\|b | |\n"
