"""What a digest's template speaks of, from what catalog tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from argus_contracts.bus import DigestReply
from argus_notifier.digest.words import CAUSES, STATES, title
from argus_notifier.templates.sources import known_locale


def is_worth_telling(told: DigestReply) -> bool:
    """Whether anything ran."""
    return bool(told.batches)


def variables_of(
    told: DigestReply, *, since: datetime, until: datetime, zone: str, locale: str, base_url: str
) -> dict[str, Any]:
    """The variables, without the reader's own (`templates.variables.for_reader`)."""
    locale = known_locale(locale)
    states = STATES[locale]
    wasted = told.gpu_hours_wasted + told.gpu_hours_idle
    percent = round(100 * wasted / told.gpu_hours_used) if told.gpu_hours_used else 0

    def url(batch_id: str, job_id: str | None = None) -> str:
        batch = f"{base_url}/batches/{quote(batch_id, safe='')}"
        return batch if job_id is None else f"{batch}/jobs/{quote(job_id, safe='')}"

    return {
        "title": title(locale, told.n_done, told.n_failed, told.running),
        "severity": "info",
        "period": {"from": _shown(since, zone), "to": f"{_shown(until, zone)} ({zone})"},
        "counts": {
            "done": told.n_done,
            "failed": told.n_failed,
            "running": told.running,
            "batches": len(told.batches) + told.more_batches,
        },
        "hours": {
            "used": f"{told.gpu_hours_used:.1f}",
            "wasted": f"{wasted:.1f}",
            "failed": f"{told.gpu_hours_wasted:.1f}",
            "idle": f"{told.gpu_hours_idle:.1f}",
            "has_idle": round(told.gpu_hours_idle, 1) > 0,
            "wasted_pct": percent,
            "idle_jobs": told.idle_jobs,
        },
        "failures": [
            {
                "cause": CAUSES[locale].get(one.kind, one.kind),
                "jobs": one.jobs,
                "batch_id": one.batch_id,
                "job_id": one.job_id,
                "url": url(one.batch_id, one.job_id),
            }
            for one in told.causes
        ],
        "best": [
            {
                "project": one.project,
                "what": ", ".join(name for name in (one.model, one.dataset) if name) or one.job_id,
                "metric": one.metric,
                "value": f"{one.value:.4g}",
                "is_record": one.is_record,
                "url": url(one.batch_id, one.job_id),
            }
            for one in told.results
        ],
        "batches": [
            {
                "id": one.id,
                "project": one.project,
                "state": states.get(one.status or "", one.status or ""),
                "done": one.n_done,
                "failed": one.n_failed,
                "url": url(one.id),
            }
            for one in told.batches
        ],
        "more_batches": told.more_batches,
        "link": {
            "page_url": base_url or "/",
            "settings_url": f"{base_url}/settings/notifications?tab=digest",
            "unsubscribe_url": "",
        },
    }


def _shown(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
