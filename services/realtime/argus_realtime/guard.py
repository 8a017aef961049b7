"""Ends channels and streams whose right has ended: at once when another service says so, and by a look at every open
stream each half minute, in case a word was lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from argus_contracts import bus as wire
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_realtime.access import Batch, Grants, credential_of, find_batches_by_key, load_grants, still_good
from argus_realtime.hub import Hub
from argus_realtime.stream import Stream
from argus_realtime.views import View

log = structlog.get_logger(__name__)

_ROUND_S = 1.0


class Guard(Part):
    """Holds every open stream against the database."""

    name = "stream-rights"

    def __init__(self, platform: Platform, hub: Hub) -> None:
        self.epoch = 0
        """Grows with every change of rights that was heard of; a stream that began before must be looked at again."""
        self._platform = platform
        self._hub = hub
        self._doubted: dict[Stream, None] = {}
        self._next_sweep = time.monotonic() + hub.limits.recheck_s
        self._loop = Loop("stream-rights", self._round, every_s=min(_ROUND_S, hub.limits.recheck_s))
        platform.identity.watch(self._on_revoked)

    async def start(self) -> None:
        """See Part."""
        await self._platform.bus.listen(wire.ACCESS_CHANGED, self._on_access_changed)
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()

    def admit(self, stream: Stream, epoch: int) -> None:
        """Look again at a stream that was just attached, if rights changed since `epoch`."""
        if epoch != self.epoch:
            self._doubt([stream])

    async def _on_revoked(self, revoked: wire.Revoked | None) -> None:
        self.epoch += 1
        if revoked is None:
            self._doubt(self._hub.routes.streams)
            return
        for stream in list(self._hub.routes.streams):
            if stream.actor.is_hit_by(revoked):
                self._hub.close_session(stream)

    async def _on_access_changed(self, _: str, data: bytes) -> None:
        self.epoch += 1
        changed = wire.decode(wire.AccessChanged, data)
        routes = self._hub.routes
        if changed.user_id is not None:
            self._doubt(routes.by_user.get(changed.user_id, ()))
        elif changed.batch_id is not None:
            self._doubt(routes.all_visible())
            self._doubt(
                stream for stream in routes.streams if any(view.batch_id == changed.batch_id for view in stream.views)
            )
        else:
            self._doubt(routes.streams)

    def _doubt(self, streams: Iterable[Stream]) -> None:
        self._doubted.update(dict.fromkeys(streams))
        self._loop.kick()

    async def _round(self) -> None:
        if time.monotonic() >= self._next_sweep:
            self._doubted = dict(self._hub.routes.streams)
        if not self._doubted:
            return
        doubted, self._doubted = self._doubted, {}
        is_done = False
        try:
            await self._recheck([stream for stream in doubted if not stream.is_ended])
            is_done = True
        finally:
            if not is_done:
                # The database did not answer: nobody is cut off for that, and the doubt stays.
                self._doubted = doubted | self._doubted
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + self._hub.limits.recheck_s

    async def _recheck(self, streams: list[Stream]) -> None:
        keys = {view.batch_key for stream in streams for view in stream.views if view.batch_key is not None}
        async with self._platform.database.read() as connection:
            good = await still_good(connection, (stream.actor for stream in streams))
            grants = await load_grants(connection, {stream.actor.user_id for stream in streams})
            batches = await find_batches_by_key(connection, keys)
        for stream in streams:
            if credential_of(stream.actor) not in good:
                self._hub.close_session(stream)
                continue
            stream.ends_at(good[credential_of(stream.actor)])
            own = grants[stream.actor.user_id].by(stream.actor)
            for view in list(stream.views):
                if not allowed(view, own, batches):
                    self._hub.close_view(stream, view)
            if any(view.kind == "visible" for view in stream.views):
                self._hub.routes.grant(stream, own)


def allowed(view: View, grants: Grants, batches: dict[int, Batch]) -> bool:
    """Whether a person may (still) have this view."""
    if view.needs_admin:
        return grants.is_admin
    if view.batch_key is None:
        return True
    batch = batches.get(view.batch_key)
    return batch is not None and grants.see(batch.id, batch.owner_id, batch.project)
