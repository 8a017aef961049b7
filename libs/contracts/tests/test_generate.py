"""The generated files are what the structs say, and hang together."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from argus_contracts import generate
from argus_contracts.generate import ASYNCAPI_FILE, SCHEMA_FILE


def test_files_are_up_to_date():
    assert generate.drifted() == []


def test_check_fails_on_an_edited_file(monkeypatch, capsys):
    genuine = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: genuine(path) + b" ")
    assert generate.main(["--check"]) == 1
    assert "event.schema.json is out of date" in capsys.readouterr().err


def test_writing_is_idempotent(monkeypatch, tmp_path):
    monkeypatch.setattr(generate, "SCHEMA_FILE", tmp_path / "event.schema.json")
    monkeypatch.setattr(generate, "ASYNCAPI_FILE", tmp_path / "asyncapi.yaml")
    monkeypatch.setattr(generate, "AUDIT_FILE", tmp_path / "audit.md")
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_event_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text()))


@pytest.mark.parametrize("path", [SCHEMA_FILE, ASYNCAPI_FILE], ids=lambda path: path.name)
def test_every_reference_leads_somewhere(path):
    document = yaml.safe_load(path.read_text())

    def check(node):
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                target = document
                for part in reference.removeprefix("#/").split("/"):
                    target = target[part]
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                check(item)

    check(document)


def test_each_channel_has_a_sender_and_a_receiver():
    document = yaml.safe_load(ASYNCAPI_FILE.read_text())
    operations = document["operations"].values()
    for name in document["channels"]:
        if not name.endswith("_reply"):
            actions = {item["action"] for item in operations if item["channel"]["$ref"] == f"#/channels/{name}"}
            assert actions == {"send", "receive"}, name
