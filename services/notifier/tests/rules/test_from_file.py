"""The rule file at work: pushed in the contract's form, read again when it changes, and never fatal."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from argus_contracts import bus as wire
from argus_kit.bus import Message
from argus_kit.clock import now
from argus_notifier.channels.messages import Message as Said
from argus_notifier.channels.messages import post
from argus_notifier.rules.from_file import FileRules, WatchedFile
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables

RULES = """rules:
  - when: event_type == "job_failed" and data.code == 137
    push: [feishu]
channels:
  feishu:
    webhook: https://open.feishu.invalid/a
"""


@pytest.fixture
def path(tmp_path):
    """A rule file."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


async def pass_by(house, wires, file, *events, at=None):
    batch = await house.batch((await house.person(f"p{id(file)}{len(events)}{events[0][1]}")).id)
    packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
    if at is not None:
        packed = Message(packed.subject, packed.data, packed.headers, packed.sequence, at)
    part = FileRules(house.platform, NotifierSettings(), file)
    await give([part], [packed])
    await give([part], [packed])
    return batch


async def test_an_event_is_pushed_once_in_the_contracts_form(house, wires, path):
    events = (("job_failed", "j1", {"code": 137}), ("job_failed", "j2", {"code": 1}), ("job_done", "j3", {"code": 137}))
    batch = await pass_by(house, wires, WatchedFile(path), *events)
    (row,) = await house.rows(tables.delivery)
    message = Said(row.dedupe_key, row.event_type, row.subject, row.body_text, row.created_at, row.facts)
    body = post("feishu", message, secret="", at=now()).body.decode()
    assert body == ('{"msg_type":"text","content":{"text":"[ERROR] job_failed / ' + batch.id + '\\n{\\"code\\":137}"}}')


async def test_what_is_old_is_not_pushed(house, wires, path):
    await pass_by(house, wires, WatchedFile(path), ("job_failed", "j1", {"code": 137}), at=now() - timedelta(hours=2))
    assert await house.rows(tables.delivery) == []


def test_a_change_is_read_and_a_fault_keeps_what_was(path):
    file = WatchedFile(path)
    assert len(file.current().rules) == 1
    path.write_text(RULES.replace("[feishu]", "[pager]"))
    os.utime(path, ns=(1, 1))
    file.look_again()
    assert len(file.current().rules) == 1
    assert str(file.error).startswith("line 3: `pager` is no channel")
    path.write_text("rules: []\n")
    os.utime(path, ns=(2, 2))
    file.look_again()
    assert (file.current().rules, file.error) == ((), None)


def test_a_file_that_is_not_there_has_no_rules_until_it_is(tmp_path):
    file = WatchedFile(tmp_path / "none.yaml")
    assert file.current().rules == ()
    (tmp_path / "none.yaml").write_text(RULES)
    file.look_again()
    assert len(file.current().rules) == 1
