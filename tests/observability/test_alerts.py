"""What Prometheus' own tools say of our rules and configuration, where they are installed (Debian: prometheus). That is
a Prometheus 2; where the one beside compose, a Prometheus 3, sees it differently, stands here too.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import generate_observability
import promql_parser
import pytest
import yaml
from rig import prometheus

HERE = Path(__file__).parent
_RANGE = re.compile(r"\[(\d+)([smhd])\]")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FLAGS_OF_BOTH = {"--config.file", "--storage.tsdb.path", "--storage.tsdb.retention.time"}
STORIES = [HERE / "alerts_test.yaml", HERE / "alerts_days_test.yaml"]

needs_promtool = pytest.mark.skipif(not prometheus.IS_HERE, reason=prometheus.WHY_NOT)


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", *STORIES)


@needs_promtool
def test_alerts_fire_as_they_should_where_ranges_are_open_on_the_left(tmp_path: Path) -> None:
    """Prometheus 3 leaves the sample at the beginning of a range out: as if it were a millisecond shorter."""
    rules, changed = _RANGE.subn(_shorter, (prometheus.FOLDER / "alerts.yaml").read_text())
    assert changed > 10
    assert "[" not in re.sub(r"\[\d+s999ms\]", "", " ".join(_expressions_of(rules)))
    (tmp_path / "alerts.yaml").write_text(rules)
    for story in STORIES:
        told = yaml.safe_load(story.read_text()) | {"rule_files": ["alerts.yaml"]}
        (tmp_path / story.name).write_text(yaml.safe_dump(told))
    promtool("test", "rules", *(tmp_path / story.name for story in STORIES))


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


def test_expressions_are_read_as_the_prometheus_of_compose_reads_them() -> None:
    """The parser of test_dashboards, which reads all of them, is one of Prometheus 3."""
    with pytest.raises(ValueError, match="holt_winters"):
        promql_parser.parse("holt_winters(x[5m], 0.5, 0.5)")
    service = yaml.safe_load((prometheus.FOLDER.parents[1] / "compose.observability.yaml").read_text())["services"]
    assert service["prometheus"]["image"].startswith("prom/prometheus:v3.")
    # Its flags are those that both have.
    assert {flag.partition("=")[0] for flag in service["prometheus"]["command"]} <= _FLAGS_OF_BOTH


def _shorter(found: re.Match[str]) -> str:
    return f"[{int(found[1]) * _SECONDS[found[2]] - 1}s999ms]"


def _expressions_of(rules: str) -> list[str]:
    return [rule["expr"] for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]


def _expressions(path: Path) -> list[dict[str, str]]:
    return [one for story in yaml.safe_load(path.read_text())["tests"] for one in story["promql_expr_test"]]
