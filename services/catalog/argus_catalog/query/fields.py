"""The fields of a job that a query may name, and where they stand in the tables."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from argus_catalog.derivations.status import LIVE_JOB, LOST, TERMINAL
from argus_catalog.query.errors import QueryError
from argus_catalog.query.tree import Field
from argus_schema import auth, ingest

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


def _shown_status() -> sa.ColumnElement[Any]:
    # The same rule as `derivations.status.shown_job_status`, for the database to apply.
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
    else_=sa.func.coalesce(sa.cast(job.elapsed_s, sa.Double()), _SecondsBetween(job.start_time, job.end_time)),
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
# Where the path begins, and how it goes on: {} is the name that was asked for.
_ROOTS: Final[dict[str, tuple[Any, tuple[str, ...], tuple[str, ...], bool]]] = {
    "config": (job.extra, ("config",), (), False),
    "params": (job.extra, ("config",), (), False),
    "extra": (job.extra, (), (), False),
    "metrics": (job.metrics, (), (), True),
    "latest": (job.latest, (), (), True),
    "min": (job.summary, (), ("min",), True),
    "max": (job.summary, (), ("max",), True),
}
TAGS: Final = "tags"
NAMES: Final = (*PLAIN, TAGS, *(f"{root}.<name>" for root in _ROOTS))


def place_of(field: Field, part: str = "query") -> Place:
    """Where a field stands.

    Raises:
        QueryError: there is no such field.
    """
    first, *rest = field.path
    if first in _ROOTS:
        return _json(field, first, rest, part)
    if rest or first not in {*PLAIN, TAGS}:
        raise QueryError(f"There is no field {str(field)[:80]}", field.position, _nearest(first, rest), part)
    return Tags() if first == TAGS else PLAIN[first]


def _json(field: Field, root: str, rest: Sequence[str], part: str) -> Json:
    column, before, after, is_numeric = _ROOTS[root]
    if not rest:
        raise QueryError(f"{root} is not compared as a whole", field.position, f"Name a part: {root}.lr", part)
    if len(rest) > _MOST_PARTS:
        raise QueryError(f"A path has at most {_MOST_PARTS} parts", field.position, None, part)
    if any('"' in name or "\\" in name for name in rest):
        what = "A name with a quote or a backslash cannot be asked for"
        raise QueryError(what, field.position, None, part)
    # The names of metrics are flat, so metrics.val.acc is one name; in the configuration a dot leads inwards.
    names = (".".join(rest),) if is_numeric else tuple(rest)
    return Json(column, (*before, *names, *after), is_numeric)


def _nearest(first: str, rest: Sequence[str]) -> str:
    known = [*PLAIN, TAGS, *_ROOTS]
    if first in PLAIN:
        return f"{first} has no parts"
    near = difflib.get_close_matches(first[:40], known, 1)
    if near:
        return f"Is it {near[0]}{'.' + '.'.join(rest)[:60] if rest else ''}?"
    return f"Known are {', '.join(NAMES)}; a metric is metrics.{first[:40]}, a setting config.{first[:40]}"
