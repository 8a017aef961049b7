"""The fields that a query may name: of what they are, and where those of a job stand in the tables."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from argus_query.errors import QueryError, Reason
from argus_query.tree import Field
from argus_schema import auth, ingest
from argus_schema.statuses import LIVE_JOB, LOST, TERMINAL

batch = ingest.batch.c
job = ingest.job.c
owner = auth.user.c

Kind = Literal["text", "number", "time", "duration"]

_MOST_PARTS: Final = 12


@dataclass(frozen=True, slots=True)
class Plain:
    """A field that has one type."""

    kind: Kind
    value: sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Json:
    """A place in a JSON column, where a value of any type may stand; `is_numeric`: it is there for numbers."""

    column: Any
    path: tuple[str, ...]
    is_numeric: bool


@dataclass(frozen=True, slots=True)
class Tags:
    """The list of a job's tags."""


Place = Plain | Json | Tags


class _SecondsBetween(sa.sql.functions.FunctionElement[float]):
    inherit_cache = True
    name = "seconds_between"
    type = sa.Double()


@compiles(_SecondsBetween, "sqlite")
def _in_sqlite(element: _SecondsBetween, compiler: Any, **more: Any) -> str:
    begin, end = (compiler.process(clause, **more) for clause in element.clauses)
    return f"max(0.0, CAST(round((julianday({end}) - julianday({begin})) * 86400.0, 3) AS INTEGER))"


@compiles(_SecondsBetween, "postgresql")
def _in_postgresql(element: _SecondsBetween, compiler: Any, **more: Any) -> str:
    begin, end = (compiler.process(clause, **more) for clause in element.clauses)
    return f"greatest(0, floor(CAST(extract(epoch FROM ({end} - {begin})) AS DOUBLE PRECISION)))"


def seconds_between(begin: Any, end: Any) -> sa.ColumnElement[Any]:
    """Whole seconds from one time to another, none below zero."""
    return sa.type_coerce(_SecondsBetween(begin, end), sa.Double())


def _shown_status() -> sa.ColumnElement[Any]:
    # The same rule as `argus_catalog.derivations.status.shown_job_status`, for the database to apply.
    heard_later = sa.or_(job.last_epoch_at > batch.end_time, job.start_time > batch.end_time)
    is_lost = sa.and_(
        job.status.in_(sorted(LIVE_JOB)),
        batch.status.in_(sorted(TERMINAL)),
        sa.not_(sa.func.coalesce(heard_later, sa.false())),
    )
    return sa.case((is_lost, LOST), else_=sa.func.lower(job.status))


# A job that runs has no such time: what a list shows there is null too.
_ELAPSED = sa.case(
    (job.status.in_(sorted(LIVE_JOB)), None),
    else_=sa.func.coalesce(
        sa.cast(job.elapsed_s, sa.Double()), seconds_between(job.start_time, job.end_time) - job.paused_s
    ),
)

PLAIN: Final[dict[str, Plain]] = {
    "id": Plain("text", job.job_id),
    "batch": Plain("text", batch.id),
    "batch_name": Plain("text", batch.name),
    "project": Plain("text", batch.project),
    "status": Plain("text", _shown_status()),
    "model": Plain("text", job.model),
    "dataset": Plain("text", job.dataset),
    "host": Plain("text", batch.host),
    "user": Plain("text", batch.user),
    "owner": Plain("text", owner.username),
    "reason": Plain("text", job.reason),
    "started": Plain("time", job.start_time),
    "ended": Plain("time", job.end_time),
    "elapsed": Plain("duration", sa.type_coerce(_ELAPSED, sa.Double())),
    "epoch": Plain("number", job.last_epoch),
}
Root = tuple[Any, tuple[str, ...], tuple[str, ...], bool]
"""A JSON column, the path before and after the name that was asked for, and whether it is there for numbers."""

_ROOTS: Final[dict[str, Root]] = {
    "config": (job.extra, ("config",), (), False),
    "params": (job.extra, ("config",), (), False),
    "extra": (job.extra, (), (), False),
    "metrics": (job.metrics, (), (), True),
    "latest": (job.latest, (), (), True),
    "min": (job.summary, (), ("min",), True),
    "max": (job.summary, (), ("max",), True),
}
TAGS: Final = "tags"


@dataclass(frozen=True, slots=True)
class Source:
    """What is asked for: jobs or batches.

    Attributes:
        plain: fields of one type, by name.
        roots: first parts of the names of what stands in JSON.
        has_tags: whether there is a field `tags`.
        summed: first parts of names that are a number of their own for each name, computed from other rows.
    """

    name: Literal["jobs", "batches"]
    plain: Mapping[str, Plain]
    roots: Mapping[str, Root]
    has_tags: bool = False
    summed: Mapping[str, Callable[[str], sa.ColumnElement[Any]]] = field(default_factory=dict)

    @property
    def names(self) -> Sequence[str]:
        """All fields, as people are told of them."""
        tags = (TAGS,) if self.has_tags else ()
        return (*self.plain, *tags, *(f"{root}.<name>" for root in (*self.roots, *self.summed)))


JOBS: Final = Source("jobs", PLAIN, _ROOTS, has_tags=True)


def place_of(asked: Field, part: str = "query", source: Source = JOBS) -> Place:
    """Where a field stands.

    Raises:
        QueryError: there is no such field.
    """
    first, *rest = asked.path
    if first in source.roots:
        return _json(asked, source.roots[first], rest, part)
    if first in source.summed:
        return Plain("number", source.summed[first](_flat(asked, rest, part)))
    if source.has_tags and first == TAGS and not rest:
        return Tags()
    if rest or first not in source.plain:
        reason, facts = _nearest(source, first, rest)
        known = {"field": str(asked)[:80], "source": source.name}
        raise QueryError(reason, asked.position, part, **known, **facts)
    return source.plain[first]


def _json(asked: Field, found: Root, rest: Sequence[str], part: str) -> Json:
    column, before, after, is_numeric = found
    flat = _flat(asked, rest, part)
    # The names of metrics are flat, so metrics.val.acc is one name; in the configuration a dot leads inwards.
    names = (flat,) if is_numeric else tuple(rest)
    return Json(column, (*before, *names, *after), is_numeric)


def _flat(asked: Field, rest: Sequence[str], part: str) -> str:
    """What follows the first part, as one name that can be asked for."""
    if not rest:
        raise QueryError(Reason.NOT_AS_A_WHOLE, asked.position, part, root=asked.path[0])
    if len(rest) > _MOST_PARTS:
        raise QueryError(Reason.PATH_TOO_LONG, asked.position, part, most=_MOST_PARTS)
    if any('"' in name or "\\" in name for name in rest):
        raise QueryError(Reason.NAME_UNASKABLE, asked.position, part)
    return ".".join(rest)


def _nearest(source: Source, first: str, rest: Sequence[str]) -> tuple[Reason, dict[str, str]]:
    known = [*source.plain, *([TAGS] if source.has_tags else []), *source.roots, *source.summed]
    if first in source.plain:
        return Reason.FIELD_WITHOUT_PARTS, {"first": first}
    near = difflib.get_close_matches(first[:40], known, 1)
    if near:
        return Reason.FIELD_MISSPELLED, {"near": f"{near[0]}{'.' + '.'.join(rest)[:60] if rest else ''}"}
    return Reason.FIELD_UNKNOWN, {"known": ", ".join(source.names), "first": first[:40]}
