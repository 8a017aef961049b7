"""What a person may do with a batch, or with a project's batches: each role may what the one before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A role on a thing.

    A viewer reads. An editor also changes: stops, reruns, reports to, uploads. An owner also deletes and shares, and in
    a project says who belongs to it. The author is whoever's the batch is: no role that anyone can be given, but
    the least for what concerns nobody else, such as one's own mails.
    """

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"
    AUTHOR = "author"


MEMBERS = (Role.OWNER, Role.EDITOR, Role.VIEWER)
"""The roles that members of a project have."""
EDITORS = (Role.OWNER, Role.EDITOR)
"""Those of them that may change its batches."""
