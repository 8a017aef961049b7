"""The triggers of PostgreSQL. Those of batches run once a statement, and lock the sums that it changes in one order:
two replicas that end jobs of the same projects wait for each other for the length of a commit, never in a circle.
"""

# All of it is put together from our own names; nothing that was sent comes near.
# ruff: noqa: S608

from __future__ import annotations

from typing import Final

from argus_schema.sums.terms import COUNTS, EXISTS, IS_RUNNING, LONGEST_NAME, OWNER, PLACED, SCORED, SUMMED, counts, of

_SUMS: Final = ", ".join(COUNTS)
_ENDED: Final = "coalesce(extract(epoch from j.end_time)::float8, 1e18)"
_DAY: Final = "to_char({b}.start_time at time zone 'UTC', 'YYYY-MM-DD')"
_DIGEST: Final = "md5(coalesce(j.model, '') || chr(31) || coalesce(j.dataset, ''))"
_UPDATED: Final = "removed r join added a using (batch_key)"
_NONE: Final = "null::timestamptz"


def _differ(columns: tuple[str, ...], new: str, old: str) -> str:
    return " or ".join(f"{new}.{name} is distinct from {old}.{name}" for name in columns)


def _terms(row: str) -> dict[str, str]:
    return counts(row, smaller="least", larger="greatest")


def _part(source: str, row: str, where: str = "", *, heard: str = _NONE, gone: str = _NONE) -> str:
    """What rows add (`a`, the new ones) or take (`r`, the old ones)."""
    sign = "+" if row == "a" else "-"
    terms = ", ".join(f"{sign} ({term}) as {name}" for name, term in _terms(row).items())
    return (
        f"select {row}.project, {of(OWNER, row)} as owner_id, {terms}, {heard} as heard, {gone} as gone "
        f"from {source} where {of(EXISTS, row)}{where}"
    )


def _summed(parts: list[str]) -> str:
    sums = ", ".join(f"sum({name})" for name in COUNTS)
    more = ", ".join(f"{name} = h.{name} + excluded.{name}" for name in COUNTS)
    return f"""
    insert into holding as h (project, owner_id, {_SUMS}, last_event_at, gone_at)
    select project, owner_id, {sums}, max(heard), max(gone) from ({" union all ".join(parts)}) c
    group by project, owner_id order by project, owner_id
    on conflict (project, owner_id) do update set {more},
      last_event_at = greatest(h.last_event_at, excluded.last_event_at),
      gone_at = greatest(h.gone_at, excluded.gone_at);"""


def _day_part(source: str, row: str, where: str = "") -> str:
    sign = 1 if row == "a" else -1
    return (
        f"select {row}.project, {of(OWNER, row)} as owner_id, {of(_DAY, row)} as day, {sign} as n "
        f"from {source} where {of(EXISTS, row)} and {row}.start_time is not null{where}"
    )


def _dated(parts: list[str]) -> str:
    return f"""
    insert into holding_day as d (project, owner_id, day, n_batches)
    select project, owner_id, day, sum(n) from ({" union all ".join(parts)}) c
    group by project, owner_id, day having sum(n) <> 0 order by project, owner_id, day
    on conflict (project, owner_id, day) do update set n_batches = d.n_batches + excluded.n_batches;"""


def _scored(which: str) -> str:
    jobs = f"from job j join batch b on b.batch_key = j.batch_key where {which} and {of(EXISTS, 'b')}"
    jobs += " and j.deleted_at is null"
    mine = f"c.project = b.project and c.owner_id = {of(OWNER, 'b')} and c.digest = {_DIGEST}"
    placed = jobs.replace("where", f"join cell c on {mine} where", 1)
    group = "join seed_group g on g.cell_key = c.cell_key and g.settings_key = j.settings_key"
    scored = placed.replace("where", f"{group} where", 1)
    each = "jsonb_each(case when jsonb_typeof(j.metrics) = 'object' then j.metrics else '{}' end)"
    of_metrics = scored.replace("where", f"cross join lateral {each} m where", 1)
    facts = f"c.cell_key, g.group_key, {_ENDED}, coalesce(j.status, '') = 'done'"
    return f"""
    insert into cell (project, owner_id, model, dataset, digest)
    select distinct b.project, {of(OWNER, "b")}, coalesce(j.model, ''), coalesce(j.dataset, ''), {_DIGEST} {jobs}
    order by 1, 2, 5 on conflict (project, owner_id, digest) do nothing;
    insert into seed_group (cell_key, settings_key) select distinct c.cell_key, j.settings_key {placed}
    order by 1, 2 on conflict (cell_key, settings_key) do nothing;
    insert into score (batch_key, job_no, name, value, cell_key, group_key, ended_s, is_done)
    select j.batch_key, j.job_no, '', 0.0, {facts} {scored}
    union all
    select j.batch_key, j.job_no, m.key, (m.value #>> '{{}}')::float8, {facts} {of_metrics}
      and case when jsonb_typeof(m.value) = 'number'
        then abs((m.value #>> '{{}}')::numeric) <= 1.7976931348623157e308 else false end
      and length(m.key) between 1 and {LONGEST_NAME};
    insert into cell_metric (cell_key, name)
    select distinct j.cell_key, j.name from score j where {which} and j.is_done and j.name != ''
    order by 1, 2 on conflict (cell_key, name) do nothing;"""


