"""A table as a download in the form that was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fastapi import Response

from argus_catalog.csv import disposition, to_csv
from argus_catalog.exports.jsonl import to_jsonl
from argus_catalog.exports.latex import to_latex
from argus_catalog.exports.markdown import to_markdown
from argus_catalog.exports.parquet import to_parquet
from argus_catalog.exports.table import Format, Sheet, Table
from argus_kit.clock import iso

_MEDIA: Final[dict[Format, tuple[str, str]]] = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/jsonl; charset=utf-8"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "latex": ("tex", "application/x-tex; charset=utf-8"),
    "markdown": ("md", "text/markdown; charset=utf-8"),
}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file",
        "content": {media.partition(";")[0]: {"schema": {"type": "string"}} for _, media in _MEDIA.values()},
    }
}
"""What a route that answers with such a file says in the API's document."""


class Exported(NamedTuple):
    """A table to compute with, and the sheet for people; each is made only when it is asked for."""

    name: str
    table: Callable[[], Table]
    sheet: Callable[[], Sheet]


async def export_response(exported: Exported, form: Format) -> Response:
    """The download."""
    ending, media = _MEDIA[form]
    content = await asyncio.to_thread(encode, exported, form)
    return Response(content, media_type=media, headers=disposition(f"{exported.name}.{ending}"))


def encode(exported: Exported, form: Format) -> bytes:
    """The file's content."""
    if form == "latex":
        return to_latex(exported.sheet()).encode()
    if form == "markdown":
        return to_markdown(exported.sheet()).encode()
    table = exported.table()
    if form == "parquet":
        return to_parquet(table)
    return (to_jsonl(table) if form == "jsonl" else _csv(table)).encode()


def _csv(table: Table) -> str:
    times = {place for place, column in enumerate(table.columns) if column.kind == "time"}
    rows = ([iso(value) if place in times else value for place, value in enumerate(row)] for row in table.rows)
    return to_csv([column.name for column in table.columns], rows, exact=True)
