"""Conditions on settings: asked of each configuration once, and not of every job that was run with it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from argus_query.fields import Json
from argus_schema import ingest
from argus_schema.plans import unindexed
from argus_schema.seeds import is_seed

configuration = ingest.configuration.c
job = ingest.job.c

Condition = sa.ColumnElement[bool]


def is_kept(place: Json) -> bool:
    """Whether configurations hold what stands there: settings, and not the seeds among them."""
    return place.column is job.extra and place.path[0] == "config" and not any(map(is_seed, place.path[1:]))


def asked(place: Json, ask: Callable[[Json], Condition]) -> Condition:
    """What a job must fulfil: a condition on this place, of its configuration where that tells."""
    if not is_kept(place):
        return ask(place)
    # A list is walked in its own order; where few have these settings, it begins at their scores (`anchors`).
    return unindexed(job.settings_key).in_(matching(place, ask))


def matching(place: Json, ask: Callable[[Json], Condition]) -> sa.Select[tuple[int]]:
    """The configurations that fulfil a condition on a place that they hold."""
    inner = Json(configuration.body, place.path[1:], is_numeric=False)
    return sa.select(configuration.settings_key).where(ask(inner))
