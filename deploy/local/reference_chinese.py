"""The Chinese of generated pages: their headings, introductions and tables' frames, by deploy/docs/chinese.yaml. What
comes from code, docstrings and descriptions, stays English; a phrase that is not in the file does too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
PHRASES: Final = ROOT / "deploy" / "docs" / "chinese.yaml"

_CELL: Final = re.compile(r"(?<!\\)\|")
_HEADING: Final = re.compile(r"^(#+) (.+)$")
_CODE: Final = re.compile(r"(`[^`]*`|\[[^\]]*\]\([^)]*\))")
_OF_HTTP: Final = re.compile(r"(?:Takes .*\(`[\w/+-]+`\)\.|Answers \d|Permission: `)")
_TYPED: Final = frozenset({"takes", "is"})
# Chinese has no spaces between words: where a line of the file ends, nothing is meant.
_FOLDED: Final = re.compile(r"(?<=[\u3000-\u3002\uff00-\uffef]) |(?<=[\u4e00-\u9fff]) (?=[\u3000-\u9fff\uff00-\uffef])")
_ITEM: Final = re.compile(r"[-*] ")


class Chinese:
    """Phrases of one page, and which of them it had."""

    def __init__(self, page: str, document: Mapping[str, Any]) -> None:
        self._page = page
        self._own: dict[str, str] = document["pages"][page]
        self._common: dict[str, str] = document["common"]
        self._types = [(re.compile(one), to) for one, to in document["types"]]
        self._note: str = document["note"]
        self._used: set[str] = set()

    def of(self, text: str) -> str:
        """The page in Chinese.

        Raises:
            ValueError: a phrase of the file is not on the page any more: its English was changed.
        """
        blocks = re.split(r"\n{2,}", text.rstrip("\n"))
        made, fence = [], False
        for block in blocks:
            was_code = fence
            fence ^= len(re.findall(r"^```", block, re.MULTILINE)) % 2 == 1
            made.append(block if was_code or block.startswith(("```", "<!--")) else self._block(block))
        place = next(number for number, block in enumerate(made) if block.startswith("# "))
        made.insert(place + 1, self._note)
        if stale := self._own.keys() - self._used:
            raise ValueError(
                f"{PHRASES.name}, {self._page}: not on the page any more (change or remove them): {sorted(stale)}"
            )
        return "\n\n".join(made) + "\n"

    def _block(self, block: str) -> str:
        lines = block.split("\n")
        if heading := _HEADING.match(lines[0]):
            rest = [self._block("\n".join(lines[1:]))] if lines[1:] else []
            return "\n".join([self._heading(heading[1], heading[2]), *rest])
        if block.startswith("|"):
            return "\n".join(self._table(lines))
        if _ITEM.match(block):
            items = re.split(r"\n(?=[-*] )", block)
            return "\n".join(f"{item[:2]}{self._said(item[2:])}" for item in items)
        return self._said(block)

    def _heading(self, level: str, title: str) -> str:
        said = self._said(title)
        # Links of other pages lead to the English name, in both languages.
        anchor = re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-")
        return f"{level} {said}" + (f" {{#{anchor}}}" if said != title and level != "#" else "")

    def _table(self, lines: list[str]) -> Iterator[str]:
        rows = [[cell.strip() for cell in _CELL.split(line)[1:-1]] for line in lines]
        kinds = {number for number, name in enumerate(rows[0]) if name in _TYPED}
        for row in rows:
            cells = [
                self._kind(self._said(one)) if number in kinds else self._said(one) for number, one in enumerate(row)
            ]
            yield "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"

    def _kind(self, text: str) -> str:
        parts = _CODE.split(text)
        for pattern, to in self._types:
            parts[::2] = [pattern.sub(to, part) for part in parts[::2]]
        return "".join(parts)

    def _said(self, text: str) -> str:
        known = " ".join(text.split())
        if known in self._own:
            self._used.add(known)
            return _FOLDED.sub("", self._own[known].rstrip("\n"))
        if known in self._common:
            return self._common[known]
        return self._kind(text) if _OF_HTTP.match(text) else text


def files(english: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and text of each Chinese page. `english` has the pages that are made beside this one, the rest is read."""
    document = yaml.safe_load(PHRASES.read_text("utf-8"))
    for name in document["pages"]:
        text = english.get(name) or (ROOT / name).read_text("utf-8")
        yield name.replace(".md", ".zh.md"), Chinese(name, document).of(text)
