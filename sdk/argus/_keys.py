"""The settings: their names in files and the environment, their defaults, and how a value of any origin is read."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_FLUSH_S = 5.0
JOURNAL_MAX_MB = 512.0

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
MODES = ("online", "offline", "disabled")
FSYNC = ("never", "interval", "always")


class Unusable(ValueError):
    """A value that cannot be what its setting needs; the text says why."""


class Setting:
    """One setting: its name in files, its variable, its default, and how a value of any origin is read."""

    __slots__ = ("about", "default", "name", "read", "variable")

    def __init__(self, name: str, variable: str, default: object, read: Callable[[object], object], about: str) -> None:
        self.name = name
        self.variable = variable
        self.default = default
        self.read = read
        self.about = about


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unusable("it is no text")
    return value.strip()


def _address(value: object) -> str:
    return _text(value).rstrip("/")


def _path(value: object) -> str:
    return os.path.expanduser(_text(value))


def _number(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < float("inf"):
        raise Unusable(f"{value!r} is no number from 0 on")
    return number


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES and word not in _NO:
        raise Unusable(f"{value!r} is neither true nor false")
    return word in _YES


def _one_of(words: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise Unusable(f"{value!r} is none of {', '.join(words)}")
        return word

    return read


def _capture(value: object) -> str:
    """Empty for no."""
    word = str(value).strip().lower()
    if word in {"", "python", "fd"}:
        return word
    return "python" if _flag(value) else ""


def _words(value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)):
        raise Unusable("it is no list of names")
    return tuple(str(word).strip() for word in words if str(word).strip())


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("url", "ARGUS_URL", None, _address, "the server"),
        Setting("token", "ARGUS_TOKEN", None, _text, "your em_live_ token for that server"),
        Setting("project", "ARGUS_PROJECT", None, _text, "the project that runs count for"),
        Setting("mode", "ARGUS_MODE", "online", _one_of(MODES), "online, offline (journals only) or disabled"),
        Setting("journal_dir", "ARGUS_SPILL_DIR", None, _path, "where journals lie; ~/.argus-reporter"),
        Setting("journal_max_mb", "ARGUS_JOURNAL_MAX_MB", JOURNAL_MAX_MB, _number, "most that journals may take, MiB"),
        Setting(
            "journal_fsync", "ARGUS_JOURNAL_FSYNC", "interval", _one_of(FSYNC), "never, interval (every 5 s) or always"
        ),
        Setting(
            "exit_flush_s",
            "ARGUS_EXIT_FLUSH_S",
            EXIT_FLUSH_S,
            _number,
            "longest wait at the end, seconds",
        ),
        Setting("capture_env", "ARGUS_CAPTURE_ENV", (), _words, "more environment variables to record, by name"),
        Setting("capture_console", "ARGUS_CAPTURE_CONSOLE", "", _capture, "report stdout and stderr; fd: of C too"),
        Setting("capture_diff", "ARGUS_CAPTURE_DIFF", True, _flag, "report uncommitted changes of the repository"),
    )
}
