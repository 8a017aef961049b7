"""Runs a chain of blocks in an empty folder, against the server of the tests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import doc_exceptions
from doc_blocks import Block
from doc_server import DocServer

SHELLS: Final = frozenset({"bash", "sh", "console"})
RUN: Final = SHELLS | {"python"}
# Packages of .venv-integrations that `make test` does not have.
FRAMEWORKS: Final = frozenset(
    {
        "accelerate", "datasets", "hydra", "keras", "lightning", "lightgbm", "omegaconf", "optuna",
        "pytorch_lightning", "tensorflow", "torch", "torchvision", "transformers", "xgboost",
    }
)  # fmt: skip
_PATIENCE_S: Final = 240
_IMPORT: Final = re.compile(r"^\s*(?:import|from)\s+([a-z_]+)(?:\.([a-z_]+)\.([a-z_]+))?", re.MULTILINE)
_NOTHING: Final = ":"
_PREAMBLE: Final = 'set -eu -o pipefail\ncurl() { command curl --fail-with-body --silent --show-error "$@"; }\n'


def is_for_frameworks(chain: Sequence[Block]) -> bool:
    """Whether it imports what only the environment of the frameworks has."""
    return any(frameworks(block.setup + block.text) for block in chain if block.language == "python")


def frameworks(text: str) -> set[str]:
    """The frameworks that a Python text imports, by itself or through an adapter of ours."""
    found: set[str] = set()
    for package, middle, last in _IMPORT.findall(text):
        found.add(last if (package, middle) == ("argus", "integrations") else package)
    return found & FRAMEWORKS


def run(chain: Sequence[Block], server: DocServer, folder: Path) -> None:
    """Run it, process after process.

    Raises:
        AssertionError: a block did not end as it should; with all that it printed.
    """
    for kind, blocks in groupby(chain, key=_process):
        group = list(blocks)
        if kind.startswith("file "):
            for block in group:
                target = folder / block.marks["file"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(server.filled_in(_with_setup(block)))
        elif kind in {"python", "shell"}:
            _run(group, kind, server, folder)


def _process(block: Block) -> str:
    if "file" in block.marks:
        return f"file {block.marks['file']}"
    return "shell" if block.language in SHELLS else block.language


def _run(blocks: Sequence[Block], kind: str, server: DocServer, folder: Path) -> None:
    texts = [_with_setup(block) if kind == "python" else shell_text(block) for block in blocks]
    script = folder / f"block-{blocks[0].line}.{'py' if kind == 'python' else 'sh'}"
    script.write_text(("" if kind == "python" else _PREAMBLE) + server.filled_in("\n".join(texts)))
    if kind == "shell" and all(line.strip() in {"", _NOTHING} for text in texts for line in text.split("\n")):
        return
    done = subprocess.run(
        [sys.executable if kind == "python" else "bash", script],
        cwd=folder,
        env=server.environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    wanted = blocks[-1].marks.get("exit", "0")
    told = f"{script.read_text()}\n{done.stdout}\n{done.stderr}"
    is_wanted = str(done.returncode) in wanted.split(",")
    assert is_wanted, f"{blocks[0].place} ended with {done.returncode}, not {wanted}\n{told}"


def _with_setup(block: Block) -> str:
    return f"{block.setup}\n{block.text}" if block.setup else block.text


def shell_text(block: Block) -> str:
    """What is left to run of a block when its exceptions have been checked.

    Raises:
        AssertionError: it is no shell text, or an exception's check does not pass.
    """
    text = _typed(block.text) if block.language == "console" else block.text
    syntax = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert syntax.returncode == 0, f"{block.place}: {syntax.stderr}"
    kept: list[str] = [block.setup] if block.setup else []
    for line in commands(text):
        exception = doc_exceptions.of(line)
        if exception is None:
            kept.append(line)
        else:
            try:
                exception.check(line)
            except AssertionError as error:
                raise AssertionError(f"{block.place}: `{line}`: {error}") from error
            kept.append(_NOTHING)  # a loop or a condition needs a command
    return "\n".join(kept)


def commands(text: str) -> Iterator[str]:
    """Lines of a shell text, each with what continues it: after a backslash, and the text of its here-document."""
    waiting, word = "", ""
    for line in text.split("\n"):
        waiting = f"{waiting}\n{line}" if waiting else line
        if word:
            if line.strip() != word:
                continue
            word = ""
        elif here := re.search(r"<<-?\s*['\"]?(\w+)['\"]?", line):
            word = here[1]
            continue
        elif line.endswith("\\"):
            continue
        if waiting.strip():
            yield waiting
        waiting = ""
    if waiting.strip():
        yield waiting


def _typed(text: str) -> str:
    """The commands of a terminal's text: what follows `$ `, and `> ` where it goes on."""
    kept: list[str] = []
    for line in text.split("\n"):
        goes_on = line.startswith("> ") and bool(kept) and kept[-1].endswith("\\")
        if line.startswith("$ ") or goes_on:
            kept.append(line[2:])
    return "\n".join(kept) + "\n"
