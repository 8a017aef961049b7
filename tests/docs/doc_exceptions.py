"""The one table of commands that are not run, each with how it is checked in place of that, and why."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from doc_blocks import ROOT


@dataclass(frozen=True)
class Exempt:
    """A command that is checked in place of being run. `pattern` is matched at the command's beginning."""

    pattern: re.Pattern[str]
    check: Callable[[str], None]
    reason: str


def of(line: str) -> Exempt | None:
    """The row for a command line; of a pipeline or a list, that of the first part that has one."""
    for part in _parts(line):
        for exempt in EXEMPT:
            if exempt.pattern.match(part):
                return exempt
    return None


def _parts(line: str) -> list[str]:
    line = re.sub(r"\\\n\s*", " ", line)
    parts = re.split(r"\|\|?|&&|;|\$\(|`", line.split("<<", 1)[0])
    return [
        re.sub(r"^(?:[A-Z_]+=(?:'[^']*'|\"[^\"]*\"|\S*)\s+)*(?:exec\s+|then\s+|do\s+)?", "", p.strip()) for p in parts
    ]


def _part(line: str, beginning: str) -> list[str]:
    """The words of the part of a line that begins so."""
    for part in _parts(line):
        if re.match(beginning, part):
            return shlex.split(part, comments=True)
    raise AssertionError(f"no command {beginning}")


def _is_target(line: str) -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [word for word in _part(line, "make")[1:] if "=" not in word and not word.startswith("-")]
    assert set(named) <= known, f"the Makefile has no target {', '.join(sorted(set(named) - known))}"


def _are_packages(line: str) -> None:
    words = shlex.split(next(p for p in _parts(line) if "install" in p or "uvx" in p or "tool" in p), comments=True)
    start = words.index("install") + 1 if "install" in words else words.index("uvx") + 1
    for word in words[start:]:
        if word.startswith("-"):
            continue
        name, extras = re.fullmatch(r"([\w./-]+?)(?:\[([\w,-]+)\])?(?:[=~<>!]=?.*)?", word).groups()  # type: ignore[union-attr]
        if name.startswith((".", "dist/")):
            assert name.startswith("dist/") or (ROOT / name).exists(), f"there is no {name}"
            continue
        assert name in _published() or name in _locked(), f"{name} is neither our package nor one that is locked here"
        for extra in (extras or "").split(",") if name in _published() and extras else ():
            assert extra in _published()[name], f"{name} has no extra {extra}"


def _published() -> dict[str, set[str]]:
    """Our packages with their extras. That of the server is made of a template."""
    sdk = tomllib.loads((ROOT / "sdk" / "pyproject.toml").read_text())["project"]
    template = (ROOT / "deploy" / "packages" / "server.toml").read_text()
    server = tomllib.loads(re.sub(r"= \$\{\w+\}", "= []", template))["project"]
    return {one["name"]: set(one.get("optional-dependencies", ())) for one in (sdk, server)}


def _locked() -> set[str]:
    texts = [(ROOT / name).read_text() for name in ("requirements.lock", "requirements-integrations.lock")]
    texts.append((ROOT / "requirements-integrations.in").read_text())
    return {name for text in texts for name in re.findall(r"^(?:# )?([a-zA-Z0-9_-]+)==", text, re.MULTILINE)} | {"pip"}


def _is_compose(line: str) -> None:
    words = _part(line, r"docker compose")[2:]
    import yaml

    files = [words[place + 1] for place, word in enumerate(words) if word in {"-f", "--file"}] or ["compose.yaml"]
    services: set[str] = set()
    for name in files:
        assert (ROOT / name).is_file(), f"there is no {name}"
        services |= set(yaml.safe_load((ROOT / name).read_text())["services"])
    verbs = {"up", "down", "exec", "run", "logs", "ps", "pull", "restart", "stop", "start", "config", "build", "cp"}
    rest = [
        word
        for place, word in enumerate(words)
        if not (word in {"-f", "--file"} or words[place - 1] in {"-f", "--file"})
    ]
    assert rest, "no verb"
    assert rest[0] in verbs, f"{rest[0]} is no verb of docker compose that pages use"
    named = [word for word in rest[1:] if not word.startswith("-")]
    if rest[0] in {"exec", "run", "restart", "stop", "start", "logs"} and named:
        assert named[0] in services, f"{', '.join(files)} have no service {named[0]}"


def _is_image(line: str) -> None:
    import generate_images

    bake = (ROOT / "docker-bake.hcl").read_text()
    known = set(re.findall(r'^(?:target|group) "([\w-]+)"', bake, re.MULTILINE)) | set(generate_images.TARGETS)
    words = _part(line, r"docker")
    if words[1:3] == ["buildx", "bake"]:
        named = [word for word in words[3:] if not word.startswith("-") and "=" not in word]
    else:
        named = re.findall(r"argus-([a-z]+)(?=[:\s]|$)", line)
    assert set(named) <= known, f"docker-bake.hcl has no target {', '.join(sorted(set(named) - known))}"


