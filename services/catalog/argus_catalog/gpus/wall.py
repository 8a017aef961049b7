"""What each GPU does now: whose it is, and whether it works. Pure.

A batch holds a GPU when its own newest reading says that its processes have memory on it. A GPU idles when it is held
and did next to nothing in every reading of the last minutes: one look may fall between two epochs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from argus_catalog.gpus.cards import Card, cards_of

Row = Any
State = Literal["busy", "idle", "free", "foreign", "silent"]

IDLE_PCT = 5.0
IDLE_FOR = timedelta(minutes=4)
SILENT_FOR = timedelta(minutes=5)
# A driver takes a little of an empty card.
_EMPTY_SHARE = 0.04


class Tile(NamedTuple):
    """A GPU now. `batch_key` is of the batch that holds it; `idle_s` how long it is known to have idled."""

    host: str
    card: Card
    state: State
    batch_key: int | None
    seen_at: datetime
    idle_s: int | None


def tiles(rows: Sequence[Row], now: datetime) -> list[Tile]:
    """The tiles of all hosts in `rows`, readings of the last minutes, the oldest first."""
    by_host: dict[str, list[Row]] = {}
    for row in rows:
        by_host.setdefault(row.host, []).append(row)
    return [tile for host in sorted(by_host) for tile in _of_host(host, by_host[host], now)]


def _of_host(host: str, rows: Sequence[Row], now: datetime) -> Iterable[Tile]:
    newest = rows[-1]
    history: dict[int, list[tuple[datetime, float]]] = {}
    holders: dict[int, tuple[datetime, int]] = {}
    for row in rows:
        for card in cards_of(row):
            if card.util_pct is not None:
                history.setdefault(card.index, []).append((row.at, card.util_pct))
    for row in {row.batch_key: row for row in rows}.values():
        if now - row.at <= SILENT_FOR:
            holders.update({card.index: (row.at, row.batch_key) for card in cards_of(row) if card.own_mb > 0})
    is_silent = now - newest.at > SILENT_FOR
    for card in cards_of(newest):
        batch_key = holders[card.index][1] if card.index in holders else None
        idle_s = _idle_s(history.get(card.index, []))
        yield Tile(host, card, "silent" if is_silent else _state(card, batch_key, idle_s), batch_key, newest.at, idle_s)


def _state(card: Card, batch_key: int | None, idle_s: int | None) -> State:
    if batch_key is not None:
        return "busy" if idle_s is None else "idle"
    is_used = (card.util_pct or 0.0) > IDLE_PCT or card.held_mb > 0
    is_filled = (card.mem_mb or 0.0) > _EMPTY_SHARE * (card.mem_total_mb or float("inf"))
    return "foreign" if is_used or is_filled else "free"


def _idle_s(history: Sequence[tuple[datetime, float]]) -> int | None:
    begun = None
    for at, util in reversed(history):
        if util > IDLE_PCT:
            break
        begun = at
    if begun is None or history[-1][0] - begun < IDLE_FOR:
        return None
    return int((history[-1][0] - begun).total_seconds())