def _function(name: str, body: str) -> str:
    return (
        f"create or replace function {name}() returns trigger language plpgsql as $$ begin {body} return null; end $$"
    )


_STAYS: Final = f"{of(EXISTS, 'a')} and a.project = r.project and {of(OWNER, 'a')} = {of(OWNER, 'r')}"
# What moves with every flush changes no sum; of a batch that does not run its last sign of life counts.
_CHANGED: Final = (
    f" and ({_differ(SUMMED, 'a', 'r')} "
    f"or (not {of(IS_RUNNING, 'a')} and a.last_event_at is distinct from r.last_event_at))"
)
_MOVED: Final = f"select a.batch_key from {_UPDATED} where {_differ(PLACED, 'a', 'r')}"

_FUNCTIONS: Final[dict[str, str]] = {
    "argus_sum_batch_insert": _summed([_part("added a", "a", heard="a.last_event_at")])
    + _dated([_day_part("added a", "a")]),
    "argus_sum_batch_update": f"if exists (select 1 from {_UPDATED} where true{_CHANGED}) then "
    + _summed(
        [
            _part(_UPDATED, "r", _CHANGED, gone=f"case when {_STAYS} then null else r.last_event_at end"),
            _part(_UPDATED, "a", _CHANGED, heard="a.last_event_at"),
        ]
    )
    + _dated([_day_part(_UPDATED, "r", _CHANGED), _day_part(_UPDATED, "a", _CHANGED)])
    + f"if exists ({_MOVED}) then delete from score s using ({_MOVED}) k where s.batch_key = k.batch_key; "
    + _scored(f"j.batch_key in ({_MOVED})")
    + " end if; end if;",
    "argus_sum_batch_delete": _summed([_part("removed r", "r", gone="r.last_event_at")])
    + _dated([_day_part("removed r", "r")])
    + "delete from score s using removed r where s.batch_key = r.batch_key;",
    "argus_sum_job": "delete from score where batch_key = new.batch_key and job_no = new.job_no;"
    + _scored("j.batch_key = new.batch_key and j.job_no = new.job_no"),
    "argus_sum_job_delete": "delete from score where batch_key = old.batch_key and job_no = old.job_no;",
}
_TRIGGERS: Final[dict[str, str]] = {
    "sum_batch_insert on batch": "after insert on batch referencing new table as added for each statement "
    "execute function argus_sum_batch_insert()",
    "sum_batch_update on batch": "after update on batch referencing old table as removed new table as added "
    "for each statement execute function argus_sum_batch_update()",
    "sum_batch_delete on batch": "after delete on batch referencing old table as removed for each statement "
    "execute function argus_sum_batch_delete()",
    "sum_job_insert on job": "after insert on job for each row execute function argus_sum_job()",
    "sum_job_update on job": f"after update of {', '.join(SCORED)} on job for each row "
    f"when ({_differ(SCORED, 'new', 'old')}) execute function argus_sum_job()",
    "sum_job_delete on job": "after delete on job for each row execute function argus_sum_job_delete()",
}

CREATE: Final = [
    *(_function(name, body) for name, body in _FUNCTIONS.items()),
    *(f"create trigger {name.split()[0]} {text}" for name, text in _TRIGGERS.items()),
]
DROP: Final = [
    *(f"drop trigger if exists {name}" for name in _TRIGGERS),
    *(f"drop function if exists {name}()" for name in _FUNCTIONS),
]

_ALL: Final = _terms("b")
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
