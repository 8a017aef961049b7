"""A release: one version everywhere, and a changelog that says what is in it."""

from __future__ import annotations

from pathlib import Path

import changes
import pytest
import versions

CHANGELOG = "# Changes\n\n## Unreleased\n\n- New.\n\n## 0.4.0\n\nOld.\n"


def test_everything_says_the_same_version() -> None:
    assert [path for path, text in versions.wanted(versions.current()) if path.read_text() != text] == []
    assert versions.FORM.fullmatch(versions.current())


def test_a_new_version_is_written_wherever_one_is_said() -> None:
    found = dict(versions.wanted("9.8.7rc6"))
    assert len(found) > 15
    for path, text in found.items():
        assert "9.8.7rc6" in text, path
        changed = sum(old != new for old, new in zip(path.read_text().splitlines(), text.splitlines(), strict=True))
        assert changed == text.count("9.8.7rc6"), path
    packages = {path for path in found if path.name == "pyproject.toml"}
    root = Path(versions.ROOT)
    assert packages == {
        *root.glob("libs/*/pyproject.toml"),
        *root.glob("services/*/pyproject.toml"),
        root / "sdk/pyproject.toml",
    }


def test_what_was_unreleased_stands_under_the_version_and_its_day() -> None:
    text = changes.dated(CHANGELOG, "0.5.0", "2027-01-02")
    assert text == "# Changes\n\n## Unreleased\n\n## 0.5.0 (2027-01-02)\n\n- New.\n\n## 0.4.0\n\nOld.\n"


@pytest.mark.parametrize(
    ("version", "text", "said"),
    [
        ("five", CHANGELOG, "five is no version"),
        ("0.4.0", CHANGELOG, "has a version 0.4.0 already"),
        ("0.5.0", CHANGELOG.replace("- New.\n", ""), "says of nothing that is new"),
    ],
)
def test_what_is_no_release_is_refused(
    version: str,
    text: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(changes, "CHANGES", tmp_path / "CHANGELOG.md")
    changes.CHANGES.write_text(text)
    assert changes.main([version]) == 1
    assert said in capsys.readouterr().err
    assert changes.CHANGES.read_text() == text
