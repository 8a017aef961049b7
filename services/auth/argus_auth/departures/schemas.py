"""Deletions of accounts on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from argus_auth.fields import Printable, Secret

Runs = Literal["delete", "keep"]
"""What becomes of the person's batches: deleted at once with all files, or kept for those who may see them."""


class Farewell(BaseModel):
    """What proves that the person means it: the password, or the user name from whoever has no password."""

    model_config = ConfigDict(extra="forbid")

    runs: Runs
    current_password: Annotated[Secret, Field(min_length=1, max_length=256)] | None = None
    username: Annotated[Printable, Field(max_length=64)] | None = None


class AccountDeleted(BaseModel):
    """The account is gone; what other services keep of it goes within moments."""

    ok: bool = True
    detail: Literal["deleted", "already-deleted"] = "deleted"
    id: int
