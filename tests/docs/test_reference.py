"""The generated pages leave nothing out: every public name, command, operation, event and decision has its place."""

from __future__ import annotations

import json
import re

from doc_blocks import ROOT

REFERENCE = ROOT / "docs" / "reference"
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
    pages = [page.read_text() for page in REFERENCE.glob("http-*.md")]
    shown = [heading for page in pages for heading in headings(page) if " /" in heading]
    assert sorted(shown) == sorted(operations)
    assert sum(page.count("\nPermission: `") for page in pages) == len(operations)


def test_every_link_to_a_model_leads_to_it() -> None:
    for page in REFERENCE.glob("http-*.md"):
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
