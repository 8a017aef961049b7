"""What the agent decides about commands: to begin, to stop, to refuse; and what it tells of them. No network here.

All of it goes through the ledger before it happens, and every message through the ledger's outbox, so that an agent
that dies anywhere goes on where it was. A run is begun by the supervisor that first claims its folder: an order that is
given twice begins once.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from argus._version import __version__
from argus.agent.api import CAPABILITIES
from argus.agent.following import LAUNCHES, Follower, iso, report
from argus.agent.inspecting import Inspections
from argus.agent.keys import learn
from argus.agent.orders import Order, Rejection, read_order
from argus.agent.overriding import overridden
from argus.agent.policy import Policy, PolicyError
from argus.agent.runs import rerun_environment, resume_environment

if TYPE_CHECKING:
    import subprocess

    from argus.agent.clock import ServerClock
    from argus.agent.ledger import Ledger
    from argus.agent.runs import Runs
    from argus.agent.store import Registration

MOST_RUNS = 4
# A supervisor that has been started says so within moments; on a machine that swaps it may take its time.
_BEGIN_S = 30.0
# Not begun: it waits for a free place here, or the server took it back while it did.
_WAITING = frozenset({"queued", "withdrawn"})
_CLOSED = frozenset({"cancelled", "expired"})

log = logging.getLogger("argus.agent")


class Host:
    """The commands of one registration on this host. Belongs to one thread at a time."""

    def __init__(
        self,
        registration: Registration,
        ledger: Ledger,
        runs: Runs,
        clock: ServerClock,
        folder: str,
        *,
        most_runs: int = MOST_RUNS,
        flag_s: float = 15.0,
        grace_s: float = 30.0,
    ) -> None:
        self._registration = registration
        self._ledger = ledger
        self._runs = runs
        self._clock = clock
        self._folder = folder
        self._most_runs = most_runs
        self._flag_s = flag_s
        self._grace_s = grace_s
        self._follower = Follower(ledger, runs, flag_s=flag_s, grace_s=grace_s)
        self._inspections = Inspections(ledger)

    @property
    def is_draining(self) -> bool:
        """Whether no new runs are taken."""
        return os.path.exists(os.path.join(self._folder, "drain"))

    def handle(self, commands: list[dict[str, Any]]) -> bool:
        """Carry out what the server has for us, which is all that waits. False where nothing of it was new."""
        listed = {str(command["id"]) for command in commands}
        for entry in self._ledger.all():
            if entry.get("state") == "queued" and entry["id"] not in listed:
                self._ledger.note(entry["id"], state="withdrawn")
        return sum(self._handle(command) for command in commands) > 0

    def learn_keys(self, statement: Any) -> None:
        """Pin the server's new keys, where those that are pinned vouch for them. Raises OSError."""
        if learn(self._registration, statement):
            self._registration.save_keys(self._folder)

    def tend(self) -> None:
        """Look at every run that is not over, and tell what happened to it."""
        self._follower.tend()

    def sweep(self) -> None:
        """Let go of what is old: folders of runs, lines of the ledger. Raises OSError."""
        self._runs.sweep({entry["id"] for entry in self._follower.slots()})
        self._ledger.compact()

    def facts(self) -> dict[str, Any]:
        """What a heartbeat tells: the runs that go on, what this host allows, and its clock."""
        children = [
            {
                "command_id": entry["id"],
                "batch_id": entry["batch_id"],
                "pid": entry["pid"],
                "started_at": iso(entry["started_at"]),
            }
            for entry in self._follower.slots()
            if entry["state"] == "started"
        ]
        try:
            policy = Policy.load(self._folder).summary()
        except PolicyError as error:
            policy = {"error": str(error)}
        return {
            "children": children,
            "is_draining": self.is_draining,
            "policy": policy,
            "version": __version__,
            "capabilities": CAPABILITIES,
            "clock": iso(time.time()),
        }

    def answered(self, command_id: str, status: str | None) -> None:
        """The server has told what it makes of a command: one that it had given up must not run on."""
        entry = self._ledger.get(command_id)
        if status in _CLOSED and entry is not None and entry.get("state") == "started":
            log.warning("command %s was %s while it began here: stopping it", command_id, status)
            self._runs.run(command_id).stop(flag_s=0, grace_s=self._grace_s)

    def _handle(self, raw: dict[str, Any]) -> bool:
        command_id = str(raw["id"])
        known = self._ledger.get(command_id)
        try:
            order = read_order(raw, self._registration)
            if known is not None and known.get("digest") not in (None, order.digest):
                raise Rejection("Another command came with the id of one that is known here.")
            if known is None or known["state"] in _WAITING:
                # One that waits here is held open by the server, which names it with every answer.
                if order.is_expired(self._clock.now()) and (known is None or known["state"] != "queued"):
                    raise Rejection(f"Its deadline was {order.deadline}.")
                return self._begin(order, known)
        except Rejection as rejection:
            return self._reject(command_id, str(raw.get("batch_id")), str(rejection), known)
        self._repeat(order, known)
        return False

    def _begin(self, order: Order, known: dict[str, Any] | None) -> bool:
        if order.kind in LAUNCHES:
            return self._rerun(order, known)
        if order.kind == "stop":
            return self._stop(order)
        if order.kind == "inspect":
            return self._inspections.begin(order.id, self._inspection(order, self._policy()), _facts(order))
        raise Rejection(f"This agent knows no command {order.kind!r}.")

    def _rerun(self, order: Order, known: dict[str, Any] | None) -> bool:
        policy = self._policy()
        spec = self._spec(order, policy)
        wait = self._why_wait(policy, order)
        if wait is not None:
            if known is None or known["state"] == "withdrawn":
                self._ledger.note(order.id, report("queued", detail=wait), **_facts(order), state="queued")
            return known is None
        self._ledger.note(order.id, **_facts(order), state="begun", begun_at=time.time())
        self._launch(order.id, spec)
        return True

    def _launch(self, command_id: str, spec: dict[str, Any]) -> None:
        """Give the order to a supervisor, and wait until it has begun or has ended without."""
        try:
            shim = self._runs.start(command_id, spec)
        except OSError as error:
            self._follower.fail(command_id, f"The supervisor could not be started: {error}.")
            return
        self._await(command_id, shim)

    def _await(self, command_id: str, shim: subprocess.Popen[bytes]) -> None:
        run = self._runs.run(command_id)
        until = time.monotonic() + _BEGIN_S
        while not run.events(0) and time.monotonic() < until:
            if shim.poll() is not None and not run.is_supervised:
                break
            time.sleep(0.01)
        self._follower.follow(command_id)
        entry = self._ledger.get(command_id) or {}
        if entry.get("state") == "begun" and shim.poll() is not None and not run.is_supervised:
            self._follower.fail(
                command_id, "The supervisor ended before it began the command; see shim.log of the run."
            )

    def _repeat(self, order: Order, known: dict[str, Any]) -> None:
        """A command that comes again: its acknowledgement was lost, or the agent died while it began."""
        if known["state"] == "begun" and not self._runs.run(order.id).is_claimed:
            self._begin_again(order)
        elif known["state"] in ("started", "over") and not known["outbox"]:
            self._ledger.note(order.id, {"ack": "started", "pid": known.get("pid")})
        elif known["state"] in ("failed", "refused") and not known["outbox"]:
            self._ledger.note(order.id, {"ack": "failed", "error": known.get("error")})

    def _begin_again(self, order: Order) -> None:
        """Whatever became of the first order: only one of two supervisors can claim the run."""
        try:
            if order.is_expired(self._clock.now()):
                raise Rejection("The agent ended while it began this command, and its deadline is over.")
            spec = self._spec(order, self._policy())
        except Rejection as rejection:
            self._follower.fail(order.id, str(rejection))
        else:
            self._launch(order.id, spec)

    def _stop(self, order: Order) -> bool:
        policy = self._policy()
        run = self._follower.running(order.batch_id)
        if run is None:
            error = "This agent runs no such batch; its reporter asks for the stop itself."
            self._ledger.note(order.id, {"ack": "failed", "error": error}, **_facts(order), state="failed", error=error)
            return True
        if policy.dry_run:
            raise Rejection(f"The policy of this host only tries things out: it would stop {order.batch_id}.")
        pid = (run.process or {}).get("pid")
        said = report("note", pid=pid, detail=f"It has {self._flag_s:g} s to end by itself, then SIGTERM.")
        self._ledger.note(order.id, {"ack": "started", "pid": pid}, said, **_facts(order), state="started", pid=pid)
        log.info("stopping batch %s (pid %s)", order.batch_id, pid)
        run.stop(flag_s=self._flag_s, grace_s=self._grace_s)
        return True

    def _spec(self, order: Order, policy: Policy) -> dict[str, Any]:
        """What is to run. Raises `Rejection` where it may not."""
        payload = order.payload
        self._check_requester(order, policy)
        recorded, folder = payload.get("command"), payload.get("cwd")
        if not recorded:
            raise Rejection("The batch has no recorded command.")
        overrides, recorded_environment = payload.get("overrides"), payload.get("env")
        command = overridden(str(recorded), overrides if isinstance(overrides, dict) else {})
        folder = _real(folder) if folder else None
        objection = policy.objection(str(recorded), folder)
        if objection is None and not command.startswith(str(recorded)):
            # A value that stands where another stood can make another command of it, as after `bash -c`.
            objection = policy.objection(command, folder)
        if objection is not None:
            raise Rejection(objection)
        if policy.dry_run:
            raise Rejection(f"The policy of this host only tries things out: it would run `{command}` in {folder}.")
        environment = rerun_environment(
            dict(os.environ),
            recorded_environment if isinstance(recorded_environment, dict) else None,
            policy,
            batch_id=order.batch_id,
            url=self._registration.argus_url,
            token=os.environ.get("ARGUS_TOKEN") or self._registration.reporter_token,
        )
        environment |= resume_environment(order.kind, payload)
        return {
            "command": command,
            "cwd": folder or os.path.expanduser("~"),
            "env": environment,
            "grace_s": self._grace_s,
        }

    def _inspection(self, order: Order, policy: Policy) -> dict[str, Any]:
        """What is to be looked at. Raises `Rejection` where the policy would let nothing run."""
        self._check_requester(order, policy)
        payload = order.payload
        recorded, folder, paths = payload.get("command"), payload.get("cwd"), payload.get("paths")
        folder = _real(folder) if folder else os.path.expanduser("~")
        objection = policy.objection(str(recorded or ""), folder)
        if objection is not None:
            raise Rejection(objection)
        if policy.dry_run:
            raise Rejection(f"The policy of this host only tries things out: it would look at {folder}.")
        environment = payload.get("env")
        variables = rerun_environment(
            dict(os.environ),
            environment if isinstance(environment, dict) else None,
            policy,
            batch_id=order.batch_id,
            url=self._registration.argus_url,
            token=None,
        )
        return {
            "command": None if recorded is None else str(recorded),
            "cwd": folder,
            # The packages of a run need no token to be listed.
            "env": {name: value for name, value in variables.items() if not name.startswith("ARGUS_")},
            "commit": payload.get("commit"),
            "paths": [str(path) for path in paths] if isinstance(paths, list) else [],
            "directories": policy.directories,
        }

    def _check_requester(self, order: Order, policy: Policy) -> None:
        owner, owner_id = self._registration.owner, self._registration.owner_id
        if policy.allowed_users is not None:
            allowed = order.requester in policy.allowed_users
        elif owner_id is not None and order.requested_by_id is not None:
            allowed = order.requested_by_id == owner_id
        else:
            # A server of the contract sends names alone; one that told us no name cannot be held against it.
            allowed = owner is None or order.requester == owner
        if not allowed:
            raise Rejection(f"The policy of this host does not list {order.requester}, who asked for it.")

    def _policy(self) -> Policy:
        try:
            return Policy.load(self._folder)
        except PolicyError as error:
            raise Rejection(f"The policy of this host cannot be obeyed. {error}") from error

    def _why_wait(self, policy: Policy, order: Order) -> str | None:
        if self.is_draining:
            return "The agent is draining: it takes no new runs."
        most = self._most_runs if policy.max_runs is None else min(policy.max_runs, self._most_runs)
        slots = self._follower.slots()
        if any(entry["batch_id"] == order.batch_id for entry in slots):
            return "A process of this batch has not ended yet."
        running = len(slots)
        return f"{running} of at most {most} runs go on here." if running >= most else None

    def _reject(self, command_id: str, batch_id: str, reason: str, known: dict[str, Any] | None) -> bool:
        log.warning("refused command %s: %s", command_id, reason)
        if known is not None and known["state"] not in _WAITING:
            if known.get("rejected") != reason:
                said = report("note", detail=f"A repetition was refused: {reason}")
                self._ledger.note(command_id, said, rejected=reason)
            return False
        messages = (report("refused", detail=reason), {"ack": "failed", "error": reason})
        self._ledger.note(command_id, *messages, batch_id=batch_id, state="refused", error=reason)
        return True


def _real(folder: object) -> str:
    if not os.path.isabs(str(folder)):
        raise Rejection("Its folder is not an absolute path.")
    try:
        return os.path.realpath(str(folder))
    except ValueError as error:
        raise Rejection(f"Its folder is none: {error}.") from error


def _facts(order: Order) -> dict[str, Any]:
    return {"kind": order.kind, "batch_id": order.batch_id, "digest": order.digest, "deadline": order.deadline}
