"""Where a setting comes from: argument, environment, project's `.argus.toml`, user's file, default; in that order.

Files are read when a setting is asked for, never at import; `tomllib` is loaded only where there is a file to read.
"""

from __future__ import annotations

import os
import sys

from argus._guard import tell_once
from argus._keys import SETTINGS, Setting, Unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PROJECT_FILE = ".argus.toml"
# Where the published client's users keep an address.
_OLD_FILE = os.path.join("configs", "monitor.yaml")
_MOST_BYTES = 1024 * 1024


class Found:
    """A setting's value and where it was found: `argument`, `environment`, `project`, `user`, `default`.

    `place` names the variable or file; `problems` are the values that were passed over on the way, as sentences.
    """

    __slots__ = ("origin", "place", "problems", "setting", "value")

    def __init__(self, setting: Setting, value: Any, origin: str, place: str, problems: list[str]) -> None:
        self.setting = setting
        self.value = value
        self.origin = origin
        self.place = place
        self.problems = problems


def find(name: str, explicit: object = None, url: str | None = None) -> Found:
    """The value of a setting with its origin. A value that cannot be used is passed over and told once.

    `url` is the server whose token is wanted; a token belongs to a server and is never sent to another.
    """
    setting = SETTINGS[name]
    problems: list[str] = []
    for origin, place, value in _candidates(setting, explicit, url, problems):
        try:
            return Found(setting, setting.read(value), origin, place, problems)
        except Unusable as error:
            _complain(problems, f"{setting.name} from {place} is passed over: {error}")
    return Found(setting, setting.default, "default", "", problems)


def user_file() -> str:
    """The user's own file: `ARGUS_CONFIG`, else `argus/config.toml` in the platform's folder for settings."""
    named = os.environ.get("ARGUS_CONFIG")
    if named:
        return os.path.expanduser(named)
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        folder = os.environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif sys.platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "argus", "config.toml")


def project_file() -> str | None:
    """The nearest `.argus.toml` at or above the working folder."""
    try:
        folder = os.getcwd()
    except OSError:
        return None
    while True:
        path = os.path.join(folder, PROJECT_FILE)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def server_name(url: str) -> str:
    """How a server is written in the user's file."""
    return url.strip().rstrip("/")


def read_file(path: str) -> dict[str, Any]:
    """A TOML file's content, remembered until the file changes; empty where there is none.

    Raises:
        Unusable: the file cannot be read or is no TOML.
    """
    try:
        status = os.stat(path)
    except OSError:
        return {}
    stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
    known = _read.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    import tomllib

    try:
        with open(path, "rb") as file:
            content = tomllib.loads(file.read(_MOST_BYTES).decode())
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} cannot be read: {error}") from error
    _read[path] = (stamp, content)
    return content


_read: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {}


def _candidates(
    setting: Setting, explicit: object, url: str | None, problems: list[str]
) -> Iterator[tuple[str, str, object]]:
    """Every value that is there, the strongest first. Files are opened only when nothing stronger was usable."""
    if explicit is not None and explicit != "":
        yield "argument", "the argument", explicit
    variable = os.environ.get(setting.variable, "").strip()
    if variable:
        yield "environment", setting.variable, variable
    yield from _of_project(setting, problems)
    yield from _of_user(setting, url, problems)


def _of_project(setting: Setting, problems: list[str]) -> Iterator[tuple[str, str, object]]:
    path = project_file()
    if path is not None:
        value = _content(path, problems, trusted=_is_trusted(path, problems)).get(setting.name)
        if value is not None and setting.name == "token":
            _complain(problems, f"the token in {path} is not used, since that file gets committed: use `argus login`")
        elif value is not None:
            yield "project", path, _beside(path, value) if setting.name == "journal_dir" else value
    if setting.name == "url":
        old = _url_of_old_file(_OLD_FILE)
        if old is not None:
            yield "project", _OLD_FILE, old


def _beside(path: str, value: object) -> object:
    """A folder that a project's file names counts from that file, wherever below it a script was started."""
    if not isinstance(value, str):
        return value
    return os.path.normpath(os.path.join(os.path.dirname(path), os.path.expanduser(value)))


def _of_user(setting: Setting, url: str | None, problems: list[str]) -> Iterator[tuple[str, str, object]]:
    path = user_file()
    content = _content(path, problems, trusted=True)
    value = content.get(setting.name)
    if setting.name == "token":
        server = url or find("url").value
        servers = content.get("servers")
        entry = servers.get(server_name(server)) if isinstance(servers, dict) and server else None
        value = entry.get("token") if isinstance(entry, dict) else None
    if value is not None:
        yield "user", path, value


def _content(path: str, problems: list[str], *, trusted: bool) -> dict[str, Any]:
    if not trusted:
        return {}
    try:
        return read_file(path)
    except Unusable as error:
        _complain(problems, f"settings are passed over: {error}")
        return {}


def _is_trusted(path: str, problems: list[str]) -> bool:
    """Whether another person cannot have laid this file into our way, as in /tmp: it would name where tokens go."""
    if not hasattr(os, "getuid"):
        return True
    try:
        is_ours = os.stat(path).st_uid in (os.getuid(), 0)
        is_open = bool(os.stat(os.path.dirname(path)).st_mode & 0o002)
    except OSError:
        return False
    if is_open and not is_ours:
        _complain(problems, f"{path} is not used: it lies in a folder that anyone may write to, and is not yours")
    return is_ours or not is_open


def _complain(problems: list[str], sentence: str) -> None:
    problems.append(sentence)
    tell_once(f"setting:{sentence[:120]}", "%s", sentence)


def _url_of_old_file(path: str) -> str | None:
    """Read the top-level `url:` or `monitor_url:` of a small YAML file; a full parser would be a dependency."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(65_536).splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name in ("url", "monitor_url"):
            return value.split(" #", 1)[0].strip().strip("'\"") or None
    return None
