"""The drawings of docs/architecture.md, each for light and for dark: boxes and arrows at places that are said here."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple


class Theme(NamedTuple):
    """Colours of a drawing: of words, of lines, and of boxes by kind (fill and edge)."""

    ink: str
    muted: str
    line: str
    boxes: dict[str, tuple[str, str]]


class Box(NamedTuple):
    """A box with a title and some lines below it. `kind` chooses its colours; a `frame` is a room for others."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()
    kind: str = "plain"


class Arrow(NamedTuple):
    """A line along points, with its head at the last; `both`: with heads at both ends. The label stands at `at`."""

    points: tuple[tuple[int, int], ...]
    label: str = ""
    at: tuple[int, int] = (0, 0)
    both: bool = False


class Drawing(NamedTuple):
    """A drawing and what it says to those who cannot see it."""

    width: int
    height: int
    title: str
    parts: tuple[Box | Arrow, ...]


THEMES: Final = {
    "light": Theme(
        "#1f2733",
        "#566070",
        "#7b8698",
        {
            "plain": ("#ffffff", "#b9c2d0"),
            "ours": ("#e8f1ff", "#5b8fd9"),
            "store": ("#e9f7ef", "#4fa777"),
            "host": ("#fff4e5", "#d99a3d"),
            "frame": ("none", "#c6cdd8"),
        },
    ),
    "dark": Theme(
        "#e8ecf3",
        "#a9b3c3",
        "#8793a6",
        {
            "plain": ("#20262f", "#4a5566"),
            "ours": ("#16283f", "#4f86d6"),
            "store": ("#14301f", "#4fa777"),
            "host": ("#33260f", "#c98f3c"),
            "frame": ("none", "#434d5c"),
        },
    ),
}
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif"


def _services() -> Iterator[Box]:
    what = {
        "ingest": "events in",
        "catalog": "all reading",
        "realtime": "live streams",
        "executor": "commands",
        "notifier": "rules, mail",
        "auth": "people, tokens",
    }
    for place, (name, words) in enumerate(what.items()):
        yield Box(40 + place * 148, 250, 132, 62, name, (words,), "ours")


ARCHITECTURE: Final = Drawing(
    960,
    520,
    "The parts of Argus",
    (
        Box(20, 16, 440, 104, "Training hosts", kind="frame"),
        Box(40, 46, 200, 58, "your training + SDK", ("journal on its disk",), "host"),
        Box(256, 46, 184, 58, "argus-agent", ("starts and stops runs",), "host"),
        Box(500, 16, 440, 104, "People", kind="frame"),
        Box(520, 46, 200, 58, "browser", ("one live stream for all tabs",)),
        Box(736, 46, 184, 58, "argus, notebooks", ("the same interface",)),
        Box(40, 164, 880, 44, "Traefik, the gateway: TLS, limits, routes"),
        *_services(),
        Box(40, 362, 280, 62, "PostgreSQL or SQLite", ("one owner for each table",), "store"),
        Box(340, 362, 280, 62, "NATS JetStream", ("news, after the commit",), "store"),
        Box(640, 362, 132, 62, "Valkey", ("a cache",), "store"),
        Box(788, 362, 132, 62, "files", ("disk or S3",), "store"),
        Box(
            40,
            458,
            880,
            42,
            "Beside it: Prometheus, Tempo and Grafana read what every service tells of itself",
            kind="plain",
        ),
        Arrow(((140, 104), (140, 164)), "events", (150, 140)),
        Arrow(((348, 104), (348, 164)), "asks for commands", (358, 140)),
        Arrow(((620, 104), (620, 164)), "", both=True),
        Arrow(((828, 104), (828, 164)), "", both=True),
        Arrow(((480, 208), (480, 250)), ""),
        Arrow(((180, 312), (180, 362)), "", both=True),
        Arrow(((480, 312), (480, 362)), "", both=True),
        Arrow(((706, 312), (706, 362)), "", both=True),
        Arrow(((854, 312), (854, 362)), "", both=True),
    ),
)
EPOCH: Final = Drawing(
    960,
    250,
    "The life of an epoch",
    (
        Box(20, 16, 420, 108, "training host", kind="frame"),
        Box(36, 46, 116, 62, "job.epoch()", ("about 1 us",), "host"),
        Box(178, 46, 108, 62, "buffer", ("memory",), "host"),
        Box(312, 46, 112, 62, "journal", ("on disk",), "host"),
        Box(520, 16, 430, 218, "server", kind="frame"),
        Box(536, 46, 108, 62, "ingest", ("checks, folds",), "ours"),
        Box(668, 46, 126, 62, "database", ("rows and outbox",), "store"),
        Box(818, 46, 120, 62, "JetStream", ("after the commit",), "store"),
        Box(818, 156, 120, 62, "realtime", ("who looks?",), "ours"),
        Box(668, 156, 126, 62, "notifier", ("rules, watchdogs",), "ours"),
        Box(312, 156, 112, 62, "page", ("patches a store",)),
        Arrow(((152, 77), (178, 77))),
        Arrow(((286, 77), (312, 77))),
        Arrow(((424, 66), (536, 66)), "sends", (462, 58)),
        Arrow(((536, 90), (424, 90)), "stored", (460, 108)),
        Arrow(((644, 77), (668, 77))),
        Arrow(((794, 77), (818, 77))),
        Arrow(((878, 108), (878, 156))),
        Arrow(((838, 108), (770, 156))),
        Arrow(((878, 218), (878, 228), (368, 228), (368, 218)), "frames", (450, 222)),
    ),
)
COMMAND: Final = Drawing(
    960,
    210,
    "The way of a command",
    (
        Box(20, 60, 130, 70, "person", ("presses Rerun",)),
        Box(210, 60, 150, 70, "executor", ("signs, with a deadline",), "ours"),
        Box(420, 16, 520, 178, "training host, of an owner", kind="frame"),
        Box(440, 60, 150, 70, "argus-agent", ("checks key and policy",), "host"),
        Box(640, 60, 130, 70, "shim", ("outlives the agent",), "host"),
        Box(810, 60, 112, 70, "the run", ("its recorded line",), "host"),
        Box(440, 150, 150, 34, "policy.toml"),
        Arrow(((150, 95), (210, 95))),
        Arrow(((440, 82), (360, 82)), "asks", (372, 76)),
        Arrow(((360, 108), (440, 108)), "command", (366, 124)),
        Arrow(((590, 95), (640, 95))),
        Arrow(((770, 95), (810, 95))),
        Arrow(((515, 150), (515, 130))),
    ),
)
DRAWINGS: Final = {"architecture": ARCHITECTURE, "epoch": EPOCH, "command": COMMAND}


