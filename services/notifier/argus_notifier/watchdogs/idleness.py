"""Which cards do nothing although a job holds them. Pure.

A snapshot is one process's: its own cards are those on which it holds memory. Where it names none, its one figure for
the card that it uses stands for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from argus_notifier.watchdogs.runs import Run, fold

HEADLINE: Final = ""
"""The card of a snapshot that names none."""


def own_cards(data: Mapping[str, Any]) -> dict[str, float]:
    """How busy each of the process's own cards is, in percent."""
    cards = data.get("gpus")
    found: dict[str, float] = {}
    for card in cards if isinstance(cards, list) else []:
        if isinstance(card, dict) and (util := number(card.get("util_pct"))) is not None and _is_own(card):
            found[str(card.get("index"))] = util
    if found:
        return found
    util = number(data.get("gpu_util_pct"))
    return {} if util is None else {HEADLINE: util}


def folded(
    runs: Mapping[str, Run], at: float, utils: Mapping[str, float], *, below: float, span_s: float
) -> dict[str, Run]:
    """The runs of idle cards after one more snapshot. A card that it leaves out is no card of the process any more."""
    found = {
        card: fold(runs.get(card), at, is_in=util < below, is_out=util >= below, span_s=span_s)
        for card, util in utils.items()
    }
    return {card: run for card, run in found.items() if run is not None}


def number(value: Any) -> float | None:
    """A finite number, or None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None


def _is_own(card: Mapping[str, Any]) -> bool:
    if (number(card.get("proc_mem_mb")) or 0) > 0:
        return True
    processes = card.get("processes")
    return isinstance(processes, list) and any(isinstance(one, dict) and one.get("own") is True for one in processes)
