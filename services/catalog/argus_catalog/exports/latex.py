"""Tables for papers: LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from argus_catalog.exports.numbers import decimals, written
from argus_catalog.exports.table import Measure, Sheet, Shown

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "²": r"\textsuperscript{2}",
}


def escape(text: str) -> str:
    """A text that stands for itself. Line ends become spaces, other control characters vanish."""
    return "".join(_SPECIAL.get(c, c) for c in _plain(text))


def _plain(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def to_latex(sheet: Sheet) -> str:
    """The sheet as a `table`, which needs the package booktabs."""
    places = [decimals(row[i] for row in sheet.rows) for i in range(len(sheet.heads))]
    lines = [
        r"% \usepackage{booktabs}, \usepackage[T1]{fontenc}",
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{escape(sheet.caption)}}}",
        rf"\begin{{tabular}}{{{'l' * sheet.n_names}{'r' * (len(sheet.heads) - sheet.n_names)}}}",
        r"\toprule",
        *_spans(sheet),
        _line([escape(head) for head in sheet.heads]),
        r"\midrule",
        *(_line([_cell(value, places[i]) for i, value in enumerate(row)]) for row in sheet.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\smallskip\footnotesize {escape(note)}" for note in sheet.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _spans(sheet: Sheet) -> list[str]:
    if not sheet.spans:
        return []
    cells = [""] * sheet.n_names + [rf"\multicolumn{{{width}}}{{c}}{{{escape(text)}}}" for text, width in sheet.spans]
    rules, begin = [], sheet.n_names + 1
    for _, width in sheet.spans:
        rules.append(rf"\cmidrule(lr){{{begin}-{begin + width - 1}}}")
        begin += width
    return [_line(cells), "".join(rules)]


def _line(cells: Sequence[str]) -> str:
    # A bracket or star after the end of a line would be taken for an argument of it.
    begin = "{}" if cells and cells[0][:1] in {"[", "*"} else ""
    return begin + " & ".join(cells) + r" \\"


def _cell(value: Shown, places: int) -> str:
    if value is None:
        return "--"
    if isinstance(value, Measure):
        return _measure(value, places)
    return str(value) if isinstance(value, int) else escape(value)


def _measure(value: Measure, places: int) -> str:
    if value.mean is None:
        return "--"
    text = _number(value.mean, places)
    if value.std is not None:
        text += rf" \pm {_number(value.std, places, like=value.mean)}"
    return rf"$\mathbf{{{text}}}$" if value.is_best else f"${text}$"


def _number(value: float, places: int, like: float | None = None) -> str:
    # A deviation has as many decimals as its mean, unless that has an exponent.
    is_fixed = like is not None and written(like, places)[1] is None and abs(value) < 1e4
    digits, power = (f"{value:.{places}f}", None) if is_fixed else written(value, places)
    if digits.lstrip("-") in {"nan", "inf"}:
        return rf"\mathrm{{{digits}}}"
    return digits if power is None else rf"{digits} \times 10^{{{power}}}"
