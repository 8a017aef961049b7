"""What is summed up, as SQL over a row of `batch` whose alias is {b}, for both databases."""

from __future__ import annotations

from typing import Final

TABLES: Final = ("holding", "holding_day", "score", "cell_metric", "seed_group", "cell")

# `argus_catalog.derivations.status.RUNNING`: batches whose run has begun and has not ended. Their last sign of life
# moves with every flush, so readers take it from the batches themselves; there are few.
RUNNING: Final = ("running", "in_progress", "pending", "stalled", "stopping", "paused", "divergent")
# Beyond this a number is an accident, and sums of it would not fit.
MOST: Final = 10_000_000_000
# Longer names can be asked of no board, and would not fit into an index.
LONGEST_NAME: Final = 256

_RUNNING_SQL: Final = ", ".join(f"'{status}'" for status in RUNNING)

EXISTS: Final = "({b}.deleted_at is null and not {b}.is_placeholder)"
OWNER: Final = "coalesce({b}.owner_id, 0)"
IS_RUNNING: Final = f"coalesce({{b}}.status, '') in ({_RUNNING_SQL})"

# Column of `holding` -> what one batch adds to it. `clamped` and `larger` differ by dialect.
COUNTS: Final[dict[str, str]] = {
    "n_batches": "1",
    "n_running": f"case when {IS_RUNNING} then 1 else 0 end",
    "n_live": "case when {b}.status = 'running' then 1 else 0 end",
    "n_jobs": "{b}.n_jobs",
    "n_done": "{clamped[n_done]}",
    "n_failed": "{clamped[n_failed]}",
    "n_pending": f"case when {{b}}.status is null or {IS_RUNNING} "
    "then {larger}(0, {clamped[n_total]} - {clamped[n_done]} - {clamped[n_failed]}) else 0 end",
    "elapsed_s": "{b}.elapsed_s",
}
# A change of any of these changes a sum.
SUMMED: Final = (
    "project", "owner_id", "status", "n_total", "n_done", "n_failed", "n_jobs", "elapsed_s", "start_time",
    "is_placeholder", "deleted_at",
)  # fmt: skip
# A change of any of these puts the batch's jobs under other cells, or under none.
PLACED: Final = ("project", "owner_id", "is_placeholder", "deleted_at")
# A change of any of these changes a job's scores.
SCORED: Final = ("metrics", "model", "dataset", "end_time", "deleted_at", "status", "settings_key")


def counts(alias: str, *, smaller: str, larger: str) -> dict[str, str]:
    """`COUNTS` of the row with this alias; the functions are those of the dialect."""
    names = ("n_total", "n_done", "n_failed")
    clamped = {name: f"{smaller}({larger}(coalesce({alias}.{name}, 0), 0), {MOST})" for name in names}
    return {name: term.format(b=alias, clamped=clamped, larger=larger) for name, term in COUNTS.items()}


def of(term: str, alias: str) -> str:
    """One of the terms above, of the row with this alias."""
    return term.format(b=alias)
