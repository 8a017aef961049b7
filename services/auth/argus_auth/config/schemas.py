"""Runtime configuration on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_auth.config.catalogue import Kind
from argus_auth.fields import Moment, Printable


class Described(BaseModel):
    """What may be set: `least` and `most` are bounds of a number, or of a text's length.

    `known` is false for a key of somebody's own, of which we know nothing and which no part of Argus reads.
    """

    known: bool
    kind: Kind | None
    least: int | None
    most: int | None
    default: Any
    env: list[str]


class FlagOut(Described):
    """A feature flag; the defaults have no `updated_at`."""

    key: str
    value: Any
    updated_at: Moment | None
    updated_by: int | None


class FlagUpdate(BaseModel):
    """The flag's new value."""

    value: Any = Field(...)


class ConfigItem(Described):
    """A setting, where its value comes from; a secret's value is always `***`."""

    key: str
    value: Any
    encrypted: bool
    source: Literal["db", "env", "default"]
    description: str | None
    updated_at: Moment | None
    updated_by: int | None


class ConfigUpdate(BaseModel):
    """The setting's new value; `***` leaves a secret as it is."""

    model_config = ConfigDict(extra="forbid")

    value: Any = Field(...)
    encrypted: bool | None = None
    description: Annotated[Printable, Field(max_length=500)] | None = None
