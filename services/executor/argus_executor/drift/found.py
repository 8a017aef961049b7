"""What a host answered, as far as it can be read: it is another machine's word, so nothing in it is taken on trust."""

from __future__ import annotations

from typing import Any

import msgspec


class FoundGit(msgspec.Struct, frozen=True):
    """The code in the folder of the run. `ahead` and `behind` count commits since the recorded one."""

    commit: str
    branch: str | None = None
    is_dirty: bool | None = None
    diff_sha256: str | None = None
    diff_bytes: int = 0
    untracked: int = 0
    subject: str | None = None
    recorded_subject: str | None = None
    ahead: int | None = None
    behind: int | None = None
    changed_files: list[str] = []
    n_changed_files: int = 0


class FoundPath(msgspec.Struct, frozen=True):
    """A path of the record. `exists` is null where the host does not say: its policy forbids to look."""

    path: str
    exists: bool | None = None
    is_dir: bool = False
    size: int | None = None
    modified: str | None = None


class Found(msgspec.Struct, frozen=True):
    """All of it; null is what the host cannot tell. Without `git` nothing was said of code, with null there is none."""

    cwd_exists: bool
    at: str | None = None
    is_whole: bool = True
    command_found: bool | None = None
    command_missing: str | None = None
    os: str | None = None
    driver: str | None = None
    gpus: list[str] | None = None
    git: FoundGit | msgspec.UnsetType | None = msgspec.UNSET
    disk_free: int | None = None
    disk_total: int | None = None
    python: str | None = None
    packages: dict[str, str] | None = None
    cuda: str | None = None
    paths: list[FoundPath] = []


def read(result: dict[str, Any] | None) -> Found | None:
    """The answer; None where it is none."""
    try:
        return msgspec.convert(result, Found)
    except msgspec.ValidationError:
        return None
