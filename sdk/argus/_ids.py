"""Batch ids: random, given, or derived from what is trained."""

from __future__ import annotations

import os

from argus._settings import claim_batch_id

_NO_COMMIT = "no-git"


def new_batch_id(prefix: str = "batch") -> str:
    """A fresh id, `<prefix>-<12 hex>`."""
    return f"{prefix}-{os.urandom(6).hex()}"


def new_run_id(name: str | None) -> str:
    """A random id that begins with the name, as far as that fits into an address: lists show ids."""
    readable = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name or "")
    tail = os.urandom(4).hex()
    return f"{readable[:64].strip('-')}-{tail}".lstrip("-")


def derive_batch_id(project: str, experiment_name: str, git_sha: str | None = None, *, prefix: str = "bench") -> str:
    """The same id for the same project, experiment and commit, so that a restarted run finds its batch.

    `git_sha` defaults to the commit that is checked out here; outside a repository, or for an empty text, the words
    "no-git" stand for it. The id is `<prefix>-` and 16 hex digits of SHA-256 over the three, joined by `|`.
    """
    import hashlib

    if git_sha is None:
        from argus._git import full_commit

        git_sha = full_commit()
    text = f"{project}|{experiment_name}|{git_sha or _NO_COMMIT}"
    return f"{prefix}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def shared_batch_id(project: str, group: str) -> str:
    """The batch of a group: the same for every process that names the same group in the same project."""
    import re

    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", group).strip("-")[:40]
    return derive_batch_id(project, group, "group", prefix=readable or "group")


def choose_batch_id(prefix: str, batch_id: str | None, resume_from: str | None) -> str:
    """An argument, else `ARGUS_BATCH_ID`, else a new id."""
    return str(batch_id or resume_from or claim_batch_id() or new_batch_id(str(prefix)))
