"""`argus ping`, `doctor`, `version`: is all well between this machine and the server?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import typer

from argus._settings import journal_folder
from argus._version import SCHEMA_VERSION, __version__
from argus.cli.diagnosis import FAIL, Check, exit_code
from argus.cli.errors import NOT_WELL, OK
from argus.cli.options import Json, Token, Url
from argus.cli.server import connect, wanted_url
from argus.cli.terminal import Terminal

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_PANEL = "Health"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (doctor, ping, version):
        app.command(rich_help_panel=_PANEL)(command)


def ping(*, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """How quickly the server answers, and whether it is ready."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        server.reply("GET", "/health")  # opens the connection, which is no part of the latency
        started = time.perf_counter()
        server.reply("GET", "/health")
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        ready = server.ask("GET", "/readyz")
        state: dict[str, Any] = server.decoded(ready) or {}
    waiting, its_version = state.get("waiting_for", []), state.get("version")
    answer = {"url": server.url, "latency_ms": milliseconds, "ready": ready.ok, "waiting_for": waiting}
    if as_json:
        terminal.emit({**answer, "version": its_version})
        return OK if ready.ok else NOT_WELL
    name = f"{server.url} (Argus {its_version})" if its_version else server.url
    if ready.ok:
        terminal.say(f"{name} answers in {milliseconds} ms and is ready.")
    else:
        terminal.say(f"{name} answers in {milliseconds} ms, but waits for {', '.join(waiting) or 'itself'}.")
    return OK if ready.ok else NOT_WELL


def doctor(*, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """Look at everything that can stand between a training and its server, and say what to do."""
    terminal = Terminal(as_json=as_json)
    found: list[Check] = []
    for check in _checks(wanted_url(url), url, token):
        found.append(check)
        if not as_json:
            _print(terminal, check)
    code = exit_code(found)
    if as_json:
        terminal.emit({"ok": code == OK, "checks": [check.as_dict() for check in found]})
    elif code == OK:
        terminal.say(f"All is well. Journals are kept in {journal_folder()}.")
    else:
        bad = sum(check.status == FAIL for check in found)
        terminal.say(f"{bad} {'thing is' if bad == 1 else 'things are'} not well.")
    return code


def version(*, url: Url = None, token: Token = None, as_json: Json = False) -> int:
    """The version of this client."""
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.emit({"client": __version__, "schema": SCHEMA_VERSION})
    else:
        terminal.say(f"argus-reporter {__version__} (event schema {SCHEMA_VERSION})")
    return OK


def _checks(server: str, url: str | None, token: str | None) -> Iterator[Check]:
    """Every check, as it is made. What cannot be told because the server does not answer is left out."""
    from argus.cli.local_checks import disk, journals, libraries, proxies, settings
    from argus.cli.network_checks import network

    yield from settings(server, url, token)
    yield proxies(server)
    yield from network(server, token)
    yield from journals(journal_folder())
    yield disk(journal_folder())
    yield from libraries()


def _print(terminal: Terminal, check: Check) -> None:
    console = terminal.console
    console.print(f"{check.status:<5}", style=_STYLES[check.status], end="", markup=False)
    console.print(f"{check.name:<10} {check.text}", markup=False, soft_wrap=True)
    if check.todo:
        console.print(f"{'':<16}{check.todo}", markup=False, soft_wrap=True)
