"""A host's GPUs over time, in columns of one value a bucket: load, memory, heat, and who held the GPU. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from argus_catalog.gpus.cards import Card, cards_of

Row = Any


@dataclass(frozen=True, slots=True)
class Lane:
    """One GPU. Columns have a value for each bucket; None where nothing was heard of it then."""

    index: int
    name: str | None
    mem_total_mb: float | None
    util_pct: list[float | None]
    mem_mb: list[float | None]
    temp_c: list[float | None]
    slowed: list[bool | None]
    holder: list[int | None]
    """The key of the batch that held it."""


def lanes(rows: Sequence[Row], begin: datetime, width_s: int, n_buckets: int) -> list[Lane]:
    """From readings of one host, the oldest first."""
    found: dict[int, Lane] = {}
    for row in rows:
        place = int((row.at - begin).total_seconds() // width_s)
        if 0 <= place < n_buckets:
            for card in cards_of(row):
                _put(found, card, row.batch_key, place, n_buckets)
    return [found[index] for index in sorted(found)]


def _put(found: dict[int, Lane], card: Card, batch_key: int, place: int, n_buckets: int) -> None:
    lane = found.get(card.index)
    if lane is None:
        columns: list[Any] = [[None] * n_buckets for _ in range(5)]
        lane = found[card.index] = Lane(card.index, card.name, card.mem_total_mb, *columns)
    lane.util_pct[place] = card.util_pct
    lane.mem_mb[place] = card.mem_mb
    lane.temp_c[place] = card.temp_c
    lane.slowed[place] = bool(card.slowed_by) or bool(lane.slowed[place])
    if card.own_mb > 0:
        lane.holder[place] = batch_key


class Capacity(NamedTuple):
    """All GPUs over time: how many were heard of, how many somebody held, and how many whole ones the load makes."""

    known: list[int]
    held: list[int]
    busy: list[float]


def capacity(rows: Sequence[Row], begin: datetime, width_s: int, n_buckets: int) -> Capacity:
    """From readings of all hosts; of each host the last one in a bucket counts."""
    last: dict[tuple[int, str], Row] = {}
    for row in rows:
        place = int((row.at - begin).total_seconds() // width_s)
        if 0 <= place < n_buckets:
            last[place, row.host] = row
    found = Capacity([0] * n_buckets, [0] * n_buckets, [0.0] * n_buckets)
    for (place, _), row in last.items():
        for card in cards_of(row):
            found.known[place] += 1
            found.held[place] += card.held_mb > 0 or (card.util_pct or 0.0) > 5.0
            found.busy[place] += (card.util_pct or 0.0) / 100
    return found
