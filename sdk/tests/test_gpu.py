"""GPUs, through a module of NVML's shape; and the real machine, which may have none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from argus._gpu import GpuReader, flat_fields, visible_indices
from argus._resources import ResourceSampler, disk_fields

MIB = 1024 * 1024
UUIDS = ["GPU-aaaa-1", "GPU-bbbb-2", "GPU-bbcc-3"]


class NVMLError(Exception):
    pass


class FakeNvml:
    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def nvmlInit(self):
        pass

    def nvmlDeviceGetCount(self):
        return 3

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetUUID(self, handle):
        return UUIDS[handle].encode()

    def nvmlDeviceGetName(self, handle):
        return "Card"

    def nvmlDeviceGetUtilizationRates(self, handle):
        return SimpleNamespace(gpu=10 * (handle + 1))

    def nvmlDeviceGetMemoryInfo(self, handle):
        return SimpleNamespace(used=(handle + 1) * 1000 * MIB, total=80_000 * MIB)

    def nvmlDeviceGetTemperature(self, handle, sensor):
        return 40 + handle

    def nvmlDeviceGetPowerUsage(self, handle):
        if handle == 2:
            raise NVMLError("not supported")
        return 123_456

    def nvmlDeviceGetComputeRunningProcesses(self, handle):
        return [
            SimpleNamespace(pid=7, usedGpuMemory=500 * MIB),
            SimpleNamespace(pid=8, usedGpuMemory=None),
            SimpleNamespace(pid=9, usedGpuMemory=200 * MIB),
        ]


def test_every_card_is_read_and_what_one_cannot_tell_is_left_out():
    gpus = GpuReader(FakeNvml()).read(None, {7, 8})
    assert gpus[0] == {
        "index": 0, "uuid": "GPU-aaaa-1", "name": "Card", "util_pct": 10.0, "mem_mb": 1000, "mem_total_mb": 80_000,
        "temp_c": 40, "power_w": 123.5, "proc_mem_mb": 500, "visible": True,
    }  # fmt: skip
    assert [gpu["index"] for gpu in gpus] == [0, 1, 2]
    assert "power_w" not in gpus[2]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, {0, 1, 2}),
        ("", set()),
        ("1", {1}),
        ("2,0", {0, 2}),
        ("0,-1,1", {0}),
        ("0,7,1", {0}),
        ("GPU-aaaa", {0}),
        ("GPU-bbcc-3, GPU-aaaa-1", {0, 2}),
        ("GPU-bb", set()),
        ("NoDevFiles", set()),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_does(setting, expected):
    assert visible_indices(setting, UUIDS) == expected


def test_the_flat_fields_are_of_the_first_card_that_the_process_may_use():
    gpus = GpuReader(FakeNvml()).read("2", {9})
    assert flat_fields(gpus) == {
        "gpu_util_pct": 30.0, "gpu_mem_mb": 3000, "gpu_mem_total_mb": 80_000, "gpu_temp_c": 42, "proc_gpu_mem_mb": 200,
    }  # fmt: skip
    assert flat_fields([]) == {}


def test_a_sample_of_this_machine_has_the_contracts_fields(monkeypatch):
    monkeypatch.setattr("argus._resources.open_gpus", lambda: GpuReader(FakeNvml()))
    sample = ResourceSampler().sample()
    assert {
        "host", "pid", "cpu_util_pct", "ram_mb", "ram_total_mb", "proc_cpu_pct", "proc_ram_mb", "gpu_temp_c",
        "gpu_util_pct", "gpu_mem_mb", "gpu_mem_total_mb", "proc_gpu_mem_mb", "disk_free_mb", "disk_total_mb", "gpus",
    } == set(sample)  # fmt: skip
    assert len(sample["gpus"]) == 3


def test_without_psutil_and_gpus_a_sample_is_what_remains(monkeypatch):
    monkeypatch.setattr("argus._resources._psutil", lambda: None)
    monkeypatch.setattr("argus._resources.open_gpus", lambda: None)
    assert set(ResourceSampler().sample()) == {"host", "pid", "disk_free_mb", "disk_total_mb"}


def test_a_disk_that_is_gone_leaves_its_fields_out():
    assert disk_fields("/no/such/folder") == {}
