"""Shapes of a project's recipients."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, EmailStr, Field

from argus_notifier.preferences.schemas import Kind

# One spelling of an address is one recipient.
Address = Annotated[EmailStr, AfterValidator(str.lower)]
Kinds = Annotated[list[Kind], Field(max_length=50)]


class RecipientIn(BaseModel):
    """A new recipient."""

    email: Address
    event_kinds: Kinds = []
    enabled: bool = True


class RecipientPatch(BaseModel):
    """Changes; what is null stays."""

    email: Address | None = None
    event_kinds: Kinds | None = None
    enabled: bool | None = None


class RecipientOut(BaseModel):
    """A recipient."""

    id: int
    project: str
    email: str
    event_kinds: list[str]
    enabled: bool
    added_by_user_id: int | None
    created_at: str
    updated_at: str | None
