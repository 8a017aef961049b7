"""The record of a batch against what its host has now: pure decisions, no I/O.

Only what differs becomes an item, the gravest first. What was not recorded is not missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from argus_executor.drift.found import Found, FoundGit, FoundPath
from argus_executor.drift.items import ORDER, Change, Commits, Item, Kind, Severity
from argus_executor.drift.packages import package_items

# A run that cannot write its checkpoint has run for nothing.
_LITTLE_DISK: Final = 2 * 1024**3
_MOST_FILES: Final = 50
_B, _W, _I = Severity.BLOCKER, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the batch: its command, its `env_snapshot`, when it began, and which paths it writes."""

    command: str | None
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    began_at: datetime | None = None
    outputs: frozenset[str] = frozenset()


def compare(record: Record, found: Found) -> list[Item]:
    """What differs, the gravest first."""
    items = [
        *_place(record, found),
        *_code(record.snapshot, found),
        *_software(record.snapshot, found),
        *_machine(record.snapshot, found),
        *(item for path in found.paths for item in _path(record, path)),
    ]
    return sorted(items, key=lambda item: ORDER[item.severity])


def _place(record: Record, found: Found) -> Iterator[Item]:
    cwd = _text(record.snapshot, "cwd")
    if cwd is None:
        yield Item(Kind.CWD, Change.UNKNOWN, _W)
    elif not found.cwd_exists:
        yield Item(Kind.CWD, Change.REMOVED, _B, recorded=cwd)
    if not record.command:
        yield Item(Kind.COMMAND, Change.UNKNOWN, _B)
    elif found.command_found is False:
        yield Item(Kind.COMMAND, Change.REMOVED, _B, found.command_missing or "", recorded=record.command)


def _code(snapshot: Mapping[str, Any], found: Found) -> Iterator[Item]:
    sha, git = _text(snapshot, "git_sha"), found.git
    if sha is None or not found.cwd_exists:
        return
    if git is msgspec.UNSET:
        yield Item(Kind.COMMIT, Change.UNKNOWN, _I, recorded=sha)
    elif git is None:
        yield Item(Kind.COMMIT, Change.REMOVED, _W, recorded=sha)
    elif isinstance(git, FoundGit):
        yield from _commit(sha, _text(snapshot, "git_branch"), git)
        yield from _dirty(snapshot, git)


def _commit(sha: str, branch: str | None, git: FoundGit) -> Iterator[Item]:
    if not git.commit.startswith(sha) and not sha.startswith(git.commit):
        files = tuple(git.changed_files[:_MOST_FILES])
        commits = Commits(git.recorded_subject, git.subject, git.ahead, git.behind, files, git.n_changed_files)
        yield Item(Kind.COMMIT, Change.CHANGED, _W, recorded=sha, found=git.commit, commits=commits)
    if branch is not None and git.branch is not None and branch != git.branch:
        yield Item(Kind.BRANCH, Change.CHANGED, _I, recorded=branch, found=git.branch)


def _dirty(snapshot: Mapping[str, Any], git: FoundGit) -> Iterator[Item]:
    was, now = snapshot.get("git_dirty"), git.is_dirty
    before = _text(snapshot, "git_diff_sha256")
    if not isinstance(was, bool) or now is None:
        return
    if was and now:
        # Without a hash of both nobody can say whether they are the same.
        is_same = before is not None and before == git.diff_sha256
        is_known = before is not None and git.diff_sha256 is not None
        if not is_same:
            change, severity = (Change.CHANGED, _W) if is_known else (Change.UNKNOWN, _I)
            yield Item(Kind.DIRTY, change, severity, recorded=before, found=git.diff_sha256)
    elif was != now:
        yield Item(Kind.DIRTY, Change.REMOVED if was else Change.ADDED, _W, recorded=before, found=git.diff_sha256)


def _software(snapshot: Mapping[str, Any], found: Found) -> Iterator[Item]:
    python = _text(snapshot, "python_version")
    if python is not None and found.python is not None and python != found.python:
        is_minor = python.split(".")[:2] == found.python.split(".")[:2]
        yield Item(Kind.PYTHON, Change.CHANGED, _I if is_minor else _W, recorded=python, found=found.python)
    if found.cwd_exists:
        yield from package_items(snapshot.get("pip_freeze"), found.packages)
    cuda = _text(snapshot, "cuda_version") or _text(snapshot, "hip_version")
    if cuda is not None and found.packages is not None and cuda != found.cuda:
        yield Item(Kind.CUDA, _to(found.cuda), _W, recorded=cuda, found=found.cuda)


def _machine(snapshot: Mapping[str, Any], found: Found) -> Iterator[Item]:
    driver = _text(snapshot, "driver_version")
    if driver is not None and driver != found.driver:
        is_older = found.driver is not None and _major(found.driver) < _major(driver)
        yield Item(Kind.DRIVER, _to(found.driver, Change.UNKNOWN), _W if is_older else _I, "", driver, found.driver)
    names = snapshot.get("gpu_names")
    if isinstance(names, list) and names:
        yield from _gpus(Counter(str(name) for name in names), None if found.gpus is None else Counter(found.gpus))
    system = _text(snapshot, "os")
    if system is not None and found.os is not None and system != found.os:
        yield Item(Kind.SYSTEM, Change.CHANGED, _I, recorded=system, found=found.os)
    if found.disk_free is not None and found.disk_free < _LITTLE_DISK:
        yield Item(Kind.DISK, Change.CHANGED, _W, found=str(found.disk_free))


def _gpus(before: Counter[str], after: Counter[str] | None) -> Iterator[Item]:
    if after is None:
        yield Item(Kind.GPU, Change.UNKNOWN, _I, recorded=_counted(before))
    elif before != after:
        # More of what was there does no harm.
        severity = _W if before - after else _I
        yield Item(Kind.GPU, _to(_counted(after)), severity, recorded=_counted(before), found=_counted(after))


def _path(record: Record, path: FoundPath) -> Iterator[Item]:
    is_output = path.path in record.outputs
    if path.exists is None:
        yield Item(Kind.PATH, Change.UNKNOWN, _I, path.path)
    elif not path.exists:
        # Who writes it makes it.
        if not is_output:
            yield Item(Kind.PATH, Change.REMOVED, _W, path.path)
    elif not is_output and not path.is_dir and _is_later(path.modified, record.began_at):
        yield Item(Kind.PATH, Change.CHANGED, _I, path.path, found=path.modified)


def _is_later(modified: str | None, began_at: datetime | None) -> bool:
    if modified is None or began_at is None:
        return False
    try:
        at = datetime.fromisoformat(modified)
    except ValueError:
        return False
    return at.tzinfo is not None and at > began_at


def _to(found: str | None, without: Change = Change.REMOVED) -> Change:
    return Change.CHANGED if found is not None else without


def _counted(names: Counter[str]) -> str | None:
    return ", ".join(f"{n} × {name}" if n > 1 else name for name, n in names.items()) or None


def _major(version: str) -> int:
    head = version.partition(".")[0]
    return int(head) if head.isascii() and head.isdigit() else 0


def _text(snapshot: Mapping[str, Any], key: str) -> str | None:
    value = snapshot.get(key)
    return value if isinstance(value, str) and value else None
