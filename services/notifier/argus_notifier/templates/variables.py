"""What templates may speak of, and samples of it for the editor's preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_notifier.alerts.wording import Job, Words, words
from argus_notifier.kinds import KINDS
from argus_notifier.templates.digest_sample import digest_sample
from argus_notifier.templates.sources import DIGEST, SHARE_GRANTED, known_locale

Variables = dict[str, Any]

_BATCH: Final = ("id", "name", "project", "status", "start_time", "end_time", "host")


def shown_time(at: datetime | None) -> str:
    """A time as mails show it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""


def of_occurrence(
    occurrence: Occurrence, said: Words, job: Job, *, batch: Mapping[str, Any] | None, base_url: str
) -> Variables:
    """What a mail about something that happened speaks of. Whom it is for, and their links, are added to it.

    Args:
        occurrence: what happened, or the first of several.
        said: in the reader's language.
        job: what the job trains on what.
        batch: columns of the batch's row.
        base_url: of the web app.
    """
    known = {name: _shown(batch.get(name)) if batch else "" for name in _BATCH}
    known |= {"id": occurrence.batch_id or "", "host": known["host"] or occurrence.host or ""}
    known["project"] = occurrence.batch.project if occurrence.batch else ""
    made = {
        "title": said.title,
        **_body(said, occurrence.reason),
        "severity": occurrence.severity,
        "count": occurrence.count,
        "batch": known,
        "job": {
            "id": occurrence.job_id or "",
            "model": job.model or "",
            "dataset": job.dataset or "",
            "status": "failed" if occurrence.kind == "job_failed" else "",
            "error": (occurrence.reason or "") if occurrence.job_id else "",
        },
        "host": occurrence.host or "",
        "link": links(base_url, occurrence.path, known),
    }
    return made | (_of_share(occurrence) if occurrence.kind == SHARE_GRANTED else {})


def of_many(said: Words, severity: str, base_url: str) -> Variables:
    """What a mail speaks of that tells several things at once: their list is its body."""
    nothing = dict.fromkeys(_BATCH, "")
    return {
        "title": said.title,
        **_body(said, None),
        "severity": severity,
        "count": 1,
        "batch": nothing,
        "job": dict.fromkeys(("id", "model", "dataset", "status", "error"), ""),
        "host": "",
        "link": links(base_url, "/inbox", nothing),
    }


def links(base_url: str, path: str, batch: Mapping[str, str]) -> dict[str, str]:
    """Addresses of pages; `unsubscribe_url` comes with the reader."""
    return {
        "page_url": base_url + path,
        "batch_url": f"{base_url}/batches/{batch['id']}" if batch.get("id") else "",
        "project_url": f"{base_url}/projects/{batch['project']}" if batch.get("project") else "",
        "settings_url": f"{base_url}/settings/notifications",
        "unsubscribe_url": "",
    }


def for_reader(variables: Variables, unsubscribe_url: str, user: Mapping[str, Any] | None) -> Variables:
    """The same for one reader; `user` is None for an address outside of Argus."""
    known = {name: _shown(user.get(name)) if user else "" for name in ("id", "username", "email")}
    return variables | {"user": known, "link": variables["link"] | {"unsubscribe_url": unsubscribe_url}}


def sample(kind: str, locale: str, base_url: str) -> Variables:
    """Variables as they might be, all of them there."""
    if kind == DIGEST:
        made = digest_sample(known_locale(locale), base_url)
    else:
        batch = Batch(key=1, id="lr-sweep-0412", project="forecasting", owner_id=1)
        data = _SAMPLE_DATA | ({"title": _SAMPLE_TITLE[known_locale(locale)]} if kind not in _WORDED else {})
        data |= {"reason": _SAMPLE_REASON} if kind.endswith("_failed") else {}
        occurrence = Occurrence(
            kind=kind,
            key="sample",
            severity=KINDS[kind].severity,
            at=_BEGAN,
            batch=batch if KINDS[kind].about != "host" else None,
            job_id="patchtst/etth1/s3" if kind.startswith("job_") or kind == "oom_suspected" else None,
            host="gpu-03" if KINDS[kind].about == "host" else None,
            data=data,
        )
        job = Job("PatchTST", "ETTh1") if occurrence.job_id else Job()
        row = {"name": "Learning rates", "status": "failed", "start_time": _BEGAN, "end_time": _ENDED, "host": "gpu-03"}
        said = words(occurrence, job, locale)
        made = of_occurrence(occurrence, said, job, batch=row if occurrence.batch else None, base_url=base_url)
    user = {"id": 1, "username": "ada", "email": "ada@example.org"}
    return for_reader(made, f"{base_url}/api/unsubscribe?token=sample-token", user)


def names(kind: str) -> list[str]:
    """What a template of this kind may ask for, as it is written: `batch.id`. What is a list is for a loop."""
    found: list[str] = []
    for name, value in sample(kind, "en-US", "").items():
        found += [f"{name}.{key}" for key in value] if isinstance(value, dict) else [name]
    return sorted(found)


_BEGAN: Final = datetime(2026, 4, 12, 8, 30, tzinfo=UTC)
_ENDED: Final = datetime(2026, 4, 12, 14, 5, tzinfo=UTC)
_WORDED: Final = frozenset(KINDS) - {"alert", "rule", SHARE_GRANTED}
_SAMPLE_TITLE: Final = {"en-US": "Validation accuracy passed 0.92", "zh-CN": "验证集准确率超过 0.92"}
_SAMPLE_DATA: Final[dict[str, Any]] = {
    "n_done": 46,
    "n_failed": 2,
    "silent_s": 1260,
    "epoch": 14,
    "value": 8.31,
    "gpu": 2,
    "gpu_util_pct": 1,
    "gpu_temp_c": 91,
    "minutes": 12,
    "disk_free_mb": 14_300,
    "disk_total_mb": 953_000,
    "batches": ["lr-sweep-0412", "seeds-0411"],
    "line": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.",
    "text": "epoch 31 of lr-sweep-0412",
    "shared_by": "grace",
    "project": "forecasting",
    "permission": "editor",
}
_SAMPLE_REASON: Final = "RuntimeError: CUDA error: an illegal memory access was encountered (GPU 2, epoch 14)"


def _of_share(occurrence: Occurrence) -> Variables:
    data = {name: str(occurrence.data.get(name) or "") for name in ("shared_by", "project", "permission")}
    what = occurrence.batch_id or data["project"]
    return {
        "shared_by": {"username": data["shared_by"]},
        "what": what,
        **{k: data[k] for k in ("project", "permission")},
    }


def _body(said: Words, reason: str | None) -> dict[str, Any]:
    """The lines of what is said, and the reason by itself: it may be a traceback, and is shown as one."""
    is_told = reason is not None and said.body.endswith(reason)
    told = said.body.removesuffix(reason or "") if is_told else said.body
    lines = [line for line in told.split("\n") if line.strip()]
    return {"body": said.body, "lines": lines, "reason": reason if is_told else ""}


def _shown(value: Any) -> str:
    return shown_time(value) if isinstance(value, datetime) else "" if value is None else str(value)
