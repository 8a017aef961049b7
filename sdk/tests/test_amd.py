"""AMD's GPUs through a package of amdsmi's shape: the names, units and answers of its version 7."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sdk.tests.fake_nvml import FakeNvml

from argus import _gpu
from argus._amd import AmdReader
from argus._gpu import Gpus, flat_fields, open_gpus

MIB = 1024 * 1024
UUIDS = ["aaff74a1-0000-1000-8000-000000000000", "bbff74a1-0000-1000-8000-000000000000"]
HIP_UUIDS = ["GPU-a1a1a1a1a1a1a1a1", "GPU-b2b2b2b2b2b2b2b2"]


class AmdSmiException(Exception):
    pass


class FakeAmdsmi:
    """Two MI300X, the second of which says N/A or fails where a card may."""

    AmdSmiException = AmdSmiException
    AmdSmiTemperatureType = SimpleNamespace(HOTSPOT=1)
    AmdSmiTemperatureMetric = SimpleNamespace(CURRENT=0)
    AmdSmiClkType = SimpleNamespace(GFX=1, MEM=5)

    def amdsmi_init(self):
        pass

    def amdsmi_get_processor_handles(self):
        return [0, 1]

    def amdsmi_get_gpu_device_uuid(self, handle):
        return UUIDS[handle]

    def amdsmi_get_gpu_enumeration_info(self, handle):
        return {"drm_render": 128, "drm_card": 1, "hsa_id": 2, "hip_id": handle, "hip_uuid": HIP_UUIDS[handle]}

    def amdsmi_get_gpu_asic_info(self, handle):
        return {"market_name": "AMD Instinct MI300X", "vendor_name": "Advanced Micro Devices Inc. [AMD/ATI]"}

    def amdsmi_get_gpu_activity(self, handle):
        return {"gfx_activity": 90 if handle == 0 else "N/A", "umc_activity": 30, "mm_activity": "N/A"}

    def amdsmi_get_gpu_vram_usage(self, handle):
        return {"vram_total": 196_288, "vram_used": 1_234}

    def amdsmi_get_temp_metric(self, handle, sensor, metric):
        assert (sensor, metric) == (1, 0)
        return 55

    def amdsmi_get_power_info(self, handle):
        return {"socket_power": "N/A", "current_socket_power": 513, "average_socket_power": "N/A", "power_limit": 750}

    def amdsmi_get_power_cap_info(self, handle):
        return {"power_cap": 750_000_000, "default_power_cap": 750_000_000}

    def amdsmi_get_gpu_fan_speed_max(self, handle, sensor):
        raise AmdSmiException("Error code:\n\t2 | AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")

    def amdsmi_get_clock_info(self, handle, kind):
        return {"clk": {1: 2100, 5: 1300}[kind], "min_clk": 100, "max_clk": 2100}

    def amdsmi_get_violation_status(self, handle):
        if handle == 1:
            raise AmdSmiException("Error code:\n\t2 | AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")
        return {"active_ppt_pwr": True, "active_socket_thrm": False, "active_vr_thrm": "N/A", "per_ppt_pwr": 12}

    def amdsmi_get_gpu_total_ecc_count(self, handle):
        return {"correctable_count": 2, "uncorrectable_count": 0, "deferred_count": 0}

    def amdsmi_get_gpu_process_list(self, handle):
        usage = {"gtt_mem": 0, "cpu_mem": 0, "vram_mem": 300 * MIB}
        return [{"name": "python", "pid": 7, "mem": 300 * MIB, "memory_usage": usage}] if handle == 0 else []

    def amdsmi_get_gpu_driver_info(self, handle):
        return {"driver_name": "amdgpu", "driver_version": "6.12.12", "driver_date": "N/A"}


def visible(**variables):
    cards = AmdReader(FakeAmdsmi()).read(variables, set())
    return [card["index"] for card in sorted(cards, key=lambda card: card.get("ordinal", 99)) if card["visible"]]


def test_a_card_has_the_same_fields_as_one_of_nvidias():
    cards = AmdReader(FakeAmdsmi()).read({}, {7})
    assert cards[0] == {
        "index": 0, "vendor": "amd", "uuid": UUIDS[0], "name": "AMD Instinct MI300X", "util_pct": 90.0,
        "mem_util_pct": 30.0, "mem_mb": 1_234, "mem_total_mb": 196_288, "temp_c": 55, "power_w": 513.0,
        "power_limit_w": 750.0, "clock_sm_mhz": 2100, "clock_mem_mhz": 1300, "throttle": ["ppt_pwr"],
        "ecc_corrected": 2, "ecc_uncorrected": 0, "proc_mem_mb": 300, "visible": True, "ordinal": 0,
        "processes": [{"pid": 7, "mem_mb": 300, "own": True}],
    }  # fmt: skip
    assert "util_pct" not in cards[1]
    assert "throttle" not in cards[1]
    assert flat_fields(cards)["proc_gpu_mem_mb"] == 300


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, [0, 1]),
        ({"HIP_VISIBLE_DEVICES": "1,0"}, [1, 0]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, [1]),
        ({"HIP_VISIBLE_DEVICES": "0", "CUDA_VISIBLE_DEVICES": "1"}, [0]),
        ({"ROCR_VISIBLE_DEVICES": "1"}, [1]),
        ({"ROCR_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "0"}, [1]),
        ({"ROCR_VISIBLE_DEVICES": HIP_UUIDS[1]}, [1]),
        ({"HIP_VISIBLE_DEVICES": "7"}, []),
    ],
)
def test_the_variables_of_rocm_and_hip_are_read_one_within_the_other(variables, expected):
    assert visible(**variables) == expected


def test_an_older_version_leaves_out_what_it_lacks():
    class Older(FakeAmdsmi):
        amdsmi_get_gpu_enumeration_info = amdsmi_get_violation_status = property(lambda self: self.no_such_name)

        def amdsmi_get_clock_info(self, handle, kind):
            return {"cur_clk": 2100}

    card = AmdReader(Older()).read({}, set())[0]
    assert not {"throttle", "clock_sm_mhz", "hip_uuid"} & set(card)
    assert card["util_pct"] == 90.0


def test_cards_of_two_makers_are_numbered_through(monkeypatch):
    monkeypatch.setattr(_gpu, "_libraries", {"pynvml": FakeNvml(cards=2), "amdsmi": FakeAmdsmi()})
    cards = open_gpus().read(set())
    assert [(card["index"], card["vendor"]) for card in cards] == [
        (0, "nvidia"), (1, "nvidia"), (2, "amd"), (3, "amd"),
    ]  # fmt: skip


def test_a_package_without_its_driver_is_no_gpu(monkeypatch):
    class Driverless(FakeAmdsmi):
        def amdsmi_init(self):
            raise AmdSmiException

    monkeypatch.setattr(_gpu, "_libraries", {"pynvml": None, "amdsmi": Driverless()})
    assert open_gpus() is None


def test_the_version_of_the_driver_is_read():
    facts = Gpus([AmdReader(FakeAmdsmi())]).facts()
    assert facts["driver_version"] == "6.12.12"
    assert facts["gpu_names"] == ["AMD Instinct MI300X"] * 2
