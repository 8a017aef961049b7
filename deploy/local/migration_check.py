"""What a migration may not do while the version before it still runs: take away what that version uses, or hold
everybody up (docs/decisions/0056).

A revision says what it means in variables of its module:
- `contracts = "0021"`: it takes away what nobody uses any more since that revision, whose version was released before.
- `brief = "why"`: it does lock a table, and why that takes no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RELEASES = Path(__file__).resolve().parents[2] / "libs" / "schema" / "releases.txt"

_NAME = r'(?:only )?(?:if exists )?(?:public\.)?"?(\w+)"?'
_CREATED = re.compile(rf"^create table (?:if not exists )?{_NAME}")
_INDEX = re.compile(r"^create (?:unique )?index (?!concurrently)(?:if not exists )?\S+ on " + _NAME)
# What takes away: pattern, and what it is called.
_GONE = (
    (re.compile(rf"^drop table {_NAME}"), "drops a table"),
    (re.compile(rf"^alter table {_NAME} drop column"), "drops a column"),
    (re.compile(rf"^alter table {_NAME} rename "), "renames"),
    (re.compile(rf"^alter table {_NAME} alter column \S+ (?:set data )?type "), "changes the type of a column"),
    (re.compile(rf"^alter table {_NAME} alter column \S+ set not null"), "forbids null"),
    (re.compile(rf"^alter table {_NAME} alter column \S+ drop default"), "takes a default away"),
    (re.compile(rf"^alter table {_NAME} add column (?!.* default )(?=.* not null)"), "adds a column without a default"),
    (re.compile(rf"^alter table {_NAME} add constraint (?!.* not valid)"), "adds a condition on what is there"),
)
# What takes long on many rows.
_LONG = (
    (_INDEX, "builds an index while nobody may write: leave it to argus_schema.indexes"),
    # Alembic's own one is of one row.
    (
        re.compile(r"^update (?!alembic_version )" + _NAME + " set"),
        "changes rows in one transaction: do it in the service, some at a time",
    ),
    (re.compile(rf"^delete[ ]from {_NAME}"), "deletes rows in one transaction: do it in the service, some at a time"),
)


@dataclass(frozen=True)
class Revision:
    """A revision, what it says of itself, and what it did on PostgreSQL."""

    number: str
    statements: tuple[str, ...]
    contracts: str | None = None
    brief: str | None = None
    sums_anew: bool = False


def faults(revisions: Iterable[Revision], released: str) -> list[str]:
    """A sentence for each thing that the version before could not bear.

    Args:
        revisions: those that nobody has yet.
        released: the newest revision that somebody has.
    """
    return [sentence for revision in revisions for sentence in _faults_of(revision, released)]


def newest_released(text: str | None = None) -> str:
    """The newest revision of the versions that were released: lines `version revision`."""
    lines = (RELEASES.read_text() if text is None else text).splitlines()
    return max(line.split()[1] for line in lines if line.strip() and not line.startswith("#"))


def _faults_of(revision: Revision, released: str) -> Iterable[str]:
    statements = [" ".join(statement.lower().split()) for statement in revision.statements]
    created = {found[1] for statement in statements if (found := _CREATED.match(statement))}
    gone, long = _found(statements, _GONE, created), _found(statements, _LONG, created)
    if gone and revision.contracts is None:
        yield from (
            f"{revision.number} {what} ({name}): the version before still uses it. Add what is new first, and say "
            '`contracts = "<revision>"` where that was done a release ago.'
            for what, name in gone
        )
    elif gone and str(revision.contracts) > released:
        yield f"{revision.number} contracts what {revision.contracts} made needless, and that was not released yet."
    elif revision.contracts is not None and not gone:
        yield f"{revision.number} says that it contracts, and takes nothing away."
    if revision.sums_anew:
        long.append(("sums up everything anew, and all of batch and job is locked meanwhile", "batch, job"))
    if long and revision.brief is None:
        yield from (f"{revision.number} {what} ({name}); or say `brief`, and why." for what, name in long)


def _found(
    statements: list[str], patterns: Iterable[tuple[re.Pattern[str], str]], created: set[str]
) -> list[tuple[str, str]]:
    return [
        (what, found[1])
        for statement in statements
        for pattern, what in patterns
        if (found := pattern.match(statement)) and found[1] not in created
    ]
