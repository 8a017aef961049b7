"""Which cards are too hot for long. Pure. A card is cool again when it is five degrees below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argus_notifier.watchdogs.idleness import HEADLINE, number
from argus_notifier.watchdogs.runs import Run, fold

_COOLER: Final = 5.0


def temperatures(data: Mapping[str, Any]) -> dict[str, float]:
    """How hot each card of the host is, in degrees Celsius."""
    cards = data.get("gpus")
    found: dict[str, float] = {}
    for card in cards if isinstance(cards, list) else []:
        if isinstance(card, dict) and (temp := number(card.get("temp_c"))) is not None:
            found[str(card.get("index"))] = temp
    if found:
        return found
    temp = number(data.get("gpu_temp_c"))
    return {} if temp is None else {HEADLINE: temp}


def folded(
    runs: Mapping[str, Run], at: float, temps: Mapping[str, float], *, limit: float, span_s: float
) -> dict[str, Run]:
    """The runs of hot cards after one more snapshot; cards that it leaves out stay as they were."""
    found = dict(runs)
    for card, temp in temps.items():
        run = fold(runs.get(card), at, is_in=temp >= limit, is_out=temp < limit - _COOLER, span_s=span_s)
        if run is None:
            found.pop(card, None)
        else:
            found[card] = run
    return found
