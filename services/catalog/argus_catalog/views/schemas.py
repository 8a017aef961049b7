"""Shapes of saved views."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from argus_catalog.wire import Shape, WireTime

_MOST_PARAMETERS: Final = 50
_LONGEST: Final = 16_000

Page = Literal["batches", "jobs", "compare", "studies", "hosts"]
ViewName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
ProjectName = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Parameter = Annotated[str, StringConstraints(max_length=8_000)]


class NewView(BaseModel):
    """What a page shows, as the parameters of its address, and a name for it.

    With a project all its members see the view; without one its maker alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: Page
    name: ViewName
    project: ProjectName | None = None
    query: dict[str, Parameter] = Field(examples=[{"where": "metrics.val_acc > 0.9", "sort": "-metrics.val_acc"}])

    @model_validator(mode="after")
    def _is_of_a_size(self) -> Self:
        length = sum(len(name) + len(value) for name, value in self.query.items())
        if len(self.query) > _MOST_PARAMETERS or length > _LONGEST:
            raise ValueError(f"A view has at most {_MOST_PARAMETERS} parameters of {_LONGEST} characters together.")
        return self


class SavedView(Shape):
    """A saved view. `can_edit`: the caller may rename, change and delete it."""

    id: int
    page: str
    name: str
    project: str | None
    query: dict[str, str]
    owner: str | None
    is_mine: bool
    can_edit: bool
    created_at: WireTime
    updated_at: WireTime | None
