"""What a person's inbox is told of: by what they chose in the project, else by preferences and mutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.inbox import choices, mutes
from argus_notifier.kinds import Kind
from argus_notifier.preferences import repository as preferences


@dataclass(frozen=True, slots=True)
class Wishes:
    """Of several people, about one batch or host.

    Attributes:
        prefs: by person, their preferences by name.
        muted: (person, kind, batch), an empty text for every kind or batch.
        chosen: by (person, kind), whether it is shown in the batch's project.
    """

    prefs: Mapping[int, Mapping[str, bool]]
    muted: mutes.Muted
    chosen: Mapping[tuple[int, str], bool]

    def hears(self, user_id: int, kind: Kind, batch_id: str | None) -> bool:
        """Whether it comes to this inbox. A batch that was muted is quiet whatever was chosen for its project."""
        if batch_id and not self.muted.isdisjoint({(user_id, "", batch_id), (user_id, kind.name, batch_id)}):
            return False
        chosen = self.chosen.get((user_id, kind.name))
        if chosen is not None:
            return chosen
        wanted = kind.pref is None or self.prefs[user_id][kind.pref]
        return wanted and (user_id, kind.name, "") not in self.muted


async def wishes_of(
    connection: AsyncConnection,
    people: Collection[int],
    kinds: Collection[str],
    *,
    batch_id: str | None,
    project: str | None,
) -> Wishes:
    """What these people wish to hear of these kinds."""
    return Wishes(
        await preferences.prefs_of(connection, people),
        await mutes.muted(connection, people, kinds, batch_id),
        await choices.in_project(connection, people, kinds, project) if project else {},
    )
