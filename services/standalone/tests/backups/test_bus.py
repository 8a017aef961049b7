"""The bus is emptied after a restore, and who asked hears where it was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_contracts import bus as wire
from argus_contracts.bus import LIVE_STREAM
from argus_kit.bus import Bus, Outgoing
from argus_kit.ports import free_port
from argus_kit.settings import Settings
from argus_standalone.backups import restore
from argus_standalone.backups.commands import purge_bus
from argus_standalone.backups.make import Plan, make


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a NATS that is not there, in the environment with a password."""
    place = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("ARGUS_NATS_URL", f"nats://argus:its-password@{place}")
    monkeypatch.setattr(restore, "_BUS_S", 0.2)
    return place


def test_a_bus_that_does_not_answer_is_a_fault_without_its_password(nobody: str) -> None:
    with pytest.raises(SystemExit) as end:
        purge_bus()
    assert str(end.value.code) == f"The bus was not emptied: NATS at {nobody} does not answer."


def test_a_restore_without_a_bus_says_what_is_left_to_do(
    nobody: str, settings: Settings, tmp_path: Path, postgres_of_module: str
) -> None:
    said: list[str] = []
    backup = make(Plan(settings, tmp_path / "backups", tell=said.append))
    target = Settings(home=tmp_path / "fresh", db_url=postgres_of_module, config_key=settings.config_key)
    target.home.mkdir()
    restore.restore(restore.Order(backup, target, {}, without_key=True, tell=said.append))
    assert said[-1].startswith(f"NATS at {nobody} does not answer.")
    assert "purge-bus" in said[-1]


async def test_its_streams_are_empty_and_go_on_counting(nats_url: str) -> None:
    bus = Bus(nats_url)
    await bus.start()
    try:
        await bus.wait_until_ready(15)
        before = await bus.publish(Outgoing(wire.agent_subject("one"), b"{}", "one"))
        await restore.empty_streams(Settings(nats_url=nats_url))
        state = (await bus.link.js.stream_info(LIVE_STREAM.name)).state
        assert (state.messages, state.last_seq) == (0, before)
    finally:
        await bus.stop()
