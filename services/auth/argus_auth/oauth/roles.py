"""What a provider's groups give: administrator's rights, and roles in projects. Decisions only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from argus_auth.fields import Printable

ProjectRole = Literal["owner", "editor", "viewer"]
_RANK: Mapping[str, int] = {"viewer": 0, "editor": 1, "owner": 2}


class InProject(BaseModel):
    """A role in one project."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[Printable, Field(min_length=1, max_length=200)]
    role: ProjectRole


GroupRole = Literal["admin", "user"] | InProject
GroupRoles = Annotated[
    dict[Annotated[Printable, Field(min_length=1, max_length=200)], GroupRole | list[GroupRole]], Field(max_length=200)
]
"""Group to what it gives: `"admin"`, `"user"` (an account and no more), a role in a project, or a list of these."""

_GROUP_ROLES: TypeAdapter[dict[str, Any]] = TypeAdapter(GroupRoles)


class Granted(NamedTuple):
    """What groups give: whether administrator's rights, and project to role."""

    admin: bool
    projects: dict[str, ProjectRole]

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to take away."""
        return not self.admin and not self.projects


def read(raw: Any) -> dict[str, Any]:
    """Stored or configured roles, checked.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    try:
        return _GROUP_ROLES.validate_python(raw or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"the roles of groups are not as they should be at {where}: {first['msg']}") from None


def read_json(text: str) -> dict[str, Any]:
    """The same from JSON; an empty text gives none."""
    try:
        return read(json.loads(text) if text.strip() else {})
    except json.JSONDecodeError as error:
        raise ValueError(f"the roles of groups are not JSON: {error}") from None


def written(group_roles: Mapping[str, Any]) -> dict[str, Any]:
    """Checked roles as JSON's values, to be stored."""
    written: dict[str, Any] = _GROUP_ROLES.dump_python(dict(group_roles), mode="json")
    return written


def decide(groups: Iterable[str], group_roles: Mapping[str, Any]) -> Granted:
    """What these groups give by checked roles; of two roles in a project the greater counts."""
    admin = False
    projects: dict[str, ProjectRole] = {}
    for group in groups:
        given = group_roles.get(group, [])
        for role in given if isinstance(given, list) else [given]:
            if isinstance(role, InProject):
                before = projects.get(role.project, role.role)
                projects[role.project] = max(before, role.role, key=_RANK.__getitem__)
            elif role == "admin":
                admin = True
    return Granted(admin, projects)


def from_stored(stored: Mapping[str, Any] | None) -> Granted:
    """What was given at the last login."""
    stored = stored or {}
    return Granted(bool(stored.get("admin")), dict(stored.get("projects") or {}))


def to_stored(granted: Granted) -> dict[str, Any] | None:
    """As it is kept beside the link; None for nothing."""
    return None if granted.is_nothing else {"admin": granted.admin, "projects": granted.projects}


def groups_in(claims: Mapping[str, Any], path: str) -> Sequence[str] | None:
    """The groups that a claim holds, a list or one text; None when there is no such claim.

    A path such as `realm_access.roles` leads into objects; a claim with dots in its own name is found first.
    """
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else None
