"""Reads the fenced blocks of the pages, with the marks above them, and puts together those that continue each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LANGUAGES: Final = frozenset(
    "python bash sh console json yaml toml query promql env ini nginx caddy regex text".split()  # noqa: SIM905
)
MARKS: Final = frozenset({"continues", "file", "exit"})

_FENCE: Final = re.compile(r"^(?P<indent>(?:> ?|\s)*)(?P<fence>`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
_OPENS: Final = re.compile(r"^\s*<!-- test(?P<setup>-setup)?(?::\s*(?P<marks>.*?)\s*-->)?\s*$")


class PageError(Exception):
    """A page that breaks the conventions of this folder's README; says where."""


@dataclass(frozen=True)
class Block:
    """One fenced block. `line` is that of its fence, from 1; `setup` is run before it and is not shown."""

    page: str
    line: int
    language: str
    text: str
    marks: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page whose blocks are looked at."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "sdk" / "README.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(path for path in found if ROOT / "docs" / "decisions" not in path.parents)


def of_page(path: Path) -> list[Block]:
    """The blocks of a page of this tree."""
    return read(path.read_text("utf-8"), str(path.relative_to(ROOT)))


def read(text: str, page: str) -> list[Block]:
    """The blocks of a text.

    Raises:
        PageError: a block has no language, or one that is not known; a mark is not known or stands above no block.
    """
    found: list[Block] = []
    lines = iter(enumerate(text.split("\n"), start=1))
    marks: dict[str, str] = {}
    setup = ""
    for number, line in lines:
        if opening := _OPENS.match(line):
            if opening["setup"]:
                setup = _until_closed(lines, f"{page}:{number}")
            else:
                marks = _marks(opening["marks"] or "", f"{page}:{number}")
        elif fence := _FENCE.match(line):
            body = _body(lines, fence, f"{page}:{number}")
            language = _language(fence["info"], f"{page}:{number}")
            found.append(Block(page, number, language, body, marks, setup))
            marks, setup = {}, ""
        elif line.strip(" >") and (marks or setup):
            raise PageError(f"{page}:{number}: the mark above stands directly above no block")
    return found


def chains(blocks: Iterable[Block]) -> list[list[Block]]:
    """Blocks that continue each other, together.

    Raises:
        PageError: one continues a page that has not begun, or a file is written that nothing runs.
    """
    found: list[list[Block]] = []
    for block in blocks:
        if "continues" not in block.marks:
            found.append([block])
        elif found:
            found[-1].append(block)
        else:
            raise PageError(f"{block.place}: there is nothing that it could continue")
    for chain in found:
        for place, block in enumerate(chain):
            name = block.marks.get("file")
            if name and not any(name in later.text for later in chain[place + 1 :]):
                raise PageError(f"{block.place}: no later block names {name}, so nothing tries it")
    return found


def _language(info: str, place: str) -> str:
    words = re.findall(r"[^\s{}]+", info)
    language = words[0].removeprefix(".") if words else ""
    if language not in LANGUAGES:
        said = f"the language `{language}` is not in the table of tests/docs/README.md" if language else "no language"
        raise PageError(f"{place}: {said}; output and drawings are `text`")
    return language


def _marks(text: str, place: str) -> dict[str, str]:
    found = dict((*word.split("=", 1), "")[:2] for word in text.split())
    if unknown := set(found) - MARKS:
        raise PageError(f"{place}: no such mark: {', '.join(sorted(unknown))}")
    return found


def _until_closed(lines: Iterable[tuple[int, str]], place: str) -> str:
    kept: list[str] = []
    for _, line in lines:
        if line.strip() == "-->":
            return "\n".join(kept)
        kept.append(line)
    raise PageError(f"{place}: the setup is not closed")


def _body(lines: Iterable[tuple[int, str]], fence: re.Match[str], place: str) -> str:
    indent = len(fence["indent"])
    kept: list[str] = []
    for _, line in lines:
        closing = _FENCE.match(line)
        if closing and not closing["info"] and closing["fence"].startswith(fence["fence"]):
            return "\n".join(kept) + "\n"
        kept.append(line[indent:] if not line[:indent].strip(" >") else line)
    raise PageError(f"{place}: the block is not closed")
