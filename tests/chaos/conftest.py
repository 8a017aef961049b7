"""Systems to disturb, a person on them, and the table of what was tried."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rig.command_run import Executions
from rig.page import Page
from rig.plan import STANDALONE
from rig.run import Outcome
from rig.systems import Stack, Standalone
from rig.verdict import Rows

from argus_standalone.testing import Account

_OUTCOMES: pytest.StashKey[list[Outcome]] = pytest.StashKey()
_EXECUTIONS: pytest.StashKey[list[Executions]] = pytest.StashKey()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A running stack."""
    made = Stack()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[Account]:
    """The first person: an administrator, who may watch the channel of everything."""
    account = Account(stack.url)
    yield account
    account.close()


@pytest.fixture
def page(stack: Stack, ada: Account) -> Iterator[Page]:
    """A page that was open before anything happened."""
    made = Page(stack.url, ada.session, "dashboard")
    yield made
    made.close()


@pytest.fixture
def rows(stack: Stack) -> Callable[[str], Rows]:
    """What PostgreSQL has of a batch."""
    return lambda batch_id: Rows(stack, batch_id)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Call a function until it returns something true."""

    def wait(check: Callable[[], Any], timeout_s: float = 30) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := check()):
            assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
            time.sleep(0.1)
        return found

    return wait


@pytest.fixture(scope="module")
def systems() -> Iterator[Callable[[str], tuple[Any, Account]]]:
    """A system by its mode, with an administrator: one at a time, kept while the mode stays the same."""
    running: dict[str, tuple[Any, Account]] = {}

    def end() -> None:
        for system, account in running.values():
            account.close()
            system.stop()
        running.clear()

    def get(mode: str) -> tuple[Any, Account]:
        if mode not in running:
            end()
            system = Standalone() if mode == STANDALONE else Stack()
            system.start()
            running[mode] = (system, Account(system.url))
        return running[mode]

    yield get
    end()


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> Callable[[Outcome], None]:
    """Takes down what became of a run."""
    return request.config.stash.setdefault(_OUTCOMES, []).append


@pytest.fixture
def executions(request: pytest.FixtureRequest) -> Callable[[Executions], None]:
    """Takes down what became of a run with commands."""
    return request.config.stash.setdefault(_EXECUTIONS, []).append


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Faults x runs x lost x double."""
    _summarize_commands(terminalreporter, config.stash.get(_EXECUTIONS, []))
    found = config.stash.get(_OUTCOMES, [])
    if not found:
        return
    table: dict[tuple[str, str], list[Outcome]] = collections.defaultdict(list)
    for outcome in found:
        for name in {fault.name for fault in outcome.plan.faults} or {"nothing"}:
            table[outcome.plan.mode, name].append(outcome)
    terminalreporter.section("chaos: what was tried")
    terminalreporter.line(
        f"{'mode':10}  {'fault':20}{'runs':>6}{'counted':>9}{'lost':>6}{'double':>8}{'resync':>8}{'s/run':>7}"
    )
    for (mode, name), runs in [*sorted(table.items()), (("all", "together"), found)]:
        counted, lost, double = (sum(getattr(run, field) for run in runs) for field in ("counted", "lost", "double"))
        resynced, wall_s = sum(run.resynced for run in runs), sum(run.wall_s for run in runs) / len(runs)
        terminalreporter.line(
            f"{mode:10}  {name:20}{len(runs):>6}{counted:>9}{lost:>6}{double:>8}{resynced:>8}{wall_s:>7.1f}"
        )


def _summarize_commands(terminalreporter: Any, found: list[Executions]) -> None:
    """Steps x blows x commands x lost x executed twice."""
    if not found:
        return
    terminalreporter.section("chaos: commands")
    terminalreporter.line(f"{'step':26}  {'blow':22}{'runs':>6}{'commands':>10}{'lost':>6}{'twice':>7}{'s/run':>7}")
    table: dict[tuple[str, str], list[Executions]] = collections.defaultdict(list)
    for run in found:
        for blow in run.fallen:
            table[blow.at, blow.name].append(run)
    for (step, name), runs in [*sorted(table.items()), (("all", "together"), found)]:
        asked, lost, double = (sum(getattr(run, field) for run in runs) for field in ("asked", "lost", "double"))
        wall_s = sum(run.wall_s for run in runs) / len(runs)
        terminalreporter.line(f"{step:26}  {name:22}{len(runs):>6}{asked:>10}{lost:>6}{double:>7}{wall_s:>7.1f}")
    unused = sum(len(run.plan.blows) - len(run.fallen) for run in found)
    terminalreporter.line(f"{unused} blows never fell: their command did not come to that step.")
