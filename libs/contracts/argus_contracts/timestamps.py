"""Reading the timestamps that senders write: RFC 3339 and the common forms of ISO 8601."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FORM: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8})"
    r"(?:[Tt ](?P<hours>\d\d)(?::?(?P<minutes>\d\d)(?::?(?P<seconds>\d\d)(?:[.,](?P<fraction>\d{1,18}))?)?)?"
    r" ?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

# As nearly all senders write it, and as the standard library reads it.
_USUAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,18})?Z", re.ASCII)


def parse_timestamp(text: str) -> datetime | None:
    """An aware UTC datetime; None when the text is not a date, or lies outside the years 1 to 9999.

    Without an offset the time is taken as UTC, without a time as midnight; digits beyond microseconds are cut; a leap
    second (``:60``) is read as the first second of the next minute.
    """
    if _USUAL.fullmatch(text):
        # What the standard library does not take, as a leap second, may be right all the same.
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    leap = match["seconds"] == "60"
    try:
        moment = datetime.fromisoformat(_plain_form(match, "59" if leap else match["seconds"] or "00"))
        return (moment + timedelta(seconds=1) if leap else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _plain_form(match: re.Match[str], seconds: str) -> str:
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    zone = match["zone"]
    offset = "+00:00" if zone in (None, "Z", "z") else zone
    return f"{match['date']}T{match['hours'] or '00'}:{match['minutes'] or '00'}:{seconds}.{fraction}{offset}"
