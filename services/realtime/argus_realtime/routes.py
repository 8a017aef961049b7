"""Which readers hear of a bundle: dictionaries from batch, person and channel to open streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from argus_contracts.bus import EventBundle
from argus_realtime.access import Grants
from argus_realtime.stream import Stream
from argus_realtime.views import View

K = TypeVar("K")

Streams = dict[Stream, None]
"""A set that keeps its order."""


class Routes:
    """Open streams by what they show. Looking up a bundle's readers costs as much as there are, not as are open."""

    def __init__(self) -> None:
        self.streams: Streams = {}
        self.by_user: dict[int, Streams] = {}
        self.people = People()
        self._by_batch: dict[int, dict[View, Streams]] = {}
        self._by_inbox: dict[int, dict[View, Streams]] = {}
        self._wide: dict[View, Streams] = {}
        self._visible: dict[int, Streams] = {}
        # Streams by a token that is tied to a project see less than their person, so each has rights of its own.
        self._tied: dict[str, dict[Stream, Grants]] = {}

    def add(self, stream: Stream) -> None:
        """Enter a stream with its views."""
        self.streams[stream] = None
        self.by_user.setdefault(stream.actor.user_id, {})[stream] = None
        for view in stream.views:
            self._enter(stream, view)

    def remove(self, stream: Stream) -> None:
        """Take a stream out again. Harmless when it is not in."""
        for view in list(stream.views):
            self.leave(stream, view)
        if self.streams.pop(stream, stream) is None:
            user_id = stream.actor.user_id
            _discard(self.by_user, user_id, stream)
            if user_id not in self.by_user:
                self.people.forget(user_id)

    def leave(self, stream: Stream, view: View) -> None:
        """Take one view from a stream."""
        del stream.views[view]
        if view.kind == "visible":
            self._leave_visible(stream)
            return
        topics, key = self._place(view)
        streams = topics.get(view)
        if streams is None:
            return
        streams.pop(stream, None)
        if not streams:
            del topics[view]
        if not topics and key is not None:
            (self._by_inbox if view.kind == "inbox" else self._by_batch).pop(key, None)

    def grant(self, stream: Stream, grants: Grants) -> None:
        """Set by what rights the channel `visible` of a stream shows batches."""
        if grants.only is None:
            self.people.update(grants)
        elif stream in self.streams:
            self._tied.setdefault(grants.only, {})[stream] = grants

    def of_bundle(self, bundle: EventBundle) -> Iterator[tuple[View, Streams]]:
        """Views of the bundle's batch, and those that look at all batches."""
        yield from self._by_batch.get(bundle.batch_key, {}).items()
        yield from self._wide.items()

    def of_batch(self, batch_key: int) -> list[tuple[View, list[Stream]]]:
        """Views of this batch alone, as a copy that may be changed under."""
        return [(view, list(streams)) for view, streams in self._by_batch.get(batch_key, {}).items()]

    def of_inbox(self, user_id: int) -> Iterable[tuple[View, Streams]]:
        """Streams that show this person's notifications."""
        return self._by_inbox.get(user_id, {}).items()

    def of_deliveries(self, batch_keys: Iterable[int]) -> Iterator[tuple[View, Streams]]:
        """Streams that show all deliveries, or those about one of these batches."""
        places = (self._wide, *(self._by_batch.get(key, {}) for key in batch_keys))
        return ((view, streams) for place in places for view, streams in place.items() if view.kind == "deliveries")

    def seeing(self, batch_id: str, owner_id: int | None, project: str) -> Iterator[Stream]:
        """Streams with the channel `visible` whose person may see this batch."""
        if self._visible:
            for user_id in self.people.seeing(batch_id, owner_id, project):
                yield from self._visible.get(user_id, ())
        for stream, grants in self._tied.get(project, {}).items():
            if grants.see(batch_id, owner_id, project):
                yield stream

    def may_see(self, stream: Stream, batch_id: str, owner_id: int | None, project: str) -> bool:
        """The same question about one stream."""
        only = stream.actor.project
        if only is None:
            return self.people.may_see(stream.actor.user_id, batch_id, owner_id, project)
        grants = self._tied.get(only, {}).get(stream)
        return grants is not None and grants.see(batch_id, owner_id, project)

    def all_visible(self) -> Iterator[Stream]:
        """Every stream with the channel `visible`."""
        for streams in self._visible.values():
            yield from streams
        for tied in self._tied.values():
            yield from tied

    def logs_of(self, user_id: int, batch_key: int) -> list[Stream]:
        """A person's log streams of one batch, the oldest first."""
        return [
            stream
            for stream in self.by_user.get(user_id, ())
            if any(view.kind == "logs" and view.batch_key == batch_key for view in stream.views)
        ]

    def _enter(self, stream: Stream, view: View) -> None:
        if view.kind == "visible":
            if stream.actor.project is None:
                self._visible.setdefault(stream.actor.user_id, {})[stream] = None
            return
        topics, _ = self._place(view, make=True)
        topics.setdefault(view, {})[stream] = None

    def _leave_visible(self, stream: Stream) -> None:
        only = stream.actor.project
        if only is None:
            _discard(self._visible, stream.actor.user_id, stream)
            return
        tied = self._tied.get(only, {})
        tied.pop(stream, None)
        if not tied:
            self._tied.pop(only, None)

    def _place(self, view: View, *, make: bool = False) -> tuple[dict[View, Streams], int | None]:
        if view.kind == "inbox":
            places, key = self._by_inbox, view.user_id
        elif view.batch_key is not None:
            places, key = self._by_batch, view.batch_key
        else:
            return self._wide, None
        assert key is not None
        return (places.setdefault(key, {}) if make else places.get(key, {})), key


