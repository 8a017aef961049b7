"""Texts for empty places, in English and Simplified Chinese."""

from __future__ import annotations

from argus_catalog.meta.schemas import Hints

_ENGLISH = {
    "empty_hosts": "No host has reported yet. A host appears here with the first snapshot of a run.",
    "empty_batches": "No batches yet. Start a training with the reporter, and it shows up here within a second.",
    "empty_jobs": "This batch has no jobs yet. Each job appears when it starts.",
    "empty_projects": "No projects yet. A project begins with the first batch that names it.",
    "empty_notifications": "Nothing needs your attention.",
    "empty_pins": "Nothing is pinned. Pin up to four batches to compare them.",
    "empty_shared": "Nobody has shared a batch with you yet.",
    "empty_stars": "Nothing is starred. Star a project or a batch to keep it at hand.",
    "empty_search": "Nothing matches. Try fewer words or another filter.",
    "empty_events": "Nothing has happened here yet.",
    "empty_artifacts": "No files were uploaded. A job can upload plots, models and reports.",
}
_CHINESE = {
    "empty_hosts": "还没有主机上报。训练发送第一条资源快照后，主机会显示在这里。",
    "empty_batches": "还没有批次。用上报客户端启动一次训练，一秒之内就会显示在这里。",
    "empty_jobs": "这个批次还没有任务。任务启动后会显示在这里。",
    "empty_projects": "还没有项目。第一个使用某个项目名的批次会创建该项目。",
    "empty_notifications": "没有需要处理的通知。",
    "empty_pins": "还没有固定的批次。最多可以固定四个批次进行对比。",
    "empty_shared": "还没有人与你共享批次。",
    "empty_stars": "还没有收藏。收藏项目或批次，方便随时查看。",
    "empty_search": "没有匹配的结果。请减少关键词或更换筛选条件。",
    "empty_events": "这里还没有发生任何事件。",
    "empty_artifacts": "还没有上传文件。任务可以上传图表、模型和报告。",
}


def hints_for(accept_language: str) -> Hints:
    """The texts in the language that the caller likes best."""
    chinese = preferred_locale(accept_language) == "zh-CN"
    return Hints(locale="zh-CN" if chinese else "en-US", hints=_CHINESE if chinese else _ENGLISH)


def preferred_locale(accept_language: str) -> str:
    """Of an Accept-Language header the locale that we speak: any `zh` is zh-CN, all else en-US."""
    best, weight = "en-US", 0.0
    for part in accept_language.split(","):
        tag, _, quality = part.partition(";q=")
        try:
            value = float(quality) if quality else 1.0
        except ValueError:
            continue
        if tag.strip() and value > weight:
            best, weight = ("zh-CN" if tag.strip().lower().startswith("zh") else "en-US"), value
    return best
