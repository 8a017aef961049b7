"""What happened in human words, in English and Simplified Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.grouping.wording import many, several


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


Say = Callable[[Occurrence, str], Words]
"""An occurrence in words, in a locale."""

_LONGEST_LINE: Final = 300

_ENGLISH: Final = {
    "job_failed": "Job {job} failed in {batch}",
    "job_completed": "Job {job} of {batch} is done",
    "batch_failed": "Batch {batch} failed",
    "batch_done": "Batch {batch} is done",
    "batch_stalled": "Batch {batch} has gone quiet",
    "batch_diverged": "The loss diverges in {batch}",
    "val_loss_diverging": "The validation loss rises in {batch}",
    "job_idle_flagged": "A GPU of {batch} is idle",
    "oom_suspected": "Job {job} of {batch} seems to have run out of memory",
    "gpu_too_hot": "A GPU of {host} is too hot",
    "host_offline": "Host {host} has gone quiet",
    "host_recovered": "Host {host} is heard of again",
    "disk_low": "A disk of {host} is nearly full",
    "share_granted": "{by} shared {what} with you",
    "no_reason": "No reason was given.",
    "jobs": "Jobs: {done} done, {failed} failed.",
    "silent": "Nothing was heard of it for {minutes} minutes.",
    "job": "Job {job}",
    "value": "epoch {epoch}, value {value}",
    "idle": "{util} % GPU for {minutes} minutes",
    "gpu": "GPU {gpu}",
    "heat": "{temp} °C for {minutes} minutes",
    "batches": "Batches that ran there: {batches}",
    "disk": "{free} GiB of {total} GiB are free.",
    "of": "{model} on {dataset}",
}
_CHINESE: Final = {
    "job_failed": "批次 {batch} 的任务 {job} 失败",
    "job_completed": "批次 {batch} 的任务 {job} 已完成",
    "batch_failed": "批次 {batch} 失败",
    "batch_done": "批次 {batch} 已完成",
    "batch_stalled": "批次 {batch} 长时间无响应",
    "batch_diverged": "批次 {batch} 的损失发散",
    "val_loss_diverging": "批次 {batch} 的验证损失正在上升",
    "job_idle_flagged": "批次 {batch} 的 GPU 处于空闲",
    "oom_suspected": "批次 {batch} 的任务 {job} 疑似内存不足",
    "gpu_too_hot": "主机 {host} 的 GPU 温度过高",
    "host_offline": "主机 {host} 失去联系",
    "host_recovered": "主机 {host} 已恢复联系",
    "disk_low": "主机 {host} 的磁盘即将写满",
    "share_granted": "{by} 与你共享了 {what}",
    "no_reason": "未给出原因。",
    "jobs": "{done} 个任务完成，{failed} 个失败。",
    "silent": "已有 {minutes} 分钟没有任何消息。",
    "job": "任务 {job}",
    "value": "第 {epoch} 轮，数值 {value}",
    "idle": "GPU 利用率 {util} %，持续 {minutes} 分钟",
    "gpu": "GPU {gpu}",
    "heat": "{temp} °C，持续 {minutes} 分钟",
    "batches": "当时在其上运行的批次：{batches}",
    "disk": "总共 {total} GiB，剩余 {free} GiB。",
    "of": "{model} / {dataset}",
}


def words(occurrence: Occurrence, job: Job, locale: str) -> Words:
    """What to say of it. `locale` is en-US or zh-CN; any other reads English."""
    data = occurrence.data
    if occurrence.batch_ids:
        return Words(*several(occurrence.kind, occurrence.batch.project if occurrence.batch else "?", data, locale))
    if occurrence.count > 1:
        return Words(*many(occurrence.kind, occurrence.batch_id or occurrence.host or "?", data, locale))
    if isinstance(data.get("title"), str):
        return Words(data["title"], str(data.get("text") or ""))
    texts = _texts(locale)
    title = texts[occurrence.kind].format(
        job=occurrence.job_id or "?",
        batch=occurrence.batch_id or "?",
        host=occurrence.host or "?",
        by=data.get("shared_by", "?"),
        what=occurrence.batch_id or data.get("project", "?"),
    )
    return Words(title, "\n".join([*_of_job(job, texts), *_lines(occurrence, texts)]))


def _texts(locale: str) -> dict[str, str]:
    return _CHINESE if locale.lower().startswith("zh") else _ENGLISH


def _of_job(job: Job, texts: Mapping[str, str]) -> list[str]:
    if job.model and job.dataset:
        return [texts["of"].format(model=job.model, dataset=job.dataset)]
    return [str(job.model or job.dataset)] if job.model or job.dataset else []


def _lines(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    say = _BODIES.get(occurrence.kind)
    lines = say(occurrence, texts) if say else []
    if occurrence.kind in {"job_failed", "batch_failed"} or occurrence.reason:
        lines.append(occurrence.reason or texts["no_reason"])
    return lines


def _jobs(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    data = occurrence.data
    if data.get("n_done") is None:
        return []
    return [texts["jobs"].format(done=data["n_done"], failed=data.get("n_failed") or 0)]


def _silent(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    return [texts["silent"].format(minutes=round(_number(occurrence.data.get("silent_s")) / 60))]


def _diverged(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    data = occurrence.data
    lines = [texts["job"].format(job=occurrence.job_id)] if occurrence.job_id else []
    if data.get("epoch") is not None:
        lines.append(texts["value"].format(epoch=data["epoch"], value=data.get("value")))
    return lines


def _idle(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    data = occurrence.data
    util, minutes = _number(data.get("gpu_util_pct")), _number(data.get("minutes"))
    return [*_gpu(data, texts), texts["idle"].format(util=f"{util:g}", minutes=f"{minutes:g}")]


def _hot(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    data = occurrence.data
    temp, minutes = _number(data.get("gpu_temp_c")), _number(data.get("minutes"))
    return [*_gpu(data, texts), texts["heat"].format(temp=f"{temp:g}", minutes=f"{minutes:g}")]


def _oom(occurrence: Occurrence, _texts: Mapping[str, str]) -> list[str]:
    line = str(occurrence.data.get("line") or "")
    return [line[:_LONGEST_LINE]] if line else []


def _offline(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    names = occurrence.data.get("batches")
    lines = _silent(occurrence, texts)
    return [*lines, texts["batches"].format(batches=", ".join(names))] if names else lines


def _disk(occurrence: Occurrence, texts: Mapping[str, str]) -> list[str]:
    free, total = (_number(occurrence.data.get(name)) / 1024 for name in ("disk_free_mb", "disk_total_mb"))
    return [texts["disk"].format(free=f"{free:.1f}", total=f"{total:.0f}")]


def _gpu(data: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    return [texts["gpu"].format(gpu=data["gpu"])] if data.get("gpu") is not None else []


_BODIES: Final[dict[str, Callable[[Occurrence, Mapping[str, str]], list[str]]]] = {
    "batch_done": _jobs,
    "batch_failed": _jobs,
    "batch_stalled": _silent,
    "batch_diverged": _diverged,
    "val_loss_diverging": _diverged,
    "job_idle_flagged": _idle,
    "oom_suspected": _oom,
    "gpu_too_hot": _hot,
    "host_offline": _offline,
    "disk_low": _disk,
}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
