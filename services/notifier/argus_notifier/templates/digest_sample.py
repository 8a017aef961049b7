"""A day as a digest tells it, for the preview of its template."""

from __future__ import annotations

from typing import Any, Final

_TITLE: Final = {
    "en-US": "46 jobs done, 3 failed since yesterday",
    "zh-CN": "自昨天以来完成 46 个任务，失败 3 个",
}
_CAUSES: Final = {
    "en-US": ("The GPU ran out of memory", "The training diverged"),
    "zh-CN": ("GPU 显存不足", "训练发散"),
}
_STATES: Final = {"en-US": ("done", "running"), "zh-CN": ("已完成", "运行中")}


def digest_sample(locale: str, base_url: str) -> dict[str, Any]:
    """Variables of a digest, in one of the two locales."""
    batch, cause, state = f"{base_url}/batches/lr-sweep-0412", _CAUSES[locale], _STATES[locale]
    return {
        "title": _TITLE[locale],
        "severity": "info",
        "period": {"from": "2026-04-11 08:00", "to": "2026-04-12 08:00 (Europe/Berlin)"},
        "counts": {"done": 46, "failed": 3, "running": 1, "batches": 4},
        "hours": {
            "used": "61.4",
            "wasted": "5.9",
            "failed": "4.2",
            "idle": "1.7",
            "has_idle": True,
            "wasted_pct": 10,
            "idle_jobs": 1,
        },
        "failures": [
            {"cause": cause[0], "jobs": 2, "batch_id": "lr-sweep-0412", "job_id": "patchtst/s3", "url": batch},
            {"cause": cause[1], "jobs": 1, "batch_id": "lr-sweep-0412", "job_id": "dlinear/s1", "url": batch},
        ],
        "best": [
            {
                "project": "forecasting",
                "what": "PatchTST, ETTh1",
                "metric": "MSE",
                "value": "0.3704",
                "is_record": True,
                "url": batch,
            },
        ],
        "batches": [
            {"id": "lr-sweep-0412", "project": "forecasting", "state": state[0], "done": 46, "failed": 3, "url": batch},
            {"id": "seeds-0411", "project": "forecasting", "state": state[1], "done": 8, "failed": 0, "url": batch},
        ],
        "more_batches": 2,
        "link": {
            "page_url": base_url or "/",
            "settings_url": f"{base_url}/settings/notifications?tab=digest",
            "unsubscribe_url": "",
        },
    }
