"""What git knows about the code that runs. Git itself is asked; without it, nothing is known."""

from __future__ import annotations

import os
import subprocess

from argus._secrets import mask_text

_GIT_TIMEOUT_S = 5.0
_SHA_TIMEOUT_S = 1.0


def short_commit(folder: str) -> str | None:
    """The short sha of the commit that is checked out in `folder`, if it is a repository."""
    return _git(folder, _SHA_TIMEOUT_S, "rev-parse", "--short", "HEAD")


def full_commit() -> str | None:
    """The full sha of the commit that is checked out here, if this is a repository."""
    return _git(os.getcwd(), _SHA_TIMEOUT_S, "rev-parse", "HEAD")


def git_state(folder: str) -> dict[str, object]:
    """Commit, branch, remote, and whether files differ from the commit; empty outside a repository."""
    sha = _git(folder, _GIT_TIMEOUT_S, "rev-parse", "HEAD")
    if sha is None:
        return {}
    status = _git(folder, _GIT_TIMEOUT_S, "status", "--porcelain", "--untracked-files=no")
    remote = _git(folder, _GIT_TIMEOUT_S, "config", "--get", "remote.origin.url")
    return {
        "git_sha": sha,
        "git_branch": _git(folder, _GIT_TIMEOUT_S, "rev-parse", "--abbrev-ref", "HEAD"),
        "git_dirty": None if status is None else bool(status),
        "git_remote": mask_text(remote) if remote else None,
    }


def _git(folder: str, timeout_s: float, *arguments: str) -> str | None:
    """A git command's output; None where git, the repository or an answer in time is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
