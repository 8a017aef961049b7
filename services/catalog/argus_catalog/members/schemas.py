"""Shapes of members."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from argus_catalog.wire import Shape, WireTime

ProjectRole = Literal["owner", "editor", "viewer"]


class MemberIn(BaseModel):
    """What someone is to be in a project."""

    model_config = ConfigDict(extra="forbid")

    role: ProjectRole


class Member(Shape):
    """Someone who belongs to a project. `granted_by` names the provider of identity whose groups gave the role."""

    user_id: int
    username: str
    role: ProjectRole
    created_at: WireTime
    created_by: int | None
    granted_by: str | None


class ProjectMembers(Shape):
    """The members of a project; the caller's own role, if any; and whether the caller may change them."""

    members: list[Member]
    role: ProjectRole | None
    may_manage: bool
