"""Alerts in human words, in English and Simplified Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from argus_contracts.events import EventType
from argus_notifier.alerts.events import AlertEvent


@dataclass(frozen=True, slots=True)
class Words:
    """Title and body of a notification or mail."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Job:
    """What a job trains on what."""

    model: str | None = None
    dataset: str | None = None


_ENGLISH: Final = {
    EventType.JOB_FAILED: "Job {job} failed in {batch}",
    EventType.BATCH_FAILED: "Batch {batch} failed",
    EventType.BATCH_DONE: "Batch {batch} is done",
    EventType.BATCH_STALLED: "Batch {batch} has gone quiet",
    EventType.BATCH_DIVERGED: "The loss diverges in {batch}",
    EventType.JOB_IDLE_FLAGGED: "A GPU of {batch} is idle",
    "no_reason": "No reason was given.",
    "jobs": "Jobs: {done} done, {failed} failed.",
    "silent": "Nothing was heard of it for {minutes} minutes.",
    "job": "Job {job}",
    "value": "epoch {epoch}, value {value}",
    "idle": "{util} % GPU for {minutes} minutes",
    "open": "Open: {url}",
    "unsubscribe": "No more mails of this kind: {url}",
    "of": "{model} on {dataset}",
}
_CHINESE: Final = {
    EventType.JOB_FAILED: "批次 {batch} 的任务 {job} 失败",
    EventType.BATCH_FAILED: "批次 {batch} 失败",
    EventType.BATCH_DONE: "批次 {batch} 已完成",
    EventType.BATCH_STALLED: "批次 {batch} 长时间无响应",
    EventType.BATCH_DIVERGED: "批次 {batch} 的损失发散",
    EventType.JOB_IDLE_FLAGGED: "批次 {batch} 的 GPU 处于空闲",
    "no_reason": "未给出原因。",
    "jobs": "{done} 个任务完成，{failed} 个失败。",
    "silent": "已有 {minutes} 分钟没有任何消息。",
    "job": "任务 {job}",
    "value": "第 {epoch} 轮，数值 {value}",
    "idle": "GPU 利用率 {util} %，持续 {minutes} 分钟",
    "open": "打开：{url}",
    "unsubscribe": "不再接收此类邮件：{url}",
    "of": "{model} / {dataset}",
}


def words(event: AlertEvent, batch_id: str, job: Job, locale: str) -> Words:
    """What to say of an event. `locale` is en-US or zh-CN; any other reads English."""
    texts = _texts(locale)
    title = texts[event.event_type].format(job=event.about_job or "?", batch=batch_id)
    return Words(title, "\n".join(_lines(event, job, texts)))


def letter(said: Words, *, page_url: str, unsubscribe_url: str, locale: str) -> str:
    """The text of a mail."""
    texts = _texts(locale)
    links = [texts["open"].format(url=page_url), texts["unsubscribe"].format(url=unsubscribe_url)]
    return f"{said.title}\n\n{said.body}\n\n{links[0]}\n\n-- \n{links[1]}\n"


def _texts(locale: str) -> dict[str, str]:
    return _CHINESE if locale.lower().startswith("zh") else _ENGLISH


def _lines(event: AlertEvent, job: Job, texts: dict[str, str]) -> list[str]:
    data = event.data
    lines: list[str] = []
    if job.model and job.dataset:
        lines.append(texts["of"].format(model=job.model, dataset=job.dataset))
    elif job.model or job.dataset:
        lines.append(str(job.model or job.dataset))
    if event.event_type == EventType.BATCH_STALLED:
        lines.append(texts["silent"].format(minutes=round(_number(data.get("silent_s")) / 60)))
    elif event.event_type == EventType.BATCH_DIVERGED:
        if event.about_job:
            lines.append(texts["job"].format(job=event.about_job))
        if data.get("epoch") is not None:
            lines.append(texts["value"].format(epoch=data["epoch"], value=data.get("value")))
    elif event.event_type == EventType.JOB_IDLE_FLAGGED:
        util, minutes = _number(data.get("gpu_util_pct")), _number(data.get("minutes"))
        lines.append(texts["idle"].format(util=f"{util:g}", minutes=f"{minutes:g}"))
    if event.event_type in {EventType.BATCH_DONE, EventType.BATCH_FAILED} and data.get("n_done") is not None:
        lines.append(texts["jobs"].format(done=data["n_done"], failed=data.get("n_failed") or 0))
    if event.event_type in {EventType.JOB_FAILED, EventType.BATCH_FAILED} or event.reason:
        lines.append(event.reason or texts["no_reason"])
    return lines


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
