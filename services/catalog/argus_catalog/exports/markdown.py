"""Tables for issues, wikis and notes: Markdown as GitHub reads it."""

from __future__ import annotations

from collections.abc import Sequence

from argus_catalog.exports.numbers import decimals, written
from argus_catalog.exports.table import Measure, Sheet, Shown

_SPECIAL = frozenset("\\`*_{}[]()#+!|~$:")


def escape(text: str) -> str:
    """A text that stands for itself within a cell: no mark-up, no HTML, no mention of a person, no link of its own."""
    plain = "".join(c for c in " ".join(text.split()) if c.isprintable())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in plain)


def to_markdown(sheet: Sheet) -> str:
    """The sheet as a table with its caption above and its notes below."""
    places = [decimals(row[i] for row in sheet.rows) for i in range(len(sheet.heads))]
    over = [text for text, width in sheet.spans for _ in range(width)]
    tops = [""] * sheet.n_names + over if over else [""] * len(sheet.heads)
    heads = [" ".join(part for part in pair if part) for pair in zip(tops, sheet.heads, strict=True)]
    lines = [
        f"**{escape(sheet.caption)}**",
        "",
        _line([escape(head) for head in heads]),
        _line(["---" if place < sheet.n_names else "---:" for place in range(len(heads))]),
        *(_line([_cell(value, places[i]) for i, value in enumerate(row)]) for row in sheet.rows),
    ]
    notes = [line for note in sheet.notes for line in ("", escape(note))]
    return "\n".join([*lines, *notes]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Shown, places: int) -> str:
    if value is None:
        return "–"
    if not isinstance(value, Measure):
        return str(value) if isinstance(value, int) else escape(value)
    if value.mean is None:
        return "–"
    text = _number(value.mean, places)
    if value.std is not None:
        is_fixed = "e" not in text and abs(value.std) < 1e4
        text += f" ± {f'{value.std:.{places}f}' if is_fixed else _number(value.std, places)}"
    return f"**{text}**" if value.is_best else text


def _number(value: float, places: int) -> str:
    digits, power = written(value, places)
    return digits if power is None else f"{digits}e{power}"
