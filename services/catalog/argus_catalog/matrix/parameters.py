"""What a board is asked with."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from pydantic import StringConstraints

from argus_catalog.matrix.schemas import Toward
from argus_catalog.matrix.service import Asked

# No database takes a NUL in a text.
MetricText = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Metric = Annotated[
    MetricText | None, Query(description="Which decides; without it the project's, or the one that most jobs have")
]
Direction = Annotated[Toward | None, Query(description="What is better; without it what the project or the name says")]
Also = Annotated[list[MetricText], Query(max_length=8, description="Further metrics that each cell tells")]


def _asked(
    metric: Metric = None,
    seeds: Annotated[
        bool, Query(description="Jobs that differ by their seeds alone are one: mean, std, n over all of them")
    ] = False,
    direction: Direction = None,
    also: Also = [],  # noqa: B006 - FastAPI copies it
) -> Asked:
    return Asked(metric, tuple(also), seeds, direction)


BoardAsked = Annotated[Asked, Depends(_asked)]
"""How a board is wanted, from the query."""
