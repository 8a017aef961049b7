"""A known hole in what we build on fails lint; a registry that tells nothing does not."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import advisories
import pytest

HOLE = {"id": "PYSEC-2024-1", "fix_versions": ["2.0"]}
SOUND = {"name": "sound", "version": "1.0", "vulns": []}


class TestPython:
    def test_a_hole_is_a_finding(self) -> None:
        text = json.dumps({"dependencies": [SOUND, {"name": "torn", "version": "1.0", "vulns": [HOLE]}]})
        assert advisories.pip_findings(text) == ["torn 1.0: PYSEC-2024-1, mended in 2.0"]

    def test_no_hole_is_none(self) -> None:
        assert advisories.pip_findings(json.dumps({"dependencies": [SOUND]})) == []

    @pytest.mark.parametrize(
        "text", ["", "not json", "[]", "{}", json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}]})]
    )
    def test_a_report_about_nothing_is_no_report(self, text: str) -> None:
        with pytest.raises(advisories.NotReachableError):
            advisories.pip_findings(text)

    @pytest.mark.parametrize("answer", ["", json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}]})])
    def test_a_mirror_without_advisories_is_not_asked_two_hundred_times(
        self, monkeypatch: pytest.MonkeyPatch, answer: str
    ) -> None:
        asked: list[list[str]] = []

        def say(command: list[str], folder: Path, seconds: int) -> str:
            asked.append(command)
            return answer

        monkeypatch.setattr(advisories, "_run", say)
        with pytest.raises(advisories.NotReachableError):
            advisories.python_findings(5)
        assert len(asked) == 1
        assert str(advisories.LOCK) not in asked[0]


class TestNode:
    def test_a_hole_is_a_finding(self) -> None:
        via = [{"url": "https://github.com/advisories/GHSA-1"}, "other"]
        text = json.dumps({"vulnerabilities": {"torn": {"range": "<2", "severity": "high", "via": via}}})
        assert advisories.npm_findings(text) == ["torn <2: high, https://github.com/advisories/GHSA-1, by other"]

    def test_no_hole_is_none(self) -> None:
        assert advisories.npm_findings(json.dumps({"vulnerabilities": {}})) == []

    @pytest.mark.parametrize("text", ["", "{}", json.dumps({"message": "405", "error": {}})])
    def test_an_error_of_the_registry_is_no_report(self, text: str) -> None:
        with pytest.raises(advisories.NotReachableError):
            advisories.npm_findings(text)


class TestTheCommand:
    def program(self, folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        file = folder / "npm"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def test_a_hole_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hole = '{"vulnerabilities": {"torn": {"range": "*", "severity": "low", "via": ["x"]}}}'
        self.program(tmp_path, monkeypatch, f"echo '{hole}'; exit 1")
        assert advisories.main(["node"]) == 1
        assert "torn *: low, by x" in capsys.readouterr().out

    def test_a_registry_that_refuses_passes_and_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.program(tmp_path, monkeypatch, """echo '{"message": "405 Method Not Allowed"}'; exit 1""")
        assert advisories.main(["node"]) == 0
        assert capsys.readouterr().out == "advisories not reachable: skipped (405 Method Not Allowed)\n"

    def test_a_registry_that_says_nothing_is_given_up_in_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.program(tmp_path, monkeypatch, "exec sleep 30")
        monkeypatch.setenv("ARGUS_AUDIT_SECONDS", "1")
        assert advisories.main(["node"]) == 0
        assert "no answer within 1 s" in capsys.readouterr().out
