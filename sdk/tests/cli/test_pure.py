"""Decisions without I/O: what an end means, curves and times as text, frames of a stream."""

from __future__ import annotations

import math
import signal
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.cli.account import with_scheme
from argus.cli.drawing import ago, duration, elapsed, number, sparkline
from argus.cli.outcome import last_word, outcome
from argus.cli.running import job_name, shown_command
from argus.cli.sse import parse

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


class TestOutcome:
    @pytest.mark.parametrize(
        ("returncode", "stopped", "code", "reason"),
        [
            (0, False, 0, None),
            (0, True, 0, None),
            (3, False, 3, "exit code 3\nValueError: bad lr"),
            (-signal.SIGKILL, False, 137, "killed by SIGKILL\nValueError: bad lr"),
            (-signal.SIGTERM, True, 143, "stopped on request (killed by SIGTERM)"),
            (-63, False, 191, "killed by signal 63\nValueError: bad lr"),
        ],
    )
    def test_code_and_reason(self, returncode, stopped, code, reason):
        ended = outcome(returncode, ["", "ValueError: bad lr", "  "], stopped=stopped)
        assert (ended.code, ended.reason, ended.ok) == (code, reason, reason is None)

    def test_the_reason_is_short(self):
        reason = outcome(1, [f"line {number} " + "x" * 900 for number in range(100)], stopped=False).reason
        assert len(reason) < 1100

    @pytest.mark.parametrize(
        ("notes", "code", "word"),
        [
            ([], 0, "batch_done"),
            ([], 1, "batch_failed"),
            (["begun", "batch_done"], 0, None),
            (["begun", "batch_failed"], 0, None),  # it caught its own failure and said so
            (["begun", "batch_failed"], 1, None),
            (["begun", "batch_done"], 1, "batch_failed"),  # and then the script went on, and failed
            (["begun"], 0, "batch_done"),  # os._exit(0)
            (["begun"], -9, "batch_failed"),
            (["begun", "begun", "batch_done"], 0, "batch_done"),
        ],
    )
    def test_who_ends_the_batch(self, notes, code, word):
        assert last_word(notes, outcome(code, [], stopped=False)) == word


class TestNames:
    @pytest.mark.parametrize(
        ("address", "url"),
        [
            ("argus.example.org", "https://argus.example.org"),
            ("localhost:8000", "http://localhost:8000"),
            ("10.0.0.7:8000/argus", "http://10.0.0.7:8000/argus"),
            ("http://argus.example.org", "http://argus.example.org"),
        ],
    )
    def test_of_a_server(self, address, url):
        assert with_scheme(address) == url

    @pytest.mark.parametrize(
        ("command", "name"),
        [
            ("python train.py --lr 1", "train"),
            ("python -u src/train_cnn.py", "train_cnn"),
            ("python -m vision.train --x", "vision.train"),
            ("torchrun --nproc-per-node 4 train.py", "train"),
            ("bash sweep.sh", "sweep"),
            ("/opt/bin/solver --fast", "solver"),
        ],
    )
    def test_of_a_job(self, command, name):
        assert job_name(command.split()) == name

    def test_secrets_are_masked(self):
        assert "hunter2" not in shown_command(["train", "--password", "hunter2", "--api-key=hunter2"])


class TestDrawing:
    def test_a_curve(self):
        assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
        assert sparkline([5, 5, 5]) == "▁▁▁"
        assert sparkline([1, None, math.nan, 2]) == "▁  █"
        assert sparkline([None]) == " "
        assert sparkline([]) == ""

    @given(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True)), st.integers(1, 80))
    def test_any_values_fit(self, values, width):
        assert len(sparkline(values, width)) == min(width, len(values))

    @pytest.mark.parametrize(
        ("seconds", "text"), [(None, "-"), (0, "0s"), (59.9, "59s"), (250, "4m10s"), (7500, "2h05m"), (273_600, "3d4h")]
    )
    def test_a_duration(self, seconds, text):
        assert duration(seconds) == text

    def test_times(self):
        assert ago("2026-01-02T11:00:00Z", NOW) == "1h00m ago"
        assert ago(None, NOW) == ago("nonsense", NOW) == "-"
        assert elapsed("2026-01-02T11:59:00Z", None, NOW) == "1m00s"
        assert elapsed("2026-01-02T11:00:00", "2026-01-02T11:00:07Z", NOW) == "7s"

    def test_numbers(self):
        assert [number(value) for value in (None, 0.1234567, 1e-9, 123456.0, math.inf)] == [
            "-", "0.12346", "1e-09", "1.2346e+05", "inf",
        ]  # fmt: skip


class TestFrames:
    def test_of_a_stream(self):
        stream = (
            b': a remark\n\nid: 5-1\nevent: log_line\ndata: {"a":\ndata: 1}\n\nretry: 10\n\ndata:x\r\n\r\ndata: cut'
        )
        assert list(parse(stream.splitlines(keepends=True))) == [
            ("log_line", '{"a":\n1}', "5-1"),
            ("message", "x", None),
        ]
