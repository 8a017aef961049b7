"""Whoever does what the first pages say sees a live curve, with nothing but Python and the wheels."""

from __future__ import annotations

from pathlib import Path

import pytest
from walk import Walk

pytestmark = pytest.mark.packages


def test_a_newcomer_sees_a_curve(
    built: dict[str, Path], pins: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(tmp_path, built, pins)
    try:
        walk.go()
    finally:
        walk.end()
    with capsys.disabled():
        print(f"\n{walk.table()}")
    assert "from nothing to a live curve" in {step.what for step in walk.steps}
