"""The local stack's gateway is told of proxies in front of it as compose's is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_layout import Layout, Public, Secrets
from stack_programs import Plan

from argus_kit.ports import free_port


@pytest.mark.parametrize(
    ("said", "believed"),
    [("", []), ("192.0.2.0/24, 198.51.100.7", ["192.0.2.0/24", "198.51.100.7"])],
)
def test_whose_word_on_callers_the_gateway_believes(
    said: str, believed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGUS_FRONT_PROXIES", said)
    monkeypatch.setenv("ARGUS_FRONT_PROXY_DEPTH", "2")
    static, environment = _gateway(tmp_path)
    for name in ("web", "websecure"):
        assert static["entryPoints"][name]["forwardedHeaders"] == {"insecure": False, "trustedIPs": believed}
    # Its routes read these.
    assert (environment["ARGUS_FRONT_PROXIES"], environment["ARGUS_FRONT_PROXY_DEPTH"]) == (said, "2")


def _gateway(room: Path) -> tuple[dict[str, Any], dict[str, str]]:
    layout = Layout(room)
    with layout.open():
        plan = Plan(layout, Public("127.0.0.1", free_port()), Secrets.of(layout))
        (program,) = (one for one in plan.programs() if one.name == "traefik")
    (option,) = (word for word in program.command if word.startswith("--configfile="))
    return yaml.safe_load(Path(option.partition("=")[2]).read_text()), program.environment
