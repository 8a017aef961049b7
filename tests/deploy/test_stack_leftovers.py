"""What a stack that was killed leaves behind is found by its mark and ended, whatever program it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest
import stack
from stack_layout import Layout, Public, Secrets
from stack_programs import Plan

from argus_kit.ports import free_port


@pytest.mark.parametrize("name", ["valkey", "nats", "traefik"])
def test_a_server_without_its_supervisor_is_ended(name: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with layout.open():
        plan = Plan(layout, Public("127.0.0.1", free_port()), Secrets.of(layout))
        (program,) = (one for one in plan.programs() if one.name == name)
        # As supervisor starts it; then supervisor is gone.
        environment = plan.environment() | program.environment
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(program.command, env=environment, stdout=quiet, stderr=quiet)
        try:
            _wait_until_listening(server.pid, plan.ports[name])
            stack.end_leftovers(layout)
            assert server.poll() is not None, f"{name} runs on"
        finally:
            server.kill()
            server.wait()


def _wait_until_listening(pid: int, port: int) -> None:
    process = psutil.Process(pid)
    while port not in {one.laddr.port for one in process.net_connections() if one.status == psutil.CONN_LISTEN}:
        assert process.status() != psutil.STATUS_ZOMBIE
