"""How NATS is set up wherever Argus brings it: its streams have limits of their own, the server none of the moment."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import httpx
import pytest
import yaml

from argus_kit.ports import free_port
from argus_kit.testing import eventually
from argus_kit.testing.servers import Child, binary

ROOT = Path(__file__).resolve().parents[2]


def of_compose() -> str:
    return (ROOT / "deploy" / "docker" / "nats.conf").read_text()


def of_kubernetes() -> str:
    documents = yaml.safe_load_all((ROOT / "deploy" / "k8s" / "base" / "nats.yaml").read_text())
    (config,) = [document for document in documents if document["kind"] == "ConfigMap"]
    text: str = config["data"]["nats.conf"]
    # One of three would wait for the others.
    return re.sub(r"cluster \{.*?\n\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("setup", [of_compose, of_kubernetes])
async def test_what_is_free_at_a_start_is_not_the_limit_of_all_streams(setup, tmp_path, monkeypatch):
    port, monitor = free_port(), free_port()
    text = setup().replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("0.0.0.0:8222", f"127.0.0.1:{monitor}")
    (tmp_path / "nats.conf").write_text(text.replace('"/data"', f'"{tmp_path}/store"'))
    monkeypatch.setenv("NATS_PASSWORD", "secret")
    monkeypatch.setenv("POD_NAME", "nats-0")
    child = Child([binary("nats-server"), "-c", str(tmp_path / "nats.conf")], port)
    child.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{monitor}") as client:

            async def told():
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.get("/jsz")).json().get("config")

            assert await eventually(told)
            assert (await told())["max_storage"] == 2**40
    finally:
        child.kill()
