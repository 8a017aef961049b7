"""Routes of studies. Those that end in a word or a number come first: a name may hold slashes."""

from __future__ import annotations

from typing import Annotated, cast, get_args

from fastapi import Query

from argus_catalog.studies import listing, service
from argus_catalog.studies.importance.schemas import StudyImportance
from argus_catalog.studies.ranking import Order, Sort
from argus_catalog.studies.schemas import NamedTrial, StudyDetail, StudyList
from argus_catalog.wire import ConditionalRoute
from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/studies", tags=["studies"], route_class=ConditionalRoute)


@router.get("")
async def list_studies(
    actor: MayReadRuns,
    connection: Reading,
    project: Annotated[str | None, Query(max_length=256, description="Only trials of this project")] = None,
) -> StudyList:
    """The studies of which the caller sees a trial, the latest run first."""
    return await listing.studies(connection, actor, project)


@router.get("/{name:path}/importance")
async def get_importance(
    name: str,
    actor: MayReadRuns,
    connection: Reading,
    metric: Annotated[str | None, Query(max_length=256, description="Else the one that judges the trials")] = None,
) -> StudyImportance:
    """Which parameters of a study matter. A study with too few trials says so."""
    return await service.importance_of(connection, actor, name, metric)


@router.get("/{name:path}/trials/{trial_id}")
async def get_trial(name: str, trial_id: int, actor: MayReadRuns, connection: Reading) -> NamedTrial:
    """One trial of a study."""
    return await service.trial(connection, actor, name, trial_id)


@router.get("/{name:path}")
async def get_study(
    name: str,
    actor: MayReadRuns,
    connection: Reading,
    sort: Annotated[str, Query(json_schema_extra={"enum": list(get_args(Sort))})] = "value",
    order: Annotated[
        str, Query(description="By value, asc begins with the best", json_schema_extra={"enum": list(get_args(Order))})
    ] = "asc",
) -> StudyDetail:
    """One study with its trials. A name that is not known has none."""
    chosen = cast("Sort", _one_of("sort", sort, get_args(Sort)))
    return await service.detail(
        connection, actor, name, chosen, cast("Order", _one_of("order", order, get_args(Order)))
    )


def _one_of(parameter: str, told: str, known: tuple[str, ...]) -> str:
    # Existing clients read 400 here, where the framework would say 422.
    if told not in known:
        raise ArgusError(ErrorCode.REQUEST_INVALID, f"{parameter} is one of {', '.join(known)}.", status=400)
    return told
