"""The triggers of SQLite, row by row: it has one writer, so that nobody waits for a sum."""

# All of it is put together from our own names; nothing that was sent comes near.
# ruff: noqa: S608

from __future__ import annotations

from typing import Final

from argus_schema.sums.terms import COUNTS, EXISTS, IS_RUNNING, LONGEST_NAME, OWNER, PLACED, SCORED, SUMMED, counts, of

_SUMS: Final = ", ".join(COUNTS)
_ENDED: Final = "coalesce((julianday(j.end_time) - 2440587.5) * 86400.0, 1e18)"
_DAY: Final = "substr({b}.start_time, 1, 10)"


def _differ(columns: tuple[str, ...]) -> str:
    return " or ".join(f"new.{name} is not old.{name}" for name in columns)


def _added(row: str) -> str:
    terms = counts(row, smaller="min", larger="max")
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)
    return f"""
    insert into holding (project, owner_id, {_SUMS}, last_event_at)
    select {row}.project, {of(OWNER, row)}, {", ".join(terms.values())}, {row}.last_event_at where {of(EXISTS, row)}
    on conflict (project, owner_id) do update set {sums},
      last_event_at = max(coalesce(last_event_at, excluded.last_event_at),
                          coalesce(excluded.last_event_at, last_event_at));
    insert into holding_day (project, owner_id, day, n_batches)
    select {row}.project, {of(OWNER, row)}, {of(_DAY, row)}, 1 where {of(EXISTS, row)} and {row}.start_time is not null
    on conflict (project, owner_id, day) do update set n_batches = n_batches + 1;"""


def _taken(row: str) -> str:
    terms = counts(row, smaller="min", larger="max")
    sums = ", ".join(f"{name} = {name} - ({term})" for name, term in terms.items())
    mine = f"project = {row}.project and owner_id = {of(OWNER, row)} and {of(EXISTS, row)}"
    return f"""
    update holding set {sums} where {mine};
    update holding_day set n_batches = n_batches - 1 where {mine} and day = {of(_DAY, row)};"""


def _left(row: str) -> str:
    return f"""
    update holding set gone_at = max(coalesce(gone_at, {row}.last_event_at), coalesce({row}.last_event_at, gone_at))
    where project = {row}.project and owner_id = {of(OWNER, row)} and {of(EXISTS, row)};"""


def _scored(which: str) -> str:
    jobs = f"from job j join batch b on b.batch_key = j.batch_key where {which} and {of(EXISTS, 'b')}"
    jobs += " and j.deleted_at is null"
    mine = (
        f"c.project = b.project and c.owner_id = {of(OWNER, 'b')} "
        "and c.digest = coalesce(j.model, '') || char(31) || coalesce(j.dataset, '')"
    )
    placed = jobs.replace("where", f"join cell c on {mine} where", 1)
    group = "join seed_group g on g.cell_key = c.cell_key and g.settings_key = j.settings_key"
    scored = placed.replace("where", f"{group} where", 1)
    of_metrics = scored.replace("where", "join json_each(j.metrics) m where", 1)
    facts = f"c.cell_key, g.group_key, {_ENDED}, coalesce(j.status, '') = 'done'"
    return f"""
    insert into cell (project, owner_id, model, dataset, digest)
    select distinct b.project, {of(OWNER, "b")}, coalesce(j.model, ''), coalesce(j.dataset, ''),
      coalesce(j.model, '') || char(31) || coalesce(j.dataset, '') {jobs}
    on conflict (project, owner_id, digest) do nothing;
    insert into seed_group (cell_key, settings_key) select distinct c.cell_key, j.settings_key {placed}
    on conflict (cell_key, settings_key) do nothing;
    insert into score (batch_key, job_no, name, value, cell_key, group_key, ended_s, is_done)
    select j.batch_key, j.job_no, '', 0.0, {facts} {scored};
    insert into score (batch_key, job_no, name, value, cell_key, group_key, ended_s, is_done)
    select j.batch_key, j.job_no, m.key, cast(m.value as real), {facts} {of_metrics}
      and json_type(j.metrics) = 'object' and m.type in ('integer', 'real')
      and length(m.key) between 1 and {LONGEST_NAME} and abs(cast(m.value as real)) <= 1.7976931348623157e308;
    insert into cell_metric (cell_key, name)
    select distinct j.cell_key, j.name from score j where {which} and j.is_done and j.name != ''
    on conflict (cell_key, name) do nothing;"""


_OF_JOB: Final = "batch_key = new.batch_key and job_no = new.job_no"

_TRIGGERS: Final[dict[str, str]] = {
    "sum_batch_insert": f"after insert on batch when {of(EXISTS, 'new')} begin {_added('new')} end",
    "sum_batch_update": f"after update of {', '.join(SUMMED)} on batch when {_differ(SUMMED)} "
    f"begin {_taken('old')} {_added('new')} end",
    "sum_batch_leave": f"after update of {', '.join(PLACED)} on batch when {_differ(PLACED)} "
    f"begin {_left('old')} delete from score where batch_key = new.batch_key; "
    f"{_scored('j.batch_key = new.batch_key')} end",
    "sum_batch_heard": "after update of last_event_at on batch "
    f"when new.last_event_at is not old.last_event_at and {of(EXISTS, 'new')} and not {of(IS_RUNNING, 'new')} "
    "begin update holding set last_event_at = max(coalesce(last_event_at, new.last_event_at), new.last_event_at) "
    f"where project = new.project and owner_id = {of(OWNER, 'new')}; end",
    "sum_batch_delete": f"after delete on batch when {of(EXISTS, 'old')} "
    f"begin {_taken('old')} {_left('old')} delete from score where batch_key = old.batch_key; end",
    "sum_job_insert": "after insert on job "
    f"begin {_scored('j.batch_key = new.batch_key and j.job_no = new.job_no')} end",
    "sum_job_update": f"after update of {', '.join(SCORED)} on job when {_differ(SCORED)} "
    f"begin delete from score where {_OF_JOB}; {_scored('j.batch_key = new.batch_key and j.job_no = new.job_no')} end",
    "sum_job_delete": "after delete on job begin "
    "delete from score where batch_key = old.batch_key and job_no = old.job_no; end",
}

CREATE: Final = [f"create trigger {name} {text}" for name, text in _TRIGGERS.items()]
DROP: Final = [f"drop trigger if exists {name}" for name in _TRIGGERS]

_ALL: Final = counts("b", smaller="min", larger="max")
REBUILD: Final = [
    (
        f"insert into holding (project, owner_id, {_SUMS}, last_event_at) select b.project, {of(OWNER, 'b')}, "
        f"{', '.join(f'sum({term})' for term in _ALL.values())}, max(b.last_event_at) from batch b "
        f"where {of(EXISTS, 'b')} group by 1, 2"
    ),
    (
        f"insert into holding_day (project, owner_id, day, n_batches) select b.project, {of(OWNER, 'b')}, "
        f"{of(_DAY, 'b')}, count(*) from batch b where {of(EXISTS, 'b')} and b.start_time is not null group by 1, 2, 3"
    ),
    *(statement for statement in _scored("true").split(";") if statement.strip()),
]
