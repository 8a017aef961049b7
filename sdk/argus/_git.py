"""What git knows about the code that runs. Git itself is asked; without it, nothing is known."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading

from argus._secrets import mask_code, mask_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_GIT_TIMEOUT_S = 5.0
_SHA_TIMEOUT_S = 1.0
# What of the diff is sent, and what is read at most to count and hash the whole.
_DIFF_SENT = 256 * 1024
_DIFF_READ = 64 * 1024 * 1024
_PIECE = 256 * 1024
_UNTRACKED_SENT = 200
_CHANGED_SENT = 50
_UNTRACKED_READ = 4 * 1024 * 1024
_NICENESS = 10


def short_commit(folder: str) -> str | None:
    """The short sha of the commit that is checked out in `folder`, if it is a repository."""
    return _git(folder, _SHA_TIMEOUT_S, "rev-parse", "--short", "HEAD")


def full_commit() -> str | None:
    """The full sha of the commit that is checked out here, if this is a repository."""
    return _git(os.getcwd(), _SHA_TIMEOUT_S, "rev-parse", "HEAD")


def git_state(folder: str, *, with_diff: bool = True) -> dict[str, object]:
    """Commit, branch, remote, and how the files differ from the commit; empty outside a repository."""
    sha = _git(folder, _GIT_TIMEOUT_S, "rev-parse", "HEAD")
    if sha is None:
        return {}
    status = _git(folder, _GIT_TIMEOUT_S, "status", "--porcelain", "--untracked-files=no")
    remote = _git(folder, _GIT_TIMEOUT_S, "config", "--get", "remote.origin.url")
    state: dict[str, object] = {
        "git_sha": sha,
        "git_branch": _git(folder, _GIT_TIMEOUT_S, "rev-parse", "--abbrev-ref", "HEAD"),
        "git_dirty": None if status is None else bool(status),
        "git_remote": mask_text(remote) if remote else None,
    }
    if with_diff:
        state.update(dirty_diff(folder) if status else {})
        state.update(untracked_files(folder))
    return state


def compared_with(folder: str, commit: str | None) -> dict[str, object]:
    """The subject of the commit that is checked out, and how far it is from another one that git may know.

    `ahead` and `behind` count commits on either side; `changed_files` are the first of `n_changed_files`.
    """
    state: dict[str, object] = {"subject": _subject(folder, "HEAD")}
    known = _subject(folder, commit) if commit is not None else None
    if known is None:
        return state
    state["recorded_subject"] = known
    counts = _git(folder, _GIT_TIMEOUT_S, "rev-list", "--left-right", "--count", f"{commit}...HEAD")
    if counts is not None:
        behind, ahead = counts.split()
        state.update(ahead=int(ahead), behind=int(behind))
    names = _git(folder, _GIT_TIMEOUT_S, "diff", "--name-only", f"{commit}", "HEAD")
    if names is not None:
        files = names.splitlines()
        state.update(changed_files=[mask_text(name) for name in files[:_CHANGED_SENT]], n_changed_files=len(files))
    return state


def dirty_diff(folder: str) -> dict[str, object]:
    """What `git diff HEAD` says: its beginning with secrets masked, and size and sha256 of the whole as git wrote it.

    The sha256 is left out of a diff so large that it was not read to its end.
    """
    sha256 = hashlib.sha256()
    kept = bytearray()
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        sha256.update(piece)
        kept.extend(piece[: _DIFF_SENT - len(kept)])

    is_whole = _stream(folder, _DIFF_READ, take, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv")
    if not size:
        return {}
    text = mask_code(kept.decode("utf-8", "replace"))
    left_out = size - len(kept)
    return {
        "git_diff": f"{text}\n… {left_out} bytes more" if left_out else text,
        "git_diff_truncated": bool(left_out) or not is_whole,
        "git_diff_bytes": size,
        "git_diff_sha256": sha256.hexdigest() if is_whole else None,
    }


def untracked_files(folder: str) -> dict[str, object]:
    """Files of the repository that git neither tracks nor ignores: how many, and the names of the first.

    A folder that git knows nothing of is one name, ending in a slash.
    """
    output = bytearray()
    which = ("--others", "--exclude-standard", "--directory", "--no-empty-directory", "--full-name", "-z", "--", ":/")
    _stream(folder, _UNTRACKED_READ, output.extend, "ls-files", *which)
    names = output.split(b"\0")[:-1]
    if not names:
        return {}
    sent = [mask_text(name.decode("utf-8", "replace")) for name in names[:_UNTRACKED_SENT]]
    return {"git_untracked": sent, "git_untracked_count": len(names)}


def _subject(folder: str, commit: str) -> str | None:
    subject = _git(folder, _GIT_TIMEOUT_S, "log", "-1", "--format=%s", commit, "--")
    return mask_text(subject)[:200] if subject is not None else None


def _git(folder: str, timeout_s: float, *arguments: str) -> str | None:
    """A git command's output; None where git, the repository or an answer in time is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _stream(folder: str, limit: int, take: Callable[[bytes], None], *arguments: str) -> bool:
    """Give a git command's output to `take` piece by piece; False where it failed, or time or `limit` ended it."""
    try:
        process = subprocess.Popen(
            ["git", "-C", folder, "-c", "core.quotePath=off", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
    except OSError:
        return False
    deadline = threading.Timer(_GIT_TIMEOUT_S, process.kill)
    deadline.start()
    try:
        with process:
            _lower_priority(process.pid)
            assert process.stdout is not None
            while limit > 0 and (piece := process.stdout.read(_PIECE)):
                limit -= len(piece)
                take(piece)
            if limit <= 0:
                process.kill()
    finally:
        deadline.cancel()
    return process.returncode == 0


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _lower_priority(pid: int) -> None:
    """Let the training go first."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
    except (AttributeError, OSError):
        pass  # no such call here, or git has ended already
