"""Writes who may do what, from the table and the services' OpenAPI: `python -m argus_standalone.roles [--check]`."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from argus_kit.documents import KEY
from argus_kit.policy import RULES, Permission, Rule
from argus_schema.roles import MEMBERS, Role
from argus_standalone.openapi import document

DEFAULT: Final = Path(__file__).parents[3] / "docs" / "roles.md"

_KINDS: Final = (("full", "session"), ("reporter", "`em_live_`"), ("viewer", "`em_view_`"), ("agent", "`ag_live_`"))
_BOUND: Final = "of one project"
_HEAD: Final = """# Who may do what

Written by `make gen` from the table in `argus_kit.policy` and the services' OpenAPI documents; `make lint` fails where
it differs from them. Each operation names its permission as `x-permission`, and `tests/security/test_role_matrix.py`
asks a running server whether it is so.

## Credentials

A session may do what its person may. `em_live_` may too, but for what guards the account; only it reports events.
`em_view_` reads and changes nothing. `ag_live_` serves its agent and nothing else. A token of one project has nothing
that reaches beyond it: neither its person's settings nor an administrator's rights. Without a credential there is what
`public` and `published.read` open: published projects, batches behind public links, and less of them than people see.

## Roles in a project

| role | may |
|---|---|
| viewer | see the members' batches, jobs, curves, logs and files, and watch them live |
| editor | also stop and rerun them, report to them, upload files, and choose who gets the project's mails |
| owner | also delete and share them, delete files, say who belongs to the project, and delete it |

Whose a batch is has an owner's rights on it, and so have administrators, on all. A share of a batch, or of one's
batches of a project, makes a viewer or an editor of them.

Names of projects are free for all. Membership therefore opens the batches of the members of a project, and of nobody
(batches without an owner), never those of someone who only uses the same name.

* Whoever owns all batches of a project that has no members may add the first, and becomes its owner. Where several
  people have batches of that name, an administrator does.
* Owners and administrators add, change and remove members. Whoever belongs to a project may leave it.
* A project with members always has an owner: the last one can be neither removed nor made less.
* Someone who has batches of that name already is added by administrators alone: the members would see these batches.
* Who leaves takes their batches with them: the members see them no longer.
* An owner deletes a project only where all its batches are of members; else an administrator does.

## Permissions
"""


def text() -> str:
    """The page, the same on every machine."""
    operations = _operations()
    kinds = " | ".join([*(label for _, label in _KINDS), _BOUND])
    lines = [_HEAD, f"| permission | lets one | {kinds} | least role |", "|---" * 8 + "|"]
    lines += [_row(permission, rule) for permission, rule in RULES.items()]
    lines += ["", "## Operations", "", "| permission | operations |", "|---|---|"]
    for name in RULES:
        lines.append(f"| `{name}` | {', '.join(f'`{one}`' for one in operations[name])} |")
    return "\n".join(lines) + "\n"


def _row(permission: Permission, rule: Rule) -> str:
    open_to_all = not rule.credentials
    marks = ["yes" if open_to_all or kind in rule.credentials else "" for kind, _ in _KINDS]
    # A token that is tied to a project, be it to report or to read.
    is_open = open_to_all or (not rule.admin and not rule.beyond and bool({"reporter", "viewer"} & rule.credentials))
    marks.append("yes" if is_open else "")
    return f"| `{permission}` | {rule.says} | {' | '.join(marks)} | {_least(rule)} |"


def _least(rule: Rule) -> str:
    if rule.admin:
        return "administrator"
    if rule.role is Role.AUTHOR:
        return "whose it is"
    return rule.role.value if rule.role in MEMBERS else ""


def _operations() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path, methods in json.loads(document())["paths"].items():
        for method, operation in methods.items():
            found[operation.get(KEY, "")].append(f"{method.upper()} {path}")
    return found


def main() -> None:
    """Entry point."""
    if "--check" not in sys.argv:
        DEFAULT.write_text(text())
    elif not DEFAULT.exists() or DEFAULT.read_text() != text():
        sys.exit(f"{DEFAULT.name} does not match the services; run `make gen`.")


if __name__ == "__main__":
    main()
