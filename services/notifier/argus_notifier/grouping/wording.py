"""Many things as one, in words, in English and Simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argus_notifier.grouping.reasons import OTHER

_ENGLISH: Final = {
    "job_failed": "{n} jobs of {of} failed",
    "job_completed": "{n} jobs of {of} are done",
    "batch_failed": "{of} failed {n} times",
    "batch_done": "{of} ended {n} times",
    "batch_stalled": "{of} went quiet {n} times",
    "batch_diverged": "The loss diverges in {n} jobs of {of}",
    "job_idle_flagged": "{n} GPUs of {of} are idle",
    "oom_suspected": "{n} jobs of {of} seem to have run out of memory",
    "gpu_too_hot": "GPUs of {of} are too hot ({n})",
    "host_offline": "{of} went quiet {n} times",
    "host_recovered": "{of} is heard of again ({n})",
    "disk_low": "Disks of {of} are nearly full ({n})",
    "rule": "{name} · {of} ({n} jobs)",
    "alert": "{name} · {of} (× {n})",
    "": "{of}: {n} times",
    "more": "and {n} more",
    "no_reason": "no reason given",
    "others": "other reasons",
    "held": "{title} (+{n} more)",
}
_CHINESE: Final = {
    "job_failed": "批次 {of} 的 {n} 个任务失败",
    "job_completed": "批次 {of} 的 {n} 个任务已完成",
    "batch_failed": "批次 {of} 失败 {n} 次",
    "batch_done": "批次 {of} 结束 {n} 次",
    "batch_stalled": "批次 {of} 无响应 {n} 次",
    "batch_diverged": "批次 {of} 的 {n} 个任务损失发散",
    "job_idle_flagged": "批次 {of} 的 {n} 个 GPU 处于空闲",
    "oom_suspected": "批次 {of} 的 {n} 个任务疑似内存不足",
    "gpu_too_hot": "主机 {of} 的 GPU 温度过高（{n}）",
    "host_offline": "主机 {of} 失去联系 {n} 次",
    "host_recovered": "主机 {of} 已恢复联系（{n}）",
    "disk_low": "主机 {of} 的磁盘即将写满（{n}）",
    "rule": "{name} · {of}（{n} 个任务）",
    "alert": "{name} · {of}（× {n}）",
    "": "{of}：{n} 次",
    "more": "另有 {n} 个",
    "no_reason": "未给出原因",
    "others": "其他原因",
    "held": "{title}（另有 {n} 条）",
}


def many(kind: str, of: str, data: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Title and body of `data["count"]` things of one kind that happened to one batch or host."""
    texts = texts_of(locale)
    count = int(data["count"])
    title = texts.get(kind, texts[""]).format(n=count, of=of, name=data.get("name", ""))
    reasons: Mapping[str, int] = data.get("reasons") or {}
    lines = [f"{number} × {texts['others'] if reason == OTHER else reason}" for reason, number in _by_number(reasons)]
    if reasons and (unexplained := count - sum(reasons.values())) > 0:
        lines.append(f"{unexplained} × {texts['no_reason']}")
    names = list(data.get("job_ids") or ())
    if names:
        more = count - len(names)
        lines.append(", ".join(names) + (f", {texts['more'].format(n=more)}" if more > 0 else ""))
    return title, "\n".join(lines)


def together(titles: list[str], count: int, locale: str) -> tuple[str, str]:
    """Title and body of a message that waited and tells of several things; `titles` are the first of `count`."""
    texts = texts_of(locale)
    if count <= 1:
        return titles[0], ""
    lines = [*titles, *([texts["more"].format(n=count - len(titles))] if count > len(titles) else [])]
    return texts["held"].format(title=titles[0], n=count - 1), "\n".join(lines)


def texts_of(locale: str) -> Mapping[str, str]:
    """The texts of a language; any other reads English."""
    return _CHINESE if locale.lower().startswith("zh") else _ENGLISH


def _by_number(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
