"""What digests say in two languages: why jobs failed, how batches stand. Causes have the names of catalog's kinds."""

from __future__ import annotations

from typing import Final

CAUSES: Final[dict[str, dict[str, str]]] = {
    "en-US": {
        "cuda_oom": "The GPU ran out of memory",
        "host_oom": "The machine ran out of memory",
        "disk_full": "The disk is full",
        "distributed": "The processes lost each other",
        "gpu_fault": "A GPU failed",
        "cuda_error": "The GPU reported an error",
        "divergence": "The training diverged",
        "preempted": "The scheduler took the machine back",
        "import_error": "A module could not be imported",
        "path_error": "A file could not be opened",
        "segfault": "The process crashed",
        "keyboard_interrupt": "Interrupted from the keyboard",
        "killed_by_user": "Stopped on request",
        "assertion": "An assertion did not hold",
        "exception": "The script raised an exception",
        "lost": "Nothing was heard of the job any more",
        "unknown": "No reason is known",
    },
    "zh-CN": {
        "cuda_oom": "GPU 显存不足",
        "host_oom": "主机内存不足",
        "disk_full": "磁盘已满",
        "distributed": "进程之间失去联系",
        "gpu_fault": "GPU 发生故障",
        "cuda_error": "GPU 报告错误",
        "divergence": "训练发散",
        "preempted": "调度器收回了机器",
        "import_error": "无法导入模块",
        "path_error": "无法打开文件",
        "segfault": "进程崩溃",
        "keyboard_interrupt": "被键盘中断",
        "killed_by_user": "应要求停止",
        "assertion": "断言不成立",
        "exception": "脚本抛出异常",
        "lost": "任务失去联系",
        "unknown": "原因未知",
    },
}

STATES: Final[dict[str, dict[str, str]]] = {
    "en-US": {"divergent": "diverged"},
    "zh-CN": {
        "running": "运行中",
        "done": "已完成",
        "failed": "失败",
        "stopped": "已停止",
        "stopping": "正在停止",
        "stalled": "无响应",
        "divergent": "发散",
        "paused": "已暂停",
        "pausing": "正在暂停",
        "lost": "失去联系",
        "pending": "等待中",
        "waiting": "等待中",
    },
}


def title(locale: str, n_done: int, n_failed: int, running: int) -> str:
    """The day in a line."""
    if locale == "zh-CN":
        ended = [f"完成 {n_done} 个任务"] if n_done else []
        ended += [f"失败 {n_failed} 个"] if n_failed else []
        return "今日汇总：" + ("，".join(ended) or f"{running} 个批次正在运行")
    ended = [f"{_jobs(n_done)} done"] if n_done else []
    ended += [f"{n_failed if n_done else _jobs(n_failed)} failed"] if n_failed else []
    return "Your day: " + (", ".join(ended) or f"{running} {'batch runs' if running == 1 else 'batches run'}")


def _jobs(count: int) -> str:
    return f"{count} {'job' if count == 1 else 'jobs'}"
