"""Writes the tables of docs/scaling.md and docs/scaling.zh.md (`python -m argus_standalone.capacity.page`).

With `--check` it says which of them differs from what would be written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from argus_standalone.capacity import show
from argus_standalone.capacity.costs import Costs, measured
from argus_standalone.capacity.load import Load
from argus_standalone.capacity.model import Needs, needs
from argus_standalone.capacity.show import Language, Row

DOCS: Final = Path(__file__).parents[4] / "docs"
PAGES: Final[dict[Language, Path]] = {"en": DOCS / "scaling.md", "zh": DOCS / "scaling.zh.md"}
JOBS: Final = (1_000, 10_000, 100_000)
_BEGIN: Final = "<!-- tables: written by `python -m argus_standalone.capacity.page` -->"
_END: Final = "<!-- end of tables -->"
_COSTS: Final = {
    "request": ("a request with events", "一次事件请求"),
    "event": ("each event in it", "请求中的每个事件"),
    "number": ("each number of an event", "事件中的每个数值"),
    "merge": ("merging one number into its curve", "把一个数值合并进曲线"),
    "frame": ("a frame to one page", "推送给一个页面的一帧"),
    "stop_poll": ("a reporter's question whether to stop", "上报进程询问一次是否停止"),
    "stop_round": ("a statement for all that ask at once", "同时询问者共用的一条语句"),
    "agent_second": ("an idle agent, a second", "空闲 agent 每秒"),
    "page": ("a page that opens", "打开一次页面"),
}
_WORDS: Final = {
    "what": ("what", "项目"),
    "first": ("{jobs:,} live jobs: what gives way first", "{jobs:,} 个在线任务：最先饱和的部分"),
    "used": ("used", "用量"),
    "share": ("share", "占比"),
    "program": ("program", "进程"),
    "cores": ("cores", "核数"),
    "replicas": ("replicas", "副本数"),
    "memory": ("memory of one", "单副本内存"),
    "costs": ("microseconds of processor", "CPU 微秒"),
    "all": ("all", "合计"),
    "measured": ("Measured {measured}.", "测量环境：{measured}。"),
}


def written(page: Path, language: Language) -> str:
    """The page with its tables as they should be."""
    before, _, rest = page.read_text().partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{page} lacks the two marks between which its tables stand")
    return "\n".join((f"{before}{_BEGIN}", *tables(language), f"{_END}{after}"))


def tables(language: Language) -> Iterator[str]:
    """Costs, plans, programs, limits."""
    costs = measured()
    plans = [needs(Load.of(jobs), costs) for jobs in JOBS]
    yield from ("", _word("measured", language).format(measured=costs.measured), "")
    yield from _costs(costs, language)
    columns = [show.totals(plan, language) for plan in plans]
    head = ("", *(value for _, value in (column[0] for column in columns)))
    rows = [(label, *(column[place][1] for column in columns)) for place, (label, _) in enumerate(columns[0]) if place]
    yield from _table((show.text("jobs", language), *head[1:]), rows)
    yield from _programs(plans, language)
    for plan in plans:
        head = (
            _word("first", language).format(jobs=plan.load.jobs),
            _word("used", language),
            _word("share", language),
            "",
        )
        yield from _table(head, show.bounds(plan, language)[:4])


def _costs(costs: Costs, language: Language) -> Iterator[str]:
    programs = ("ingest", "postgres", "nats-server", "realtime", "notifier-worker", "executor", "catalog", "traefik")
    rows = []
    for name, label in _COSTS.items():
        spent = costs.cpu_us[name]
        total = sum(spent.values())
        cells = (_figure(spent[program]) if program in spent else "" for program in programs)
        rows.append((label[language == "zh"], *cells, _figure(total)))
    yield from _table((_word("costs", language), *programs, _word("all", language)), rows)


def _programs(plans: Sequence[Needs], language: Language) -> Iterator[str]:
    names = [name for name in plans[-1].parts if any(row[0] == name for row in show.parts(plans[-1]))]
    rows = [(name, *(_cell(plan, name) for plan in plans)) for name in names]
    heads = (f"{plan.load.jobs:,}" for plan in plans)
    label = f"{_word('program', language)}: {_word('cores', language)} / {_word('replicas', language)}"
    yield from _table((label, *heads), rows)


def _cell(plan: Needs, name: str) -> str:
    part = plan.parts[name]
    return f"{part.cores:.2f} / {part.replicas or '-'}"


def _table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield from (f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _word(key: str, language: Language) -> str:
    return _WORDS[key][language == "zh"]


def stale() -> dict[Path, str]:
    """Pages that differ from what they should be, and that."""
    should = {page: written(page, language) for language, page in PAGES.items()}
    return {page: text for page, text in should.items() if text != page.read_text()}


def write() -> None:
    """Write the tables anew."""
    for page, text in stale().items():
        page.write_text(text)


def main() -> int:
    """Entry point."""
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    for page in (found := stale()):
        print(f"{page} differs from the plan: run python -m argus_standalone.capacity.page", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
