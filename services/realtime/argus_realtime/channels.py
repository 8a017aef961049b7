"""The selectors of `channels=`: what a page asks to hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError

Kind = Literal["batch", "job", "dashboard", "visible", "inbox", "deliveries"]

_EXPECTED = (
    "Use batch:<batch_id>, job:<batch_id>:<job_id>, deliveries:<batch_id>, visible, inbox, dashboard or deliveries."
)


@dataclass(frozen=True, slots=True)
class Selector:
    """One channel as it was asked for; `text` is what frames carry as `channel`."""

    text: str
    kind: Kind
    batch_id: str | None = None
    job_id: str | None = None


def parse_channels(text: str, *, at_most: int) -> list[Selector]:
    """Read a comma-separated list; duplicates are removed, the order is kept.

    Raises:
        ArgusError: stream.channels_empty, stream.too_many_channels, stream.channel_invalid (400).
    """
    names = list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not names:
        raise ArgusError(ErrorCode.STREAM_CHANNELS_EMPTY)
    if len(names) > at_most:
        message = f"{len(names)} channels were given; one stream carries at most {at_most}."
        raise ArgusError(ErrorCode.STREAM_TOO_MANY_CHANNELS, message, details={"count": len(names), "limit": at_most})
    return [_parse(name) for name in names]


def _parse(name: str) -> Selector:
    kind, _, rest = name.partition(":")
    if kind in {"batch", "deliveries"} and rest:
        return Selector(name, kind, rest)  # type: ignore[arg-type]  # one of the two literals
    if kind == "job":
        batch_id, _, job_id = rest.partition(":")
        if batch_id and job_id:
            return Selector(name, "job", batch_id, job_id)
        raise _invalid(name, "A job's channel is job:<batch_id>:<job_id>.")
    if name in {"dashboard", "visible", "inbox", "deliveries"}:
        return Selector(name, name)  # type: ignore[arg-type]  # one of the three literals
    raise _invalid(name, _EXPECTED)


def _invalid(name: str, expected: str) -> ArgusError:
    shown = name if len(name) <= 80 else f"{name[:80]}…"
    return ArgusError(
        ErrorCode.STREAM_CHANNEL_INVALID,
        f"The channel {shown!r} cannot be understood. {expected}",
        details={"channel": shown},
    )
