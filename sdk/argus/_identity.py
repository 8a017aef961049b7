"""Where events come from: the `source` of their envelopes."""

from __future__ import annotations

import os

from argus._owner import host_name

_SHORT_SHA = 7
_LONGEST_FILE = 4 * 1024 * 1024


class Identity:
    """Project, host, user, commit, command. The commit is read from the repository when it is not given."""

    def __init__(
        self,
        project: str,
        host: str | None = None,
        user: str | None = None,
        commit: str | None = None,
        command: str | None = None,
    ) -> None:
        self.project = project or "default"
        self.host = host
        self.user = user or os.environ.get("USER") or os.environ.get("USERNAME")
        self.commit = commit
        self.command = command
        self.folder = _working_folder()

    def complete(self) -> dict[str, str | None]:
        """All fields. Reads files, so not for the training thread, but runs no command: events wait for this."""
        if self.host is None:
            self.host = host_name()
        if self.commit is None:
            self.commit = (head_commit(self.folder) or "")[:_SHORT_SHA]
        return {
            "project": self.project,
            "host": self.host,
            "user": self.user,
            "commit": self.commit or None,
            "command": self.command,
        }


def head_commit(folder: str) -> str | None:
    """The full sha that is checked out in `folder`, as git's own files say it; None outside a repository."""
    git = _git_folder(os.path.abspath(folder))
    if git is None:
        return None
    head = _text(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return head or None
    reference = head[5:]
    common = os.path.join(git, _text(os.path.join(git, "commondir")) or ".")  # a worktree keeps its branches there
    loose = _text(os.path.join(git, reference)) or _text(os.path.join(common, reference))
    return loose or _packed(os.path.join(common, "packed-refs"), reference)


def _git_folder(folder: str) -> str | None:
    while True:
        path = os.path.join(folder, ".git")
        if os.path.isdir(path):
            return path
        pointer = _text(path)
        if pointer.startswith("gitdir: "):  # a worktree or a submodule
            return os.path.join(folder, pointer[8:])
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _packed(path: str, reference: str) -> str | None:
    for line in _text(path).splitlines():
        sha, _, name = line.partition(" ")
        if name == reference:
            return sha
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST_FILE).strip()
    except OSError:
        return ""


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return os.path.expanduser("~")
