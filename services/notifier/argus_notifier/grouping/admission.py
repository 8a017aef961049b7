"""What is told at once, and what is counted: every occurrence on its way into `alerts.telling` passes here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_kit.leases import take_turn
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.grouping import repository
from argus_notifier.grouping.counting import Surge, counted
from argus_notifier.grouping.stored import stored
from argus_notifier.grouping.waves import join, take_turns

# With sign, point and exponent, and whatever stands for no number.
_NUMBER: Final = re.compile(r"[-+]?(?:\d+(?:[.,:]\d+)*(?:e[-+]?\d+)?|\b(?:nan|inf)\b)", re.IGNORECASE)
# What a script says again within this time, from several processes perhaps, is one thing.
_WINDOWS_S: Final[Mapping[str, float]] = {"alert": 300.0}


async def admit(
    connection: AsyncConnection, parts: Sequence[Sequence[Occurrence]], window_s: float, most: int
) -> list[Occurrence]:
    """Those that are told now, several that begin a window as one. The others are counted.

    Args:
        connection: of a write transaction.
        parts: what happened, by the bundle that told it: one that comes again counts nothing, whatever comes with it.
        window_s: how long what is like it is counted.
        most: how many batches are told by themselves before a wave tells of all.
    """
    told: list[Occurrence] = []
    grouped: dict[repository.Key, list[list[Occurrence]]] = {}
    for part in parts:
        alike: dict[repository.Key, list[Occurrence]] = {}
        for one in part:
            key = _key(one)
            if key is None or window_s <= 0:
                told.append(one)
            else:
                alike.setdefault(key, []).append(one)
        for key, some in alike.items():
            grouped.setdefault(key, []).append(some)
    await take_turns(connection, [of_key[0][0] for of_key in grouped.values()])
    # In one order everywhere: two transactions that count the same things must not wait for each other.
    for kind, subject in sorted(grouped):
        await take_turn(connection, f"notifier.surge.{kind}.{subject}")
    return [*told, *await _counted(connection, grouped, window_s, most)]


async def _counted(
    connection: AsyncConnection,
    grouped: Mapping[repository.Key, Sequence[Sequence[Occurrence]]],
    window_s: float,
    most: int,
) -> list[Occurrence]:
    """Count what is alike, the turns of which are taken; returns what begins a window and no wave tells of."""
    if not grouped:
        return []
    at = now()
    found = await repository.of_keys(connection, sorted(grouped))
    changed: dict[repository.Key, repository.Known] = {}
    begun: dict[repository.Key, Occurrence] = {}
    for key, parts in sorted(grouped.items(), key=lambda item: item[0]):
        before, first = found.get(key, (None, {}))
        known = before
        for some in parts:
            known, begins = counted(known, some, at, max(window_s, _WINDOWS_S.get(key[0], 0.0)))
            if begins:
                begun[key] = some[0] if len(some) == 1 else as_one(some[0], known, key=f"{some[0].key}+{len(some)}")
                first = stored(begun[key])
        if known is not None and known is not before:
            changed[key] = known, first
    await repository.save_all(connection, changed)
    in_waves = await join(connection, begun, at, window_s=window_s, most=most)
    return [one for key, one in begun.items() if key not in in_waves]


def as_one(first: Occurrence, known: Surge, *, key: str) -> Occurrence:
    """All of a surge, as one occurrence."""
    data: Mapping[str, Any] = {
        "name": first.data.get("name") or first.data.get("title") or "",
        "count": known.count,
        "reasons": dict(known.reasons),
        "job_ids": list(known.job_ids),
        **({"text": first.data["text"]} if first.kind == "alert" and first.data.get("text") else {}),
    }
    return replace(first, key=key, job_id=None, data=data)


def _key(one: Occurrence) -> repository.Key | None:
    """What is counted together; None: it stands for itself."""
    of = one.batch_id or one.host
    # What names those who hear of it is not the same for others.
    if of is None or (one.to is not None and one.ways is None) or (one.ways is not None and not one.ways.grouped):
        return None
    if one.ways is not None:
        return one.kind, f"{one.ways.rule_id}:{of}"
    return one.kind, f"{of}:{one.severity}:{said(one)}" if one.kind == "alert" else of


def said(alert: Occurrence) -> str:
    """What an alert says, without its numbers: "Loss spike at step 4810" of a loop is the same thing at step 4820."""
    return _NUMBER.sub("#", str(alert.data.get("title", "")))
