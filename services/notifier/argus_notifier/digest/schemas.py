"""The digest on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from argus_notifier.digest.clock import zones


def _known(zone: str) -> str:
    if zone not in zones():
        raise ValueError("this is not the name of a time zone, like Europe/Berlin")
    return zone


Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known)]


class DigestIn(BaseModel):
    """When the daily mail comes: at a full hour of a time zone, named as in the IANA's list."""

    frequency: Literal["off", "daily"]
    hour: Annotated[int, Field(ge=0, le=23)] = 8
    zone: Zone = "UTC"


class DigestOut(DigestIn):
    """The same, and when the next one is due; null while none is."""

    zone: str
    next_at: str | None
    last_at: str | None


class DigestPreview(BaseModel):
    """The mail as it would be now, of the last day; `is_sample`: nothing ran, and this is made up."""

    subject: str
    body_html: str
    body_text: str
    is_sample: bool