def _is_kustomization(line: str) -> None:
    from kustomize import build

    for name in re.findall(r"deploy/k8s[\w/.-]*", line):
        folder = ROOT / name
        assert folder.exists(), f"there is no {name}"
        if (folder / "kustomization.yaml").exists() and "components" not in name:
            assert build(folder)


def _is_command(line: str) -> None:
    """Our own command that does not end, or asks a person: its words are read by its own parser."""
    words = next(shlex.split(part, comments=True) for part in _parts(line) if part.startswith("argus"))
    words = [word for word in words[: words.index("&")] if word] if "&" in words else words
    if words[0] == "argus-agent":
        from argus.agent.cli import _parser

        try:
            _parser().parse_args(words[1:])
        except SystemExit as end:
            raise AssertionError(f"argus-agent does not take this: {words}") from end
        return
    import typer.main

    if words[0] == "argus":
        from argus.cli.app import app
    else:
        from argus_standalone.cli import app
    command: Any = typer.main.get_command(app)
    context = command.make_context(words[0], [], resilient_parsing=True)
    rest = words[1:]
    while rest and hasattr(command, "commands") and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    assert not hasattr(command, "commands"), f"{words[0]} has no command {rest[0] if rest else ''}"
    try:
        command.make_context(words[-1], list(rest), parent=context)
    except Exception as error:
        raise AssertionError(f"{' '.join(words)}: {error}") from error


def _names_files_of_ours(line: str) -> None:
    for name in re.findall(
        r"(?<![\w/.])(?:deploy|docs|libs|services|sdk|examples|bench|tests|frontend)/[\w/.-]+", line
    ):
        assert (ROOT / name.rstrip(".")).exists(), f"there is no {name}"


def _is_there(name: str) -> None:
    assert (ROOT / name).exists(), f"there is no {name}"


def _row(pattern: str, check: Callable[[str], None], reason: str) -> Exempt:
    return Exempt(re.compile(pattern), check, reason)


EXEMPT: Final[tuple[Exempt, ...]] = (
    _row(r"make\b", _is_target, "sets this tree up, or runs what has tests of its own; the target has to exist"),
    _row(r"docker compose\b", _is_compose, "needs Docker; files and services exist, `make compose-check` checks them"),
    _row(r"docker\b", _is_image, "needs Docker; the images are targets of docker-bake.hcl"),
    _row(r"(kubectl|kustomize|helm)\b", _is_kustomization, "needs a cluster; our own folders exist and build"),
    _row(
        r"(?:\S*python\S* -m )?(?:uv )?pipx? install\b|uv (?:pip|tool) install\b|uvx\b",
        _are_packages,
        "needs an index; names, extras and paths are ours or locked here, `make package-check` installs them",
    ),
    _row(r"(?:python\S* -m venv|uv venv|source \S*activate|\. \S*activate)\b", _names_files_of_ours, "another Python"),
    _row(r"argus-server up\b", _is_command, "does not end; the blocks run against one"),
    _row(r"argus-agent (?:run|install-service)\b", _is_command, "does not end, or needs systemd; its words are parsed"),
    _row(r"argus login\b(?!.*--token)", _is_command, "asks a person; its words are parsed"),
    _row(r"argus-server admin (?:create|promote|demote|unlock|reset-password)\b", _is_command, "needs a person "
         "who is not there, or a password; services/standalone/tests/test_admin.py runs them"),
    _row(r"(?:sudo|systemctl|journalctl|loginctl|useradd|install|chown|apt|apt-get|dnf|crontab)\b",
         _names_files_of_ours, "needs root or systemd; files of ours that it names exist"),
    _row(r"cp \.env\.example\b", lambda line: _is_there(".env.example"), "is typed in the sources' folder"),
    _row(r"\S*\.venv/bin/python examples/", _names_files_of_ours, "trains for a minute; test_examples.py runs it"),
    _row(r"\S*\.venv/bin/python deploy/", _names_files_of_ours, "asks registries, and writes into this tree"),
    _row(r"git clone\b|cd argus\b|cd /", _names_files_of_ours, "needs the network, or another machine's folders"),
    _row(r"(?:sbatch|srun|squeue|torchrun|accelerate|mpirun)\b", _names_files_of_ours, "needs a cluster or GPUs"),
    _row(r"(?:ssh|scp|rsync|aws|mc|rclone)\b", _names_files_of_ours, "needs another machine"),
    _row(r"(?:psql|pg_dump|pg_restore|pg_basebackup|pgbackrest|nats|nginx|caddy|certbot|traefik|prometheus|promtool)\b",
         _names_files_of_ours, "that program is not here"),
)  # fmt: skip
