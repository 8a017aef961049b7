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
    "job_failed+": "{n} jobs failed in {b} batches of {of}",
    "job_completed+": "{n} jobs are done in {b} batches of {of}",
    "batch_failed+": "{b} batches of {of} failed",
    "batch_done+": "{b} batches of {of} are done",
    "batch_stalled+": "{b} batches of {of} have gone quiet",
    "batch_diverged+": "The loss diverges in {b} batches of {of}",
    "job_idle_flagged+": "GPUs of {b} batches of {of} are idle",
    "oom_suspected+": "Jobs of {b} batches of {of} seem to have run out of memory",
    "rule+": "{name} · {of} ({b} batches, {n} jobs)",
    "+": "{of}: {b} batches, {n} times",
    "more": "and {n} more",
    "no_reason": "no reason given",
    "others": "other reasons",
    "others_alike": "others like these",
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
    "job_failed+": "项目 {of} 的 {b} 个批次共有 {n} 个任务失败",
    "job_completed+": "项目 {of} 的 {b} 个批次共有 {n} 个任务已完成",
    "batch_failed+": "项目 {of} 的 {b} 个批次失败",
    "batch_done+": "项目 {of} 的 {b} 个批次已完成",
    "batch_stalled+": "项目 {of} 的 {b} 个批次长时间无响应",
    "batch_diverged+": "项目 {of} 的 {b} 个批次损失发散",
    "job_idle_flagged+": "项目 {of} 的 {b} 个批次的 GPU 处于空闲",
    "oom_suspected+": "项目 {of} 的 {b} 个批次的任务疑似内存不足",
    "rule+": "{name} · {of}（{b} 个批次，{n} 个任务）",
    "+": "{of}：{b} 个批次，{n} 次",
    "more": "另有 {n} 个",
    "no_reason": "未给出原因",
    "others": "其他原因",
    "others_alike": "其他类似内容",
    "held": "{title}（另有 {n} 条）",
}


def many(kind: str, of: str, data: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Title and body of `data["count"]` things of one kind that happened to one batch or host."""
    texts = texts_of(locale)
    count = int(data["count"])
    title = texts.get(kind, texts[""]).format(n=count, of=of, name=data.get("name", ""))
    reasons: Mapping[str, int] = data.get("reasons") or {}
    # What an alert said is its title, unless it said several things that are alike.
    if kind == "alert":
        lines = _why(reasons, count, texts, "others_alike") if len(reasons) > 1 else []
    else:
        lines = _why(reasons, count, texts)
    if data.get("text"):
        lines.insert(0, str(data["text"]))
    names = list(data.get("job_ids") or ())
    if names:
        # One job may have said all of them.
        more = 0 if kind == "alert" else count - len(names)
        lines.append(", ".join(names) + (f", {texts['more'].format(n=more)}" if more > 0 else ""))
    return title, "\n".join(lines)


def several(kind: str, project: str, data: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Title and body of what happened to `data["batches"]` batches of a project; `links` lead to the first of them."""
    texts = texts_of(locale)
    count, batches = int(data["count"]), int(data["batches"])
    title = texts.get(f"{kind}+", texts["+"]).format(n=count, b=batches, of=project or "?", name=data.get("name", ""))
    # The inbox has links of its own.
    links = list(data.get("links") or ())
    more = [texts["more"].format(n=batches - len(links))] if 0 < len(links) < batches else []
    return title, "\n".join([*_why(data.get("reasons") or {}, count, texts), *links, *more])


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


def _why(reasons: Mapping[str, int], count: int, texts: Mapping[str, str], others: str = "others") -> list[str]:
    lines = [f"{number} × {texts[others] if reason == OTHER else reason}" for reason, number in _by_number(reasons)]
    unexplained = count - sum(reasons.values())
    return [*lines, f"{unexplained} × {texts['no_reason']}"] if reasons and unexplained > 0 else lines


def _by_number(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
