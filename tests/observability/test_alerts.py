"""What Prometheus' own tools say of our rules and configuration, where they are installed (Debian: prometheus)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import generate_observability
import pytest
import yaml
from rig import prometheus

HERE = Path(__file__).parent
STORIES = [HERE / "alerts_test.yaml", HERE / "alerts_days_test.yaml"]

needs_promtool = pytest.mark.skipif(not prometheus.IS_HERE, reason=prometheus.WHY_NOT)


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", *STORIES)


@needs_promtool
def test_the_configuration_is_read(tmp_path: Path) -> None:
    text = (prometheus.FOLDER / "prometheus.yaml").read_text()
    written = tmp_path / "prometheus.yml"
    written.write_text(text.replace("/etc/prometheus/alerts.yaml", str(prometheus.FOLDER / "alerts.yaml")))
    promtool("check", "config", written)


@needs_promtool
def test_no_rule_is_bad_style_to_promtool() -> None:
    promtool("check", "rules", "--lint-fatal", prometheus.FOLDER / "alerts.yaml")


def test_every_alert_has_a_story() -> None:
    told = " ".join(test["expr"] for path in STORIES for test in _expressions(path))
    named = {rule["alert"] for rule in generate_observability.alerts()}
    among = {f"Argus{end}" for ends in re.findall(r"Argus\(([\w|]+)\)", told) for end in ends.split("|")}
    assert named - among - set(re.findall(r"Argus\w+", told)) == set()


def _expressions(path: Path) -> list[dict[str, str]]:
    return [one for story in yaml.safe_load(path.read_text())["tests"] for one in story["promql_expr_test"]]
