"""What a recorded command would start: read, never run."""

from __future__ import annotations

import pytest

from argus.agent.recorded import Recorded, read_command


def _program(path, text="#!/bin/sh\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def place(tmp_path):
    """A folder with a script, and a PATH with a Python and two programs of it."""
    _program(tmp_path / "bin/python3.12")
    _program(tmp_path / "bin/torchrun", f"#!{tmp_path}/bin/python3.12\nimport torch\n")
    _program(tmp_path / "bin/tool", "#!/usr/bin/env -S python3.12 -I\n")
    _program(tmp_path / "bin/make")
    (tmp_path / "run/sub").mkdir(parents=True)
    (tmp_path / "run/train.py").touch()
    (tmp_path / "run/sub/eval.py").touch()
    return tmp_path


CASES = [
    ("python3.12 train.py lr=1", True, None, "bin/python3.12", "run"),
    ("python3.12 -u -W ignore sub/eval.py", True, None, "bin/python3.12", "run/sub"),
    ("python3.12 -m lab.train", True, None, "bin/python3.12", "run"),
    ("python3.12 -c 'import x'", True, None, "bin/python3.12", "run"),
    ("CUDA_VISIBLE_DEVICES=0 nohup python3.12 train.py > log 2>&1", True, None, "bin/python3.12", "run"),
    ("python3.12 train.py && echo done", True, None, "bin/python3.12", "run"),
    ("python3.12 'gone away.py'", False, "gone away.py", "bin/python3.12", "run"),
    ("torchrun --nproc_per_node 2 train.py", True, None, "bin/python3.12", None),
    ("make train", True, None, None, None),
    ("python3.9 train.py", False, "python3.9", None, None),
    ("./venv/bin/python train.py", False, "./venv/bin/python", None, None),
    ("source env.sh && python3.12 train.py", None, None, None, None),
    ("$PYTHON train.py", None, None, None, None),
    ("python3.12 'train.py", None, None, None, None),
    ("", None, None, None, None),
]


@pytest.mark.parametrize(("command", "is_found", "missing", "interpreter", "folder"), CASES)
def test_what_a_command_names(place, command, is_found, missing, interpreter, folder):
    found = read_command(command, str(place / "run"), str(place / "bin"))
    assert found == Recorded(is_found, missing, *(path and str(place / path) for path in (interpreter, folder)))


def test_a_folder_that_is_gone(place):
    found = read_command("python3.12 train.py", str(place / "gone"), str(place / "bin"))
    assert (found.is_found, found.missing) == (False, "train.py")
