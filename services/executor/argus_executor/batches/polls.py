"""Reporters that ask whether to stop, thousands a second: all that ask within a moment share one statement.

Each is answered from the tables as they are after it asked, so that no stop is missed, whatever replica heard of it.
What is shared is the way there: a transaction, and a look at the rate of requests.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_executor.batches import repository
from argus_kit.actor import Actor
from argus_kit.cache import Cache
from argus_kit.database import Database
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.parts import Part
from argus_schema.access import is_plainly_visible

# The first is answered at once, those that come meanwhile together: a reporter asks every ten seconds.
APART_S: Final = 0.02
_MOST_AT_ONCE: Final = 256
# A person's reporters poll every ten seconds each: this leaves room for a thousand at once.
_BURST: Final = 600
_PER_S: Final = 100
# So many more than are needed are taken from the bucket, which another server holds.
_AHEAD: Final = 20
_MOST_PEOPLE: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class _Poll:
    actor: Actor
    batch_id: str
    answer: asyncio.Future[sa.Row[Any]]


class StopPolls(Part):
    """The polls that wait in this process."""

    name = "stop-polls"

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._waiting: list[_Poll] = []
        self._rounds: asyncio.Task[None] | None = None
        # By person, how many polls were taken from the bucket and not asked yet.
        self._left: dict[int, int] = {}

    async def ask(self, actor: Actor, batch_id: str) -> sa.Row[Any]:
        """What was asked of a batch, see `repository.asked_of`.

        Raises:
            ArgusError: batch.not_found, also when it is not the caller's to see; rate_limited.
        """
        poll = _Poll(actor, batch_id, asyncio.get_running_loop().create_future())
        self._waiting.append(poll)
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._answer_all(), name=self.name)
        return await poll.answer

    async def _answer_all(self) -> None:
        while self._waiting:
            polls, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            # PostgreSQL refuses a statement for an id that is no text there: such a one is asked by itself.
            odd = [poll for poll in polls if "\0" in poll.batch_id]
            for some in ([poll for poll in polls if poll not in odd], *([poll] for poll in odd)):
                await self._answer(some)
            await asyncio.sleep(APART_S)
        self._rounds = None

    async def _answer(self, polls: Sequence[_Poll]) -> None:
        try:
            polls = await self._within_rates(polls)
            if polls:
                async with self._database.read_once() as connection:
                    found = await _found(connection, polls)
                for poll in polls:
                    _settle(poll, found.get(poll) or ArgusError(ErrorCode.BATCH_NOT_FOUND))
        except Exception as error:  # noqa: BLE001 (whoever asked raises it)
            for poll in polls:
                _settle(poll, error)

    async def _within_rates(self, polls: Sequence[_Poll]) -> list[_Poll]:
        """Those polls that their person may ask; the others are told to wait."""
        if len(self._left) > _MOST_PEOPLE:
            self._left.clear()
        for user_id, n in Counter(poll.actor.user_id for poll in polls).items():
            lacking = n - self._left.get(user_id, 0)
            if lacking > 0 and not await self._take(user_id, lacking + _AHEAD):
                self._left[user_id] = self._left.get(user_id, 0) + lacking + _AHEAD
        allowed = []
        for poll in polls:
            left = self._left.get(poll.actor.user_id, 0)
            if left > 0:
                self._left[poll.actor.user_id] = left - 1
            elif wait := await self._take(poll.actor.user_id, 1):
                _settle(poll, RateLimited(wait))
                continue
            allowed.append(poll)
        return allowed

    async def _take(self, user_id: int, cost: float) -> float:
        return await self._cache.take(f"stop-requested:{user_id}", capacity=_BURST, per_second=_PER_S, cost=cost)


async def _found(connection: AsyncConnection, polls: Sequence[_Poll]) -> dict[_Poll, sa.Row[Any]]:
    """The batches of those polls that may see them."""
    rows = await repository.asked_of(connection, _distinct(polls))
    found = {}
    others: dict[Actor, list[_Poll]] = defaultdict(list)
    for poll in polls:
        row = rows.get(poll.batch_id)
        if row is None:
            continue
        if is_plainly_visible(poll.actor, project=row.project, owner_id=row.owner_id):
            found[poll] = row
        else:
            others[poll.actor].append(poll)
    for actor, more in others.items():
        seen = await repository.visible_ids(connection, actor, _distinct(more))
        found.update((poll, rows[poll.batch_id]) for poll in more if poll.batch_id in seen)
    return found


def _distinct(polls: Iterable[_Poll]) -> list[str]:
    return list(dict.fromkeys(poll.batch_id for poll in polls))


def _settle(poll: _Poll, answer: sa.Row[Any] | Exception) -> None:
    if poll.answer.done():  # whoever asked has gone
        return
    if isinstance(answer, Exception):
        poll.answer.set_exception(answer)
    else:
        poll.answer.set_result(answer)
