"""The order of found jobs, and pages in it: after which row one begins is told by that row's own sort key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_query import fields
from argus_query.errors import QueryError, Reason
from argus_query.fields import JOBS, Json, Plain, Source
from argus_query.json_values import value_at
from argus_query.parser import parse_field
from argus_schema import ingest
from argus_schema.base import UtcDateTime

job = ingest.job.c
score = ingest.score.c

_TYPES: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "text": sa.Text(),
    "time": UtcDateTime(),
    "number": sa.Double(),
    "duration": sa.Double(),
}
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Key:
    """A value by which rows are ordered; rows without it come last, both ways."""

    value: sa.ColumnElement[Any]
    type: sa.types.TypeEngine[Any]
    is_descending: bool

    def ordering(self) -> sa.ColumnElement[Any]:
        """Its part of ORDER BY."""
        return (self.value.desc() if self.is_descending else self.value.asc()).nulls_last()

    def plain_ordering(self) -> sa.ColumnElement[Any]:
        """The same among rows that have a value."""
        return self.value.desc() if self.is_descending else self.value.asc()

    def same(self, last: Any) -> sa.ColumnElement[bool]:
        """Rows with the last row's value."""
        return self.value.is_(None) if last is None else self.value == sa.literal(last, self.type)

    def after(self, last: Any) -> sa.ColumnElement[bool]:
        """Rows that this key alone puts after the last row."""
        if last is None:
            return sa.false()
        bound = sa.literal(last, self.type)
        return sa.or_(self.value < bound if self.is_descending else self.value > bound, self.value.is_(None))


def keys_of(sort: Sequence[str], source: Source = JOBS) -> list[Key]:
    """The keys of an order; what they leave open is decided by the rows' own numbers.

    Raises:
        QueryError: a field is not known, or has no order.
    """
    found = []
    for text in sort or ["-started"]:
        is_descending = text.startswith("-")
        field = parse_field(text.removeprefix("-"), "sort")
        place = fields.place_of(field, "sort", source)
        if isinstance(place, Plain):
            kind = _TYPES[place.kind]
            value = sa.cast(place.value, sa.Double()) if place.kind == "number" else place.value
            found.append(Key(value, kind, is_descending))
        elif isinstance(place, Json):
            found.append(Key(value_at(place.column, place.path, "number"), sa.Double(), is_descending))
            if not place.is_numeric:
                found.append(Key(value_at(place.column, place.path, "text"), sa.Text(), is_descending))
        else:
            raise QueryError(Reason.TAGS_UNORDERED, part="sort")
    numbers = (Key(sa.type_coerce(column, sa.BigInteger()), sa.BigInteger(), True) for column in _ROW[source.name])
    return [*found, *numbers]


def by_score(keys: Sequence[Key]) -> list[Key]:
    """The same order among scores, where the first of the keys is their metric."""
    numbers = (sa.type_coerce(column, sa.BigInteger()) for column in (score.batch_key, score.job_no))
    return [Key(score.value, sa.Double(), keys[0].is_descending), *(Key(n, sa.BigInteger(), True) for n in numbers)]


_ROW = {"jobs": (job.batch_key, job.job_no), "batches": (ingest.batch.c.batch_key,)}


def after(keys: Sequence[Key], last: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows that come after the row with this sort key."""
    found: list[sa.ColumnElement[bool]] = []
    same: list[sa.ColumnElement[bool]] = []
    for key, value in zip(keys, last, strict=True):
        found.append(sa.and_(*same, key.after(value)))
        same.append(key.same(value))
    return sa.or_(*found)


def cursor_of(question: str, at: datetime, last: Sequence[Any]) -> str:
    """The cursor after a row. Durations of the query keep counting from the moment of the first page."""
    key = [value.isoformat() if isinstance(value, datetime) else value for value in last]
    return encode_cursor(question, at.isoformat(), *key)


def read_cursor(text: str, question: str, keys: Sequence[Key]) -> tuple[datetime, list[Any]]:
    """The moment of the first page, and the sort key of the last row.

    Raises:
        ArgusError: request.invalid, when it is no cursor of this query.
    """
    asked, at, *last = decode_cursor(text, len(keys) + 2)
    try:
        if asked != question:
            raise ValueError(asked)
        moment = datetime.fromisoformat(at)
        return moment.astimezone(), [_read(key, value) for key, value in zip(keys, last, strict=True)]
    except (ValueError, TypeError, OverflowError) as error:
        message = "The cursor belongs to another query; start again without it."
        raise ArgusError(ErrorCode.REQUEST_INVALID, message) from error


def digest(*question: Any) -> str:
    """A short text that is another for another question."""
    return hashlib.blake2b(repr(question).encode(errors="replace"), digest_size=9).hexdigest()


def _read(key: Key, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(key.type, UtcDateTime):
        return datetime.fromisoformat(value).astimezone()
    if isinstance(key.type, sa.Text):
        if not isinstance(value, str) or "\0" in value:
            raise TypeError(value)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if isinstance(key.type, sa.Double):
        return float(value)
    if abs(value) > _LARGEST:
        raise ValueError(value)
    return int(value)
