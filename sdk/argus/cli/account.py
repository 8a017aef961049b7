"""`argus login`, `logout`, `whoami`: a token for each server, kept in the user's own file."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from argus._origins import find, server_name, user_file
from argus._owner import host_name
from argus.cli import files
from argus.cli.configuration import masked
from argus.cli.errors import NOT_WELL, OK, REFUSED, USAGE, CliError
from argus.cli.options import Json, Token, Url
from argus.cli.server import TOKENS_PAGE, Server, connect, wanted_url
from argus.cli.terminal import Terminal

_LOCAL = "http://localhost:8000"
_SCOPES = {"em_live_": "reporter", "em_view_": "viewer", "ag_live_": "agent"}
_PANEL = "Account"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    example = "Example: argus login https://argus.example.org, or for scripts: argus login URL --token - < token.txt"
    app.command(rich_help_panel=_PANEL, epilog=example)(login)
    for command in (logout, whoami):
        app.command(rich_help_panel=_PANEL)(command)


def login(
    address: Annotated[str | None, typer.Argument(metavar="URL", help="The server.")] = None,
    *,
    url: Url = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="TOKEN", help="One of the page Settings, Tokens; - reads stdin.")
    ] = None,
    username: Annotated[
        str | None, typer.Option("--username", "-u", help="Make a token by name and password; stdin is read if piped.")
    ] = None,
    viewer: Annotated[bool, typer.Option("--viewer", help="With --username: a token that only reads.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page where tokens are made.")] = True,
    as_json: Json = False,
) -> int:
    """Keep a token for a server, and make it the default.

    Without options it opens the page where tokens are made and asks for one. The token is checked, then kept in your
    own file, which nobody else can read.
    """
    terminal = Terminal(as_json=as_json)
    server_url = with_scheme(server_name(address or url or find("url").value or _ask_url(terminal)))
    with Server(server_url, "none") as server:
        server.get("/health")
        if username is not None:
            text = _minted(server, username, viewer=viewer)
        else:
            text = _given(token) if token is not None else _pasted(server_url, terminal, browser=browser)
    with Server(server_url, text) as server:
        person = server.get("/api/auth/me")
    path = user_file()
    files.set_of_server(path, server_url, "token", text)
    files.set_value(path, "url", server_url)
    if as_json:
        terminal.emit({"url": server_url, "username": person["username"], "scope": scope_of(text), "file": path})
        return OK
    terminal.say(f"You are {person['username']} on {server_url}, which is your default server now.")
    terminal.say(f"The token is kept in {path}.")
    if scope_of(text) == "viewer":
        terminal.note("argus: this token only reads; a training needs one of the scope reporter.")
    _warn_of_stronger(terminal, server_url)
    return OK


def logout(*, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Forget the token of a server on this machine."""
    terminal = Terminal(as_json=as_json)
    server_url = wanted_url(url)
    was_there = files.unset_of_server(user_file(), server_url, "token")
    if as_json:
        terminal.emit({"url": server_url, "forgotten": was_there})
    elif was_there:
        terminal.say(f"The token of {server_url} is forgotten here. It holds until it is revoked on")
        terminal.say(f"{server_url}{TOKENS_PAGE}")
    else:
        terminal.say(f"No token of {server_url} is kept here.")
    return OK


def whoami(*, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Who you are on the server, and by which token."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        person = server.get("/api/auth/me")
        found = find("token", token, server.url)
    scope = scope_of(found.value)
    if as_json:
        who = {"url": server.url, "scope": scope, "token": masked(found.value), "token_from": found.origin}
        terminal.emit({**who, "user": person})
        return OK
    admin = ", administrator" if person.get("is_admin") else ""
    terminal.say(f"{person['username']} <{person['email']}>{admin}")
    terminal.say(f"on {server.url}, by the {scope} token {masked(found.value)} from {found.place}")
    return OK


def scope_of(token: str | None) -> str:
    """What a token is for, by its beginning."""
    return next((scope for prefix, scope in _SCOPES.items() if (token or "").startswith(prefix)), "session")


def with_scheme(address: str) -> str:
    """What a person leaves out: https:// for names of the world, http:// for this machine and bare numbers."""
    if "://" in address:
        return address
    host = address.split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    is_near = host == "localhost" or not any(letter.isalpha() for letter in host)
    return f"{'http' if is_near else 'https'}://{address}"


def _ask_url(terminal: Terminal) -> str:
    if not terminal.is_interactive:
        raise CliError(USAGE, "No server is named.", "Give its address: `argus login https://argus.example.org`.")
    return str(typer.prompt("Server", default=_LOCAL, err=True))


def _given(token: str) -> str:
    text = sys.stdin.readline() if token == "-" else token
    if not text.strip():
        raise CliError(USAGE, "The token is empty.", "`argus login --token -` reads it from stdin.")
    return text.strip()


def _pasted(url: str, terminal: Terminal, *, browser: bool) -> str:
    if not terminal.is_interactive:
        raise CliError(USAGE, "No token is given.", "Give --token, or pipe it into `argus login --token -`.")
    page = f"{url}{TOKENS_PAGE}"
    terminal.note(f"Make a token on {page} and paste it here.")
    if browser and _has_screen():
        import webbrowser

        with suppress(webbrowser.Error):
            webbrowser.open(page)
    return _given(str(typer.prompt("Token", hide_input=True, err=True)))


def _has_screen() -> bool:
    """Without one a browser would open in the terminal itself, over the question."""
    return sys.platform in ("darwin", "win32") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


def _minted(server: Server, username: str, *, viewer: bool) -> str:
    """A new token, made in a session that is opened for it and ended again."""
    password = typer.prompt("Password", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    credentials = {"username_or_email": username, "password": password.rstrip("\n")}
    headers = {"Content-Type": "application/json"}
    reply = server.ask("POST", "/api/auth/login", json.dumps(credentials).encode(), headers)
    if reply.status == 401:
        raise CliError(REFUSED, f"{server.url} knows no {username} with that password.", "Passwords are per server.")
    if not reply.ok:
        raise server.refusal(reply)
    with Server(server.url, server.decoded(reply)["access_token"]) as session:
        wanted = {"name": f"argus on {host_name()}"[:64], "scope": "viewer" if viewer else "reporter"}
        made: dict[str, Any] = session.post("/api/tokens", wanted)
        with suppress(CliError):
            session.post("/api/auth/logout")
    text = made.get("token")
    if not isinstance(text, str):
        raise CliError(NOT_WELL, f"{server.url} made no token.")
    return text


def _warn_of_stronger(terminal: Terminal, server_url: str) -> None:
    for name in ("url", "token"):
        found = find(name, None, server_url)
        if found.origin in ("environment", "project") and found.value != server_url:
            terminal.note(f"argus: {found.place} is stronger here and still counts.")
