"""What a batch was made of, as its page shows it."""

from __future__ import annotations

import re
from typing import Any

_SCP_FORM = re.compile(r"[\w.-]+@(?P<host>[\w.-]+):(?!//)(?P<path>.+)")
_URL_FORM = re.compile(r"(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<path>.+)")


def shown_environment(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """The stored environment with a short commit and the address of its repository for a browser."""
    if stored is None:
        return None
    sha = stored.get("git_sha")
    return {
        **stored,
        "git_sha_short": sha[:8] if isinstance(sha, str) and sha else None,
        "git_remote_url": browsable(stored.get("git_remote")),
    }


def browsable(remote: Any) -> str | None:
    """The https form of a git remote, without user, password, port and `.git`; None when it is no remote host."""
    if not isinstance(remote, str):
        return None
    match = _URL_FORM.fullmatch(remote.strip()) or _SCP_FORM.fullmatch(remote.strip())
    if match is None:
        return None
    return f"https://{match['host']}/{match['path'].strip('/').removesuffix('.git')}"
