"""How a file is answered: its headers, conditions and ranges. Pure; the bytes come from the storage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.headers import API_POLICY

# Pictures that every browser decodes without running anything. SVG and HTML are programs.
INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_RANGE: Final = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.ASCII | re.IGNORECASE)
_QUOTED_UNSAFE: Final = re.compile(r"[^\x20-\x7e]|[\"\\%]")
_FALLBACK: Final = "file"


@dataclass(frozen=True, slots=True)
class Representation:
    """What can be asked for: size in bytes, validators, type and name."""

    size: int
    etag: str
    modified: datetime
    mime: str
    filename: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers, and the bytes from `begin` up to `end` that follow (none when they are equal)."""

    status: int
    headers: dict[str, str]
    begin: int = 0
    end: int = 0


def reply(file: Representation, asked: Mapping[str, str], *, inline: bool) -> Reply:
    """The answer to a GET or HEAD with these headers (RFC 9110, sections 13 and 14). One range is answered as such;
    several at once are answered with the whole, which the standard allows.

    Raises:
        ArgusError: artifact.range_invalid (416).
    """
    headers = common_headers(file)
    if is_unchanged(file, asked):
        return Reply(304, headers)
    headers |= {
        "Accept-Ranges": "bytes",
        "Content-Type": file.mime,
        "Content-Disposition": disposition(file.filename, inline=inline and file.mime in INLINE),
    }
    wanted = byte_range(asked.get("range"), file.size) if _range_holds(file, asked.get("if-range")) else None
    if wanted is None:
        return Reply(200, headers | {"Content-Length": str(file.size)}, 0, file.size)
    begin, end = wanted
    headers |= {"Content-Range": f"bytes {begin}-{end - 1}/{file.size}", "Content-Length": str(end - begin)}
    return Reply(206, headers, begin, end)


def common_headers(file: Representation) -> dict[str, str]:
    """What goes with every answer about a file. Whatever it is, it does not run as a page of ours."""
    return {
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.modified, usegmt=True),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": API_POLICY,
    }


def disposition(filename: str, *, inline: bool) -> str:
    """Content-Disposition (RFC 6266): the last part of the name, without what could mislead; once in ASCII for all,
    once as it is where that says more.
    """
    name = _last_part(filename)
    plain = _QUOTED_UNSAFE.sub("_", name)
    kind = "inline" if inline else "attachment"
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The range that a header asks for, as begin and end; None where the whole is to be answered.

    Raises:
        ArgusError: artifact.range_invalid (416), with the size in Content-Range.
    """
    match = _RANGE.fullmatch((header or "").strip())
    if match is None:
        return None
    first, last = (int(text[:20]) if text else None for text in match.groups())
    if first is None and last is None:
        return None
    if first is None:
        begin, end = max(size - (last or 0), 0), size
    else:
        begin, end = first, size if last is None else min(last + 1, size)
        if last is not None and last < first:
            return None
    if begin >= end:
        headers = {"Content-Range": f"bytes */{size}"}
        raise ArgusError(ErrorCode.ARTIFACT_RANGE_INVALID, details={"bytes": size}, headers=headers)
    return begin, end


def is_unchanged(file: Representation, asked: Mapping[str, str]) -> bool:
    """Whether the caller has it already."""
    tags = asked.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return file.etag in known or "*" in known
    since = _date(asked.get("if-modified-since"))
    return since is not None and file.modified.replace(microsecond=0) <= since


def _range_holds(file: Representation, condition: str | None) -> bool:
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        # A weak tag never matches here: equal bytes are what a range needs.
        return condition == file.etag
    return _date(condition) == file.modified.replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _last_part(filename: str) -> str:
    name = filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
    # Control characters, and those that turn the direction of writing: "exe.png" may be "gnp.exe".
    safe = "".join("_" if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else sign for sign in name)
    return safe.strip(" .") or _FALLBACK
