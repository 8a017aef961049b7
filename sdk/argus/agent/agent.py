"""The agent: one thread asks for commands, one tells what happened and that we live, one watches the runs."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from argus._delivery import backoff
from argus._transport import Unreachable
from argus.agent.api import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from argus.agent.api import AgentApi
    from argus.agent.host import Host
    from argus.agent.ledger import Ledger
    from argus.agent.store import Registration

HEARTBEAT_S = 30.0
# How long a server may hold a question. One that answers an empty question sooner knows no such thing.
WAIT_S = 25
# Commands that wait on this host come with every answer; then this is how soon the next question is asked.
_QUEUED_S = 1.0
# So many questions in a row may be freed early before the server's own interval is kept.
_FREED_OFTEN = 2
_TEND_S = 0.2
_SWEEP_S = 3600.0
_END_S = 5.0
_NEW_REGISTRATION = (401, 403)
_TRY_AGAIN = (408, 425, 429)

log = logging.getLogger("argus.agent")


class Agent:
    """Carries out the commands of one registration until `stop()`. Runs that were started go on without it."""

    def __init__(
        self, registration: Registration, polling: AgentApi, telling: AgentApi, host: Host, ledger: Ledger
    ) -> None:
        """`polling` and `telling` are two connections: a question that waits holds up no answer."""
        self._registration = registration
        self._polling = polling
        self._telling = telling
        self._host = host
        self._ledger = ledger
        self._over = threading.Event()
        self._something_to_say = threading.Event()
        self._host_lock = threading.Lock()
        self._next_heartbeat = 0.0
        self._has_asked = False
        self._freed = 0
        self._failure: Exception | None = None

    def stop(self) -> None:
        """End soon. May be called by a signal handler."""
        self._over.set()
        self._something_to_say.set()

    def run(self) -> None:
        """Go on until stopped.

        Raises:
            Refused: the server knows this agent no more (401, 403).
            OSError: the agent's folder cannot be written, so nothing may be begun.
        """
        threads = [
            threading.Thread(target=self._guarded, args=(loop,), name=f"argus-agent-{name}", daemon=True)
            for name, loop in (("poll", self._poll), ("tell", self._tell), ("watch", self._watch))
        ]
        for thread in threads:
            thread.start()
        while not self._over.wait(3600):
            pass
        self._polling.interrupt()
        for thread in threads:
            thread.join(_END_S)
        if self._failure is not None:
            raise self._failure

    def ask(self, wait_s: int = 0) -> float:
        """One question and what it brings. Returns the seconds to rest. Raises `Unreachable`, `Refused`, OSError."""
        begun = time.monotonic()
        known = self._registration.keys_serial
        commands, keys = self._polling.poll(self._registration.agent_id, wait_s, known)
        with self._host_lock:
            # First the keys: what comes with them may be signed with a new one.
            self._host.learn_keys(keys)
            anything_new = self._host.handle(commands)
        self._something_to_say.set()
        if anything_new:
            self._freed = 0
            return 0.0
        if commands:
            return min(_QUEUED_S, self._registration.poll_interval_s)
        return self._registration.poll_interval_s if wait_s == 0 else self._rest_after(time.monotonic() - begun, wait_s)

    def _rest_after(self, lasted_s: float, wait_s: int) -> float:
        """Seconds until the next question after one that brought nothing within `lasted_s`.

        One that is freed early is asked again: its server ends, or another question took its place. Where that happens
        again and again, the server knows no such thing, or holds as many as it can, and its own interval is kept.
        """
        if lasted_s > wait_s / 2:
            self._freed = 0
            return 0.0
        self._freed += 1
        often = self._freed > _FREED_OFTEN
        return self._registration.poll_interval_s if often else min(_QUEUED_S, self._registration.poll_interval_s)

    def tell(self) -> None:
        """Send a heartbeat if it is due, and what the server has not heard. Raises `Unreachable`, `Refused`, OSError.

        A command's messages go in their order; one that is held up does not hold up other commands.
        """
        if time.monotonic() >= self._next_heartbeat:
            with self._host_lock:
                facts = self._host.facts()
            self._telling.heartbeat(self._registration.agent_id, facts)
            self._next_heartbeat = time.monotonic() + HEARTBEAT_S
        held_up: dict[str, Refused] = {}
        for command_id, message in self._ledger.unsaid():
            if command_id in held_up:
                continue
            try:
                self._say(command_id, message)
            except Refused as refusal:
                if refusal.status in _NEW_REGISTRATION:
                    raise
                if refusal.status in _TRY_AGAIN or refusal.status >= 500:
                    held_up[command_id] = refusal
                    continue
                log.info("the server takes no word of command %s: %s", command_id, refusal)
            self._ledger.said(command_id, message["n"])
        if held_up:
            raise next(iter(held_up.values()))

    def watch(self) -> None:
        """Look after the runs once. Raises OSError."""
        with self._host_lock:
            self._host.tend()
        if self._ledger.unsaid():
            self._something_to_say.set()

    def _say(self, command_id: str, message: dict[str, object]) -> None:
        agent_id = self._registration.agent_id
        report = message.get("report")
        if isinstance(report, dict):
            status = self._telling.report(agent_id, command_id, {"seq": message["n"], **report})
            with self._host_lock:
                self._host.answered(command_id, status)
        else:
            pid, error = message.get("pid"), message.get("error")
            self._telling.acknowledge(
                agent_id,
                command_id,
                str(message["ack"]),
                pid=pid if isinstance(pid, int) else None,
                error=str(error) if error is not None else None,
            )

    def _poll(self) -> None:
        self._persist(lambda: self._over.wait(self._first() if not self._has_asked else self.ask(WAIT_S)))

    def _first(self) -> float:
        """Ask without waiting: what was handed to an agent that is gone would end a held question only later."""
        self.ask()
        self._has_asked = True
        return 0.0

    def _tell(self) -> None:
        def once() -> None:
            self._something_to_say.clear()
            self.tell()
            self._something_to_say.wait(max(0.0, self._next_heartbeat - time.monotonic()))

        self._persist(once)

    def _watch(self) -> None:
        next_sweep = 0.0
        while not self._over.wait(_TEND_S):
            self.watch()
            if time.monotonic() >= next_sweep:
                with self._host_lock:
                    self._host.sweep()
                next_sweep = time.monotonic() + _SWEEP_S

    def _persist(self, once: Callable[[], object]) -> None:
        """Again and again, more slowly while the server does not answer."""
        failures = 0
        while not self._over.is_set():
            try:
                once()
                failures = 0
            except Unreachable as error:
                failures += 1
                log.warning("the server does not answer: %s", error)
            except Refused as refusal:
                if refusal.status in _NEW_REGISTRATION:
                    raise
                failures += 1
                log.warning("the server refused: %s", refusal)
            if failures:
                self._over.wait(backoff(failures))

    def _guarded(self, loop: Callable[[], None]) -> None:
        """A thread that cannot go on ends the agent, which says why."""
        try:
            loop()
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
        finally:
            self.stop()
