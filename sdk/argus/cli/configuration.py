"""`argus config`: what counts, where it comes from, and how to change it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from argus._keys import MODES, SETTINGS, Unusable
from argus._origins import PROJECT_FILE, Found, find, project_file, user_file
from argus._settings import journal_folder, resolve_project
from argus.cli import files
from argus.cli.errors import OK, USAGE, CliError
from argus.cli.options import Json, Token, Url
from argus.cli.server import wanted_url
from argus.cli.terminal import Terminal

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(SETTINGS)}.")]
Project = Annotated[
    bool, typer.Option("--project-file", help=f"In the project's {PROJECT_FILE} instead of your own file.")
]

config = typer.Typer(help="Show and change settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(config, name="config", rich_help_panel="Settings")


def masked(token: str | None) -> str | None:
    """Enough of a token to know it again."""
    if not token:
        return None
    return f"{token[:8]}…{token[-4:]}" if len(token) >= 20 else "…"


@config.command("show")
def show(
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Every setting as it counts here and now.

    The strongest first: argument, environment, the project's .argus.toml (found upwards from here), your own file,
    default.
    """
    terminal = Terminal(as_json=as_json)
    server = find("url", url).value
    found = [find(name, {"url": url, "token": token}.get(name), server) for name in SETTINGS]
    problems = list(dict.fromkeys(problem for one in found for problem in one.problems))
    if as_json:
        settings = [
            {"name": one.setting.name, "value": _shown(one), "origin": one.origin, "place": one.place or None}
            for one in found
        ]
        files_read = {"user_file": user_file(), "project_file": project_file()}
        terminal.emit({"settings": settings, **files_read, "problems": problems})
        return OK
    rows = [[one.setting.name, _text(_shown(one)), one.origin, one.place or one.setting.variable] for one in found]
    columns = ["setting", "value", "from", "where"]
    terminal.table(columns if origin else columns[:2], rows if origin else [row[:2] for row in rows])
    for problem in problems:
        terminal.note(f"argus: {problem}")
    return OK


@config.command("set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    *,
    project: Project = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Change a setting. A token is kept for one server, the one that --url or the settings name."""
    setting = _setting(name)
    try:
        checked: Any = setting.read(value)
    except Unusable as error:
        hint = f"It is one of {', '.join(MODES)}." if name == "mode" else f"{name} is {setting.about}."
        raise CliError(USAGE, f"{name} cannot be that: {error}.", hint) from error
    path = _file(project=project)
    if name == "token":
        if project:
            raise CliError(
                USAGE, "A token does not belong into a file that gets committed.", "Leave out --project-file."
            )
        files.set_of_server(path, wanted_url(url), "token", checked)
    else:
        files.set_value(path, name, checked)
    _say_changed(Terminal(as_json=as_json), name, path)
    return OK


@config.command("unset")
def unset(name: Name, *, project: Project = False, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Take a setting out of the file."""
    _setting(name)
    path = _file(project=project)
    if name == "token" and not project:
        was_there = files.unset_of_server(path, wanted_url(url), "token")
    else:
        was_there = files.unset_value(path, name)
    terminal = Terminal(as_json=as_json)
    if was_there:
        _say_changed(terminal, name, path)
    elif as_json:
        terminal.emit({"changed": None, "file": path})
    else:
        terminal.say(f"{path} does not set {name}.")
    return OK


@config.command("path")
def path_(*, project: Project = False, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Print where the file of settings is."""
    terminal = Terminal(as_json=as_json)
    path = _file(project=project)
    if as_json:
        terminal.emit({"file": path})
    else:
        terminal.say(path)
    return OK


def _setting(name: str) -> Any:
    if name not in SETTINGS:
        raise CliError(USAGE, f"There is no setting {name!r}.", f"There are {', '.join(SETTINGS)}.")
    return SETTINGS[name]


def _file(*, project: bool) -> str:
    return (project_file() or PROJECT_FILE) if project else user_file()


def _say_changed(terminal: Terminal, name: str, path: str) -> None:
    if terminal.as_json:
        terminal.emit({"changed": name, "file": path})
        return
    terminal.say(f"{name} is changed in {path}.")
    found = find(name)
    if found.origin in ("environment", "project") and found.place != path:
        terminal.note(f"argus: {found.place} is stronger here and still counts.")


def _shown(found: Found) -> Any:
    """The value as it takes effect, the token masked."""
    name = found.setting.name
    if name == "token":
        return masked(found.value)
    if name == "journal_dir":
        return journal_folder()
    if name == "project":
        return resolve_project(None)
    return list(found.value) if isinstance(found.value, tuple) else found.value


def _text(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