def files() -> Iterator[tuple[str, str]]:
    """Name and text of every drawing."""
    for name, drawing in DRAWINGS.items():
        for theme, colours in THEMES.items():
            yield f"docs/images/{name}-{theme}.svg", svg(drawing, colours)


def svg(drawing: Drawing, theme: Theme) -> str:
    """The drawing in one theme."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" role="img" '
        f'font-family="{escape(_FONT, quote=True)}">\n<title>{escape(drawing.title)}</title>\n'
        f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0.8 7 4 0 7.2z" fill="{theme.line}"/></marker></defs>\n'
    )
    parts = (_box(part, theme) if isinstance(part, Box) else _arrow(part, theme) for part in drawing.parts)
    return head + "".join(parts) + "</svg>\n"


def _box(box: Box, theme: Theme) -> str:
    fill, edge = theme.boxes[box.kind]
    dashes = ' stroke-dasharray="5 4"' if box.kind == "frame" else ""
    text = (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{fill}" stroke="{edge}" '
        f'stroke-width="1.4"{dashes}/>\n'
    )
    if box.kind == "frame":
        return text + _text(box.x + 16, box.y + 20, box.title, theme.muted, 13)
    middle = box.x + box.width // 2
    first = box.y + box.height // 2 + 5 - 9 * len(box.lines)
    text += _text(middle, first, box.title, theme.ink, 15, anchor="middle", weight=600)
    for place, line in enumerate(box.lines, start=1):
        text += _text(middle, first + 19 * place, line, theme.muted, 12.5, anchor="middle")
    return text


def _arrow(arrow: Arrow, theme: Theme) -> str:
    points = " ".join(f"{x},{y}" for x, y in arrow.points)
    start = ' marker-start="url(#head)"' if arrow.both else ""
    look = f'fill="none" stroke="{theme.line}" stroke-width="1.6"{start} marker-end="url(#head)"'
    text = f'<polyline points="{points}" {look}/>\n'
    return text + (_text(*arrow.at, arrow.label, theme.muted, 12) if arrow.label else "")


def _text(x: int, y: int, words: str, colour: str, size: float, *, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(words)}</text>\n"
    )
