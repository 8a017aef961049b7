"""One JSON object a line. What is no finite number is null."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from argus_catalog.exports.table import Table
from argus_kit.clock import iso


def to_jsonl(table: Table) -> str:
    """The table's rows as objects, by the names of its columns."""
    names = [column.name for column in table.columns]
    lines = (json.dumps(dict(zip(names, map(_value, row), strict=True)), ensure_ascii=False) for row in table.rows)
    # Some readers take these for ends of lines.
    return "".join(f"{line}\n" for line in lines).translate({0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"})


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
