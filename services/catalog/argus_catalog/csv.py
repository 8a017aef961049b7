"""CSV as the wire contract wants it: CRLF, a header always, six significant digits, nothing for null.

A text that a spreadsheet would run as a formula is written with an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Response

# Spreadsheets set to Chinese or Japanese read the wide signs as the narrow ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], *, exact: bool = False) -> str:
    """A table as CSV text; `exact` numbers have all their digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value, exact=exact) for value in row] for row in rows)
    return out.getvalue()


def csv_response(filename: str, text: str) -> Response:
    """A download. Slashes and spaces in the name become underscores."""
    return Response(text, media_type="text/csv; charset=utf-8", headers=disposition(filename))


def disposition(filename: str) -> dict[str, str]:
    """The header that makes a file of an answer."""
    name = "".join("_" if c in '/\\ "' or ord(c) < 32 else c for c in filename)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    said = f'attachment; filename="{plain}"'
    if plain != name:
        said += f"; filename*=UTF-8''{quote(name)}"
    return {"Content-Disposition": said}


def _cell(value: Any, *, exact: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return repr(value) if exact else f"{value:.6g}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text
