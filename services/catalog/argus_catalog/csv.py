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

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def csv_response(filename: str, text: str) -> Response:
    """A download. Slashes and spaces in the name become underscores."""
    name = "".join("_" if c in '/\\ "' or ord(c) < 32 else c for c in filename)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f'attachment; filename="{plain}"'
    if plain != name:
        disposition += f"; filename*=UTF-8''{quote(name)}"
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text
