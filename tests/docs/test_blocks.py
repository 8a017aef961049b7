"""Every code block of the documentation does what its page says (README.md of this folder: the conventions)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import doc_checks
import doc_runs
import pytest
from doc_blocks import ROOT, Block, chains, of_page, pages
from doc_server import DocServer
from doc_translation import is_same

PAGES = pages()


def _chains_to_run() -> list[list[Block]]:
    """Chains that are run, but for those of Chinese pages that equal one of their English page."""
    found: list[list[Block]] = []
    for page in PAGES:
        own = chains(of_page(page))
        english = page.with_name(page.name.replace(".zh.md", ".md"))
        if english != page and english.exists():
            others = chains(of_page(english))
            own = [chain for chain in own if not any(is_same(chain, other) for other in others)]
        found += own
    return [chain for chain in found if any(block.language in doc_runs.RUN for block in chain)]


CHAINS = _chains_to_run()
DATA = [block for page in PAGES for block in of_page(page) if block.language in doc_checks.CHECKS]
PLAIN = [chain for chain in CHAINS if not doc_runs.is_for_frameworks(chain)]
OF_FRAMEWORKS = [chain for chain in CHAINS if doc_runs.is_for_frameworks(chain)]


def place(found: list[Block] | Block) -> str:
    return found.place if isinstance(found, Block) else found[0].place


@pytest.mark.parametrize("chain", PLAIN, ids=place)
def test_a_block_runs(chain: list[Block], doc_server: DocServer, room: Path) -> None:
    doc_runs.run(chain, doc_server, room)


@pytest.mark.integrations
@pytest.mark.parametrize("chain", OF_FRAMEWORKS, ids=place)
def test_a_block_runs_with_its_framework(chain: list[Block], doc_server: DocServer, room: Path) -> None:
    doc_runs.run(chain, doc_server, room)


@pytest.mark.parametrize("block", DATA, ids=place)
def test_data_is_what_its_language_says(block: Block) -> None:
    doc_checks.check(block)


@pytest.mark.parametrize("body", doc_checks.queries(DATA), ids=lambda body: body["query"])
def test_a_query_is_answered(body: dict[str, Any], doc_server: DocServer) -> None:
    address = "/api/query/export" if "format" in body else "/api/query"
    assert doc_server.ask("POST", address, body) is not None


def test_there_are_pages_and_blocks() -> None:
    assert len(PAGES) > 10
    assert len(PLAIN) > 10
    assert {page.relative_to(ROOT).parts[0] for page in PAGES} >= {"README.md", "CONTRIBUTING.md", "docs", "sdk"}
