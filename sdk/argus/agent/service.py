"""`argus-agent install-service`: the agent as a systemd unit of its user, that starts with the host."""

from __future__ import annotations

import getpass
import os
import shlex
import subprocess
import sys

NAME = "argus-agent.service"

# KillMode: the runs, which are processes of the unit too, go on when the agent is stopped or updated.
_UNIT = """\
[Unit]
Description=Argus agent: starts and stops runs of {user} for {url}
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={command}
{environment}Restart=on-failure
RestartPreventExitStatus=2 4
RestartSec=10
KillMode=process
UMask=0077

[Install]
WantedBy=default.target
"""
_KEPT = ("PATH", "ARGUS_AGENT_HOME", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "https_proxy", "http_proxy", "no_proxy")


def unit_path() -> str:
    """Where systemd looks for units of this user."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "systemd", "user", NAME)


def unit(url: str, arguments: list[str]) -> str:
    """The unit's text; `arguments` are those of `argus-agent run`."""
    command = " ".join(_quoted(word) for word in [sys.executable, "-m", "argus.agent.cli", "run", *arguments])
    environment = "".join(
        f"Environment={_quoted(f'{name}={os.environ[name]}')}\n" for name in _KEPT if os.environ.get(name)
    )
    return _UNIT.format(user=getpass.getuser(), url=url, command=command, environment=environment)


def install(url: str, arguments: list[str]) -> list[str]:
    """Write the unit, enable and start it. Returns what was done and how to undo it. Raises OSError."""
    path = unit_path()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(unit(url, arguments))
    told = [f"Wrote {path}."]
    for command in (["daemon-reload"], ["enable", "--now", NAME], ["restart", NAME]):
        error = _systemctl(command)
        if error is not None:
            told += [f"`systemctl --user {' '.join(command)}` failed: {error}", "Run that in a session of your own:"]
            return [*told, f"  systemctl --user daemon-reload && systemctl --user enable --now {NAME}", *undo(path)]
        told.append(f"Ran `systemctl --user {' '.join(command)}`.")
    told.append(f"Its log: journalctl --user -u {NAME}")
    told.append(f"To have it run while you are not logged in: loginctl enable-linger {getpass.getuser()}")
    return [*told, *undo(path)]


def undo(path: str) -> list[str]:
    """How to be rid of it."""
    return [f"To undo: systemctl --user disable --now {NAME}; rm {shlex.quote(path)}; systemctl --user daemon-reload"]


def _systemctl(arguments: list[str]) -> str | None:
    """Run it; what it complained of, or None."""
    try:
        done = subprocess.run(["systemctl", "--user", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")


def _quoted(word: str) -> str:
    """A word as systemd reads it: `%` and `$` mean something there, and so do quotation marks."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
