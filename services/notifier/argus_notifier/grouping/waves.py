"""Many batches at once are one: the surges of one kind that begin within a window for the same readers.

The first few batches are told by themselves. Beyond, one surge over all of them, a wave, tells of them in their place:
of a rule, for whom it speaks; else those of one owner in one project, which the same people may see. A wave is a row of
`surge` as the others are: `count` is the number of batches, and `job_ids` names those that may become part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.leases import take_turn
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.grouping import repository
from argus_notifier.grouping.counting import Surge
from argus_notifier.grouping.repository import Key
from argus_notifier.grouping.stored import stored

_SUFFIX: Final = "/batches"


def wave_of(one: Occurrence) -> Key | None:
    """The wave that it may be part of; None: it is told by itself, however many there are."""
    if one.batch is None or one.kind == "alert":
        return None
    if one.ways is not None:
        people = hashlib.blake2b(repr(sorted(one.to or ())).encode(), digest_size=8).hexdigest()
        return f"{one.kind}{_SUFFIX}", f"rule {one.ways.rule_id}:{people}"
    return f"{one.kind}{_SUFFIX}", f"{one.batch.owner_id}:{one.batch.project}"


def is_wave(key: Key) -> bool:
    """Whether a row is one over several batches."""
    return key[0].endswith(_SUFFIX)


def kind_of(key: Key) -> str:
    """Of what kind its surges are."""
    return key[0].removesuffix(_SUFFIX)


def is_up(wave: Surge) -> bool:
    """Whether it tells of its batches: there were more than may be told by themselves."""
    return wave.due_at is not None


def after_one_more(
    wave: Surge | None, subject: str, at: datetime, *, window_s: float, most: int
) -> tuple[Surge, Sequence[str]]:
    """The wave after another surge has begun, and which surges become part of it now. Pure.

    Args:
        wave: as it was; None: there is none.
        subject: of the surge that begins.
        at: now.
        window_s: how long batches are counted before it is up.
        most: how many are told by themselves.
    """
    if wave is not None and is_up(wave):
        return replace(wave, count=wave.count + 1), [subject]
    if wave is None or at >= wave.ends_at:
        wave = Surge(at, at + timedelta(seconds=window_s), 0, 0, 0, None, {}, ())
    named = [*wave.job_ids, subject]
    counted = replace(wave, count=wave.count + 1, job_ids=named)
    # Those that had told of themselves are told again with all the others, and no more alone.
    return (counted, ()) if counted.count <= most else (replace(counted, job_ids=(), due_at=at), named)


async def join(
    connection: AsyncConnection, begun: Mapping[Key, Occurrence], at: datetime, *, window_s: float, most: int
) -> set[Key]:
    """Which of the surges that begin with these are told by a wave; the caller has taken the turns, and saved them."""
    of_wave: dict[Key, list[tuple[Key, Occurrence]]] = {}
    for key, first in begun.items():
        wave_key = wave_of(first)
        if wave_key is not None:
            of_wave.setdefault(wave_key, []).append((key, first))
    found = await repository.of_keys(connection, sorted(of_wave)) if of_wave else {}
    told: set[Key] = set()
    for wave_key, some in sorted(of_wave.items(), key=lambda item: item[0]):
        wave, kept = found.get(wave_key, (None, {}))
        parts: list[str] = []
        for key, first in some:
            then, more = after_one_more(wave, key[1], at, window_s=window_s, most=most)
            if wave is None or then.begins_at != wave.begins_at:
                # The first of the batches stands for the readers of all.
                kept = stored(first)
            wave = then
            if more:
                parts += more
                told.add(key)
        if wave is not None:
            await repository.save(connection, wave_key, wave, kept)
        if parts:
            await repository.fold(connection, kind_of(wave_key), parts, wave_key[1])
    return told


async def take_turns(connection: AsyncConnection, occurrences: Sequence[Occurrence]) -> None:
    """Before the turns of any surge of theirs: whoever tells of a wave has all of its surges in hand."""
    for kind, subject in sorted({key for one in occurrences if (key := wave_of(one)) is not None}):
        await take_turn(connection, f"notifier.surge.{kind}.{subject}")
