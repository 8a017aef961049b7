"""What holds of the adapters without their frameworks. With them: sdk/tests/integrations."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

FRAMEWORKS = ("lightning", "pytorch_lightning", "keras", "transformers", "hydra", "omegaconf", "optuna", "torch")


@pytest.mark.parametrize(
    ("adapter", "package"),
    [
        ("lightning", "lightning"),
        ("keras", "keras"),
        ("transformers", "transformers"),
        ("hydra", "hydra-core"),
        ("optuna", "optuna"),
    ],
)
def test_a_missing_framework_is_named_with_its_command(adapter, package, monkeypatch):
    for name in [*FRAMEWORKS, "lightning.pytorch", "keras.callbacks", "optuna.exceptions"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"argus.integrations.{adapter}", raising=False)
    with pytest.raises(ImportError, match=f"this adapter needs .*: pip install {package}$"):
        importlib.import_module(f"argus.integrations.{adapter}")


def test_a_framework_that_is_broken_says_what_it_lacks(monkeypatch, tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("import a_backend_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(ImportError, match="Keras cannot be imported: No module named 'a_backend_that_is_not_there'"):
        importlib.import_module("argus.integrations.keras")


def test_import_argus_imports_no_framework():
    probe = "import sys, argus, argus.integrations; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    assert "argus.integrations" in loaded
    assert not {name.partition(".")[0] for name in loaded} & set(FRAMEWORKS)
