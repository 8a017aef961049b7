"""Takes the laboratory back: its batches with all files, its machines, its people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from demo_lab.events import Told
from demo_lab.plan import batches
from demo_lab.readings import Laboratory
from demo_lab.server import Account, Server, State, accounts, sign_in
from demo_lab.telling import times_of
from demo_lab.world import MACHINES


def remove(server: Server, state: State, token: str | None, say: Callable[[str], None]) -> None:
    """Everything that this state tells of."""
    if "anchor" not in state.known:
        say("There is nothing to remove.")
        return
    people = accounts(server, state, token)
    _end_what_runs(server, state, {person.username: account for person, account in people.items()})
    ids = sorted(state.known.get("told", ()))
    for account in set(people.values()):
        server.call("POST", "/api/batches/bulk-delete", account.credential, json={"batch_ids": ids})
        server.call(
            "POST", "/api/trash/purge", account.credential, ok=(403, 404, 405, 422), json={"batches": ids, "jobs": []}
        )
    hosts = 0
    for machine in MACHINES:
        # A machine that was heard of just now stays; so does one where the account is no administrator's.
        gone = server.call(
            "DELETE", f"/api/hosts/{quote(machine.name)}", next(iter(people.values())).credential, ok=(403, 409)
        )
        hosts += gone is not None
    kept = [name for name, known in state.known.get("people", {}).items() if not _leave(server, known)]
    say(
        f"{len(ids)} batches are gone, and {hosts} machines; those heard of a moment ago leave the lists by themselves."
    )
    if kept:
        say(f"Still there, since somebody has to be the administrator: {', '.join(kept)}.")
        state.known = {"people": {name: state.known["people"][name] for name in kept}}
        state.save()
    else:
        state.forget()


def _end_what_runs(server: Server, state: State, people: dict[str, Account]) -> None:
    """A batch that runs is not deleted under its own feet."""
    times, now = times_of(state), datetime.now(UTC)
    plans = batches(times)
    laboratory = Laboratory(plans, times.live)
    for batch in plans:
        if batch.fate != "ended" and batch.id in state.known.get("told", ()):
            told = Told(batch, laboratory, times, now)
            server.report(people[batch.owner.username], [told.event("batch_failed", {"reason": "demo removed"}, now)])


def _leave(server: Server, known: dict[str, str]) -> bool:
    body = {"runs": "delete", "current_password": known["password"]}
    return server.call("DELETE", "/api/auth/me", sign_in(server, known), ok=(400, 403, 409), json=body) is not None