class People:
    """The rights of everyone who has an open stream with the channel `visible`, turned round: who sees this batch?"""

    def __init__(self) -> None:
        self._grants: dict[int, Grants] = {}
        self._admins: set[int] = set()
        self._by_batch: dict[str, set[int]] = {}
        self._by_owner_project: dict[tuple[int, str], set[int]] = {}
        # By project, who belongs to it and whom they know as its members.
        self._by_project: dict[str, dict[int, set[int]]] = {}

    def update(self, grants: Grants) -> None:
        """Replace a person's rights."""
        user_id = grants.user_id
        self.forget(user_id)
        self._grants[user_id] = grants
        if grants.is_admin:
            self._admins.add(user_id)
        for batch_id in grants.batches:
            self._by_batch.setdefault(batch_id, set()).add(user_id)
        for pair in grants.owner_projects:
            self._by_owner_project.setdefault(pair, set()).add(user_id)
        for project, members in grants.projects.items():
            self._by_project.setdefault(project, {})[user_id] = members

    def forget(self, user_id: int) -> None:
        """Drop a person's rights."""
        grants = self._grants.pop(user_id, None)
        if grants is None:
            return
        self._admins.discard(user_id)
        for batch_id in grants.batches:
            _discard_id(self._by_batch, batch_id, user_id)
        for pair in grants.owner_projects:
            _discard_id(self._by_owner_project, pair, user_id)
        for project in grants.projects:
            belong = self._by_project[project]
            del belong[user_id]
            if not belong:
                del self._by_project[project]

    def seeing(self, batch_id: str, owner_id: int | None, project: str) -> set[int]:
        """Ids of the people who may see this batch."""
        found = self._admins | self._by_batch.get(batch_id, set())
        belong = self._by_project.get(project, {})
        if owner_id is None:
            found.update(belong)
        else:
            found |= self._by_owner_project.get((owner_id, project), set())
            found.update([user_id for user_id, members in belong.items() if owner_id in members])
            found.add(owner_id)
        return found

    def may_see(self, user_id: int, batch_id: str, owner_id: int | None, project: str) -> bool:
        """The same question about one person."""
        grants = self._grants.get(user_id)
        return grants is not None and grants.see(batch_id, owner_id, project)


def _discard(places: dict[int, Streams], key: int, stream: Stream) -> None:
    streams = places.get(key)
    if streams is not None:
        streams.pop(stream, None)
        if not streams:
            del places[key]


def _discard_id(places: dict[K, set[int]], key: K, user_id: int) -> None:
    ids = places.get(key)
    if ids is not None:
        ids.discard(user_id)
        if not ids:
            del places[key]
