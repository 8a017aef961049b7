"""Which files a batch's record names: in its command, its overrides and its configuration. Pure.

Whether a word is a path can only be guessed. What is named without a folder counts by its ending, so that the name of a
model (`bert/base`) is not missed as a file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

MOST: Final = 100
_LONGEST: Final = 1_024
_DEEPEST: Final = 8
_MOST_LEAVES: Final = 5_000
_NO_PATH: Final = re.compile(r"[\s*?{}$<>|;,=\"'`\x00]|://")
_ROOTED: Final = re.compile(r"(?:/|~/|\./|\.\./)[^/]")
_WITH_ENDING: Final = re.compile(r".*/[^/]*[^/.]\.[A-Za-z][A-Za-z0-9]{0,9}")
_OF_DATA: Final = re.compile(
    r"[^/]+\.(?:csv|tsv|jsonl?|ya?ml|toml|cfg|ini|txt|pt|pth|ckpt|safetensors|bin|onnx|pkl|npy|npz|h5|hdf5|parquet"
    r"|arrow|tfrecord|zip|tar|gz|tgz|zst|db|sqlite)",
    re.IGNORECASE,
)
_SYSTEMS_OWN: Final = ("/dev/", "/proc/", "/sys/")
_WORD: Final = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")
_WRITES: Final = frozenset(
    {"out", "output", "outputs", "save", "saved", "saves", "log", "logs", "logdir", "logger", "logging", "result"}
    | {"results", "export", "exports", "dump", "run", "runs", "work", "workdir", "tmp", "temp", "cache", "hydra"}
    | {"tensorboard", "wandb"}
)
_FOLDERS: Final = frozenset({"dir", "folder", "root"})
_STATES: Final = frozenset({"checkpoint", "checkpoints", "ckpt", "ckpts"})


class NamedPath(NamedTuple):
    """A path as it was recorded. `is_output`: the run makes it, by the name that it goes by."""

    path: str
    is_output: bool


def paths_of(command: str | None, snapshot: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[NamedPath]:
    """At most `MOST` paths that the record names, each once; those of the command first."""
    found: dict[str, NamedPath] = {}
    config = snapshot.get("config")
    for key, value in (
        *_words(command or ""),
        *_leaves("", overrides),
        *_leaves("", config if isinstance(config, Mapping) else {}),
    ):
        if is_path(value):
            found.setdefault(value, NamedPath(value, _is_output(key)))
    return list(found.values())[:MOST]


def is_path(value: str) -> bool:
    """Whether a text looks like a file's or a folder's path."""
    if len(value) > _LONGEST or _NO_PATH.search(value) or value.startswith(_SYSTEMS_OWN):
        return False
    is_rooted = _ROOTED.match(value) is not None
    return is_rooted or any(pattern.fullmatch(value) for pattern in (_WITH_ENDING, _OF_DATA))


def _words(command: str) -> Iterator[tuple[str, str]]:
    """Pairs of a name and a value: `key=value`, `--key value`, and words that have no name."""
    try:
        words = shlex.split(command)
    except ValueError:
        return
    name = ""
    # The program and its script are looked for as such.
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if equals:
            yield key, value
        elif word.startswith("-"):
            name = word
            continue
        elif not word.endswith(".py"):
            yield name, word
        name = ""


def _leaves(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif depth < _DEEPEST and isinstance(value, Mapping):
        for key, item in list(value.items())[:_MOST_LEAVES]:
            yield from _leaves(f"{name}.{key}", item, depth + 1)
    elif depth < _DEEPEST and isinstance(value, list):
        for item in value[:_MOST_LEAVES]:
            yield from _leaves(name, item, depth + 1)


def _is_output(name: str) -> bool:
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & _WRITES) or (bool(words & _STATES) and bool(words & _FOLDERS))
