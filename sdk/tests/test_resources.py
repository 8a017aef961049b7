"""What machine and run use: the real machine, real children, and counters made up where their values matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
from sdk.tests.fake_nvml import FakeNvml

from argus._family import Family, descendants
from argus._gpu import Gpus
from argus._nvml import NvmlReader
from argus._rates import Rates
from argus._resources import ResourceSampler, disk_fields

MIB = 1024 * 1024
OF_MACHINE = {
    "host", "pid", "cpu_util_pct", "ram_mb", "ram_total_mb", "swap_mb", "load_1m", "proc_cpu_pct", "proc_ram_mb",
    "proc_children", "disk_free_mb", "disk_total_mb",
}  # fmt: skip
OF_GPUS = {"gpu_util_pct", "gpu_mem_mb", "gpu_mem_total_mb", "gpu_temp_c", "proc_gpu_mem_mb", "gpus"}
RATES = {"net_rx_mb_s", "net_tx_mb_s", "disk_read_mb_s", "disk_write_mb_s"}


class TestSample:
    def test_a_sample_of_this_machine_has_the_contracts_fields(self, monkeypatch):
        monkeypatch.setattr("argus._resources.open_gpus", lambda: Gpus([NvmlReader(FakeNvml())]))
        sample = ResourceSampler().sample()
        assert set(sample) - RATES == OF_MACHINE | OF_GPUS
        assert len(sample["gpus"]) == 3
        json.dumps(sample, allow_nan=False)

    def test_the_second_sample_has_rates(self, monkeypatch):
        monkeypatch.setattr("argus._resources.open_gpus", lambda: None)
        sampler = ResourceSampler()
        assert not RATES & set(sampler.sample())
        assert {"net_rx_mb_s", "net_tx_mb_s"} <= set(sampler.sample())

    def test_without_psutil_and_gpus_a_sample_is_what_remains(self, monkeypatch):
        monkeypatch.setattr("argus._resources.psutil_library", lambda: None)
        monkeypatch.setattr("argus._resources.open_gpus", lambda: None)
        assert set(ResourceSampler().sample()) == {"host", "pid", "load_1m", "disk_free_mb", "disk_total_mb"}

    def test_a_disk_that_is_gone_leaves_its_fields_out(self):
        assert disk_fields("/no/such/folder") == {}


class FakePsutil:
    def __init__(self):
        self.disk = SimpleNamespace(read_bytes=0, write_bytes=0)
        self.networks = {"lo": (0, 0), "eth0": (0, 0), "veth12": (0, 0), "docker0": (0, 0)}

    def disk_io_counters(self):
        return self.disk

    def net_io_counters(self, pernic):
        assert pernic
        return {
            name: SimpleNamespace(bytes_recv=received, bytes_sent=sent)
            for name, (received, sent) in self.networks.items()
        }


class TestRates:
    @pytest.fixture
    def fake(self):
        return FakePsutil()

    @pytest.fixture
    def rates(self, fake):
        times = iter([10.0, 12.0, 14.0])
        found = Rates(fake, lambda: next(times))
        assert found.sample() == {}
        return found

    def test_they_are_growth_by_time_in_mib(self, fake, rates):
        fake.disk = SimpleNamespace(read_bytes=4 * MIB, write_bytes=MIB)
        fake.networks["eth0"] = (20 * MIB, 2 * MIB)
        assert rates.sample() == {
            "disk_read_mb_s": 2.0, "disk_write_mb_s": 0.5, "net_rx_mb_s": 10.0, "net_tx_mb_s": 1.0,
        }  # fmt: skip

    def test_networks_within_the_machine_are_not_counted_twice(self, fake, rates):
        fake.networks.update({"lo": (9 * MIB, 9 * MIB), "veth12": (9 * MIB, 9 * MIB), "docker0": (9 * MIB, 9 * MIB)})
        assert rates.sample()["net_rx_mb_s"] == 0.0

    def test_a_counter_that_fell_is_left_out_once(self, fake, rates):
        fake.disk = SimpleNamespace(read_bytes=8 * MIB, write_bytes=8 * MIB)
        rates.sample()
        fake.disk = SimpleNamespace(read_bytes=0, write_bytes=9 * MIB)
        assert rates.sample() == {"disk_write_mb_s": 0.5, "net_rx_mb_s": 0.0, "net_tx_mb_s": 0.0}

    def test_a_container_that_hides_its_disks_has_networks_only(self, fake, rates):
        fake.disk = None
        assert set(rates.sample()) == {"net_rx_mb_s", "net_tx_mb_s"}


BUSY = "import sys; block = bytearray(64 * 2**20); print('up', flush=True)\nwhile True: sum(range(1000))"


class TestFamily:
    @pytest.fixture
    def child(self):
        with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"up\n"
            yield process
            process.kill()

    def test_children_count_in_cpu_and_memory(self, child):
        family = Family(psutil)
        alone = psutil.Process().memory_info().rss // MIB
        assert family.sample(10**9)["proc_ram_mb"] >= alone + 60
        used = psutil.Process(child.pid)
        begin = used.cpu_times().user
        while used.cpu_times().user - begin < 0.1:
            os.sched_yield()
        sample = family.sample(10**9)
        assert sample["proc_cpu_pct"] > 0.0
        assert sample["proc_children"] >= 1
        assert {os.getpid(), child.pid} <= family.pids

    def test_a_child_that_ended_is_forgotten(self, child):
        family = Family(psutil)
        family.sample(10**9)
        child.kill()
        child.wait()
        family.sample(10**9)
        assert child.pid not in family.pids

    def test_the_kernels_list_of_children_is_that_of_psutil(self, child):
        with subprocess.Popen(["sh", "-c", "sleep 60 & read x"], stdin=subprocess.PIPE) as shell:
            shell_process = psutil.Process(shell.pid)
            while not shell_process.children():
                os.sched_yield()
            expected = {process.pid for process in psutil.Process().children(recursive=True)}
            assert set(descendants(os.getpid())) == expected
            for process in shell_process.children():
                process.kill()
            shell.kill()

    def test_without_the_kernels_list_psutil_looks_for_them(self, child, monkeypatch):
        monkeypatch.setattr("argus._family.descendants", lambda pid: None)
        family = Family(psutil)
        family.sample(10**9)
        assert child.pid in family.pids

    def test_memory_is_never_more_than_the_machine_uses(self):
        assert Family(psutil).sample(1)["proc_ram_mb"] == 1
