"""Puts jobs into groups and sums up their numbers, over all members."""

from __future__ import annotations

import json
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from argus_catalog.derivations.metrics import number
from argus_catalog.query.schemas import GroupMember, JobGroup
from argus_catalog.seeds import spread

# The part of a key that holds settings, without seeds: at first only the number under which they are kept.
CONFIG: Final = "config"
SHOWN_MEMBERS: Final = 32
_MOST_MET: Final = 100_000


@dataclass(slots=True)
class Group:
    """What is known of a group. `numbers` are those of the columns, of all members that have them."""

    key: dict[str, Any]
    n: int = 0
    members: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[array[float]] = field(default_factory=list)


class Groups:
    """Groups as they fill.

    Args:
        names: of the parts of a group's key.
        columns: of the numbers that are summed up.
    """

    def __init__(self, names: Sequence[str], columns: Sequence[str]) -> None:
        self.names = names
        self._columns = columns
        self._open: dict[str, Group] = {}
        # By the parts of a key as the database has them: to bring each row's into order would take most of the time.
        self._met: dict[Hashable, Group] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._open.values())

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take rows of batch, id, the parts of the key, the numbers."""
        end = 2 + len(self.names)
        places = range(end, end + len(self._columns))
        for row in rows:
            group = self.group(row[2:end])
            group.n += 1
            if group.n <= SHOWN_MEMBERS:
                group.members.append((row[0], row[1]))
            for kept, place in zip(group.numbers, places, strict=True):
                if (value := row[place]) is not None:
                    kept.append(value)

    def group(self, raw: Sequence[Any]) -> Group:
        """The group with these parts of a key."""
        try:
            group = self._met.get(raw)
        except TypeError:  # a part is a list or an object
            return self._found(raw, json.dumps(list(raw), sort_keys=True, default=str))
        if group is None:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            group = self._met[raw] = self._found(raw, repr(tuple(raw)))
        return group

    def _found(self, raw: Sequence[Any], text: str) -> Group:
        parts = dict(zip(self.names, raw, strict=True))
        group = self._open.get(text)
        if group is None:
            group = self._open[text] = Group(parts, numbers=[array("d") for _ in self._columns])
        return group

    def page(self, sort: str | None, begin: int, limit: int) -> list[Group]:
        """Some of the groups, the largest first, or by the mean of a column or a part of the key.

        Groups that are not shown are only ranked: to sum up all of them takes longer than to read their members.
        """
        wanted = sort or "-n"
        name, is_descending = wanted.removeprefix("-"), wanted.startswith("-")
        ranked = [(self._rank(group, name), group) for _, group in sorted(self._open.items())]
        there = [(rank, group) for rank, group in ranked if rank is not None]
        there.sort(key=lambda pair: pair[0], reverse=is_descending)
        ordered = [*(group for _, group in there), *(group for rank, group in ranked if rank is None)]
        return ordered[begin : begin + limit]

    def _rank(self, group: Group, name: str) -> tuple[int, float, str] | None:
        """What a group is ordered by; None where it has no such thing."""
        value = group.n if name == "n" else group.key.get(name)
        if name in self._columns:
            # Of columns with one name the last one counts, as it does among those that are shown.
            value = spread(dict(zip(self._columns, group.numbers, strict=True))[name]).mean
        if value is None:
            return None
        finite = float(value) if isinstance(value, bool) else number(value)
        return (1, 0.0, _text(value)) if finite is None else (0, float(finite), "")

    def shown(self, group: Group) -> JobGroup:
        """A group as it is answered."""
        columns = {name: spread(values) for name, values in zip(self._columns, group.numbers, strict=True)}
        members = [GroupMember(batch=batch, id=job_id) for batch, job_id in group.members]
        return JobGroup(key=group.key, n=group.n, columns=columns, members=members)


def tell(groups: Iterable[Group], bodies: Mapping[int, Any]) -> None:
    """Put settings in place of their numbers in the keys of these groups."""
    for group in groups:
        group.key[CONFIG] = bodies.get(group.key[CONFIG], {})


def _text(value: Mapping[str, Any] | Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
