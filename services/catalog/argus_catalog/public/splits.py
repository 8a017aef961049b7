"""What visitors may not group by: names of groups would tell the settings of jobs, which are not published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError

_TOLD: Final = frozenset({"all", "model", "dataset"})


def must_not_tell_settings(actor: Actor, splits: Iterable[str]) -> None:
    """Let pass who may see settings, and groups that are named by what was published.

    Raises:
        ArgusError: auth.required, for a visitor who splits by seed or by a setting.
    """
    if actor.is_anonymous and not _TOLD.issuperset(splits):
        raise ArgusError(ErrorCode.AUTH_REQUIRED, "Groups by settings are for people who are logged in.")
