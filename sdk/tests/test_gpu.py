"""NVIDIA's GPUs through a module of NVML's shape; what the flat fields tell; and machines without any GPU."""

from __future__ import annotations

import subprocess
import sys

import pynvml
import pytest
from sdk.tests.fake_nvml import UUIDS, FakeNvml

from argus import _gpu
from argus._cards import chosen
from argus._gpu import Gpus, flat_fields, open_gpus
from argus._nvml import NvmlReader, reason_names


def read(nvml, own=frozenset(), **variables):
    return NvmlReader(nvml).read(variables, set(own))


def test_every_card_is_read_and_what_one_cannot_tell_is_left_out():
    cards = read(FakeNvml(), {7, 8})
    assert cards[0] == {
        "index": 0, "vendor": "nvidia", "uuid": "GPU-aaaa-1", "name": "Card", "util_pct": 10.0, "mem_util_pct": 5.0,
        "mem_mb": 1000, "mem_total_mb": 80_000, "temp_c": 40, "power_w": 123.5, "power_limit_w": 300.0,
        "clock_sm_mhz": 1980, "clock_mem_mhz": 2619, "throttle": ["sw_power_cap", "board_limit"], "ecc_corrected": 3,
        "ecc_uncorrected": 0, "proc_mem_mb": 500, "visible": True, "ordinal": 0,
        "processes": [
            {"pid": 7, "mem_mb": 500, "own": True}, {"pid": 8, "mem_mb": None, "own": True},
            {"pid": 9, "mem_mb": 200, "own": False},
        ],
    }  # fmt: skip
    assert [card["index"] for card in cards] == [0, 1, 2]
    assert "power_w" not in cards[2]


def test_a_driver_without_the_newer_form_counts_what_it_keeps_for_itself():
    nvml = FakeNvml(1)
    nvml.is_old = True
    card = read(nvml)[0]
    assert (card["mem_mb"], card["mem_total_mb"]) == (1480, 80_000)


class TestNvml:
    def test_every_reason_that_nvml_has_a_name_for_has_one_here(self):
        constants = {
            name: getattr(pynvml, name)
            for name in dir(pynvml)
            if name.startswith(("nvmlClocksEventReason", "nvmlClocksThrottleReason")) and not name.endswith("All")
        }
        names = {reason_names(pynvml, bit)[0] for bit in constants.values() if bit}
        assert names == {
            "gpu_idle", "applications_clocks_setting", "sw_power_cap", "hw_slowdown", "sync_boost",
            "sw_thermal_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown", "display_clock_setting",
            "board_limit", "reliability",
        }  # fmt: skip
        assert reason_names(pynvml, 0) == []
        assert reason_names(pynvml, 1 << 40 | 1) == ["gpu_idle", "bit_40"]

    def test_a_library_of_before_the_event_reasons_is_asked_by_the_old_name(self):
        class Old(FakeNvml):
            nvmlDeviceGetCurrentClocksEventReasons = None

            def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle):
                return pynvml.nvmlClocksThrottleReasonHwSlowdown

        assert read(Old())[0]["throttle"] == ["hw_slowdown"]

    def test_a_question_that_a_card_cannot_answer_is_not_asked_again(self):
        nvml = FakeNvml(mig={1: 1})
        reader = NvmlReader(nvml)
        for _ in range(3):
            reader.read({}, set())
        assert (nvml.calls.count("rates 0"), nvml.calls.count("rates 1")) == (3, 1)

    def test_a_card_that_fell_off_the_bus_costs_only_itself(self):
        nvml = FakeNvml()
        nvml.lost = {1}
        cards = read(nvml)
        assert cards[1] == {
            "index": 1, "vendor": "nvidia", "error": "GPU is lost", "visible": True, "ordinal": 1,
        }  # fmt: skip
        assert cards[2]["temp_c"] == 42

    def test_a_driver_that_was_reloaded_is_opened_again(self):
        nvml = FakeNvml()
        reader = NvmlReader(nvml)
        nvml.uninitialised = True
        assert len(reader.read({}, set())) == 3
        assert nvml.calls.count("nvmlInit") == 2

    def test_a_library_that_lacks_functions_leaves_their_fields_out(self):
        class Oldest(FakeNvml):
            nvmlDeviceGetMigMode = nvmlDeviceGetTotalEccErrors = property(lambda self: pynvml.no_such_name)

        assert "ecc_corrected" not in read(Oldest())[0]
        assert read(Oldest())[0]["util_pct"] == 10.0

    def test_versions_of_driver_and_cuda_are_read(self):
        assert NvmlReader(FakeNvml()).facts() == {"driver_version": "580.65.06", "cuda_driver_version": "13.1"}


def test_of_many_processes_on_a_card_the_runs_own_and_the_largest_are_told():
    nvml = FakeNvml(cards=1)
    nvml.processes = {pid: pid * 2**20 for pid in range(1, 101)}
    card = read(nvml, {3, 5})[0]
    assert [process["pid"] for process in card["processes"]] == [5, 3, *range(100, 86, -1)]
    assert card["proc_mem_mb"] == 8


class TestMig:
    def test_a_divided_card_tells_of_its_instances(self):
        card = read(FakeNvml(mig={1: 2}), {7})[1]
        assert "util_pct" not in card
        assert [part["uuid"] for part in card["mig"]] == ["MIG-11-uuid", "MIG-12-uuid"]
        assert card["mig"][0] == {
            "uuid": "MIG-11-uuid", "name": "Card MIG 1g.10gb", "mem_mb": 200, "mem_total_mb": 10_000, "gi": 1, "ci": 0,
            "proc_mem_mb": 500, "visible": True,
            "processes": [
                {"pid": 7, "mem_mb": 500, "own": True}, {"pid": 9, "mem_mb": 200, "own": False},
                {"pid": 8, "mem_mb": None, "own": False},
            ],
        }  # fmt: skip

    @pytest.mark.parametrize("name", ["MIG-12-uuid", "MIG-12", "MIG-GPU-bbbb-2/2/0"])
    def test_an_instance_is_visible_by_its_name_and_the_flat_fields_are_its_own(self, name):
        cards = read(FakeNvml(mig={1: 2}), CUDA_VISIBLE_DEVICES=name)
        assert [card["visible"] for card in cards] == [False, True, False]
        assert [part["visible"] for part in cards[1]["mig"]] == [False, True]
        assert flat_fields(cards)["gpu_mem_total_mb"] == 10_000
        assert flat_fields(cards)["gpu_mem_mb"] == 300
        assert "gpu_util_pct" not in flat_fields(cards)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, [0, 1, 2]),
        ("", []),
        ("1", [1]),
        ("2,0", [2, 0]),
        ("0,-1,1", [0]),
        ("0,7,1", [0]),
        ("1,1,2", [1]),
        ("GPU-aaaa", [0]),
        ("gpu-AAAA-1", [0]),
        ("GPU-bbcc-3, GPU-aaaa-1", [2, 0]),
        ("GPU-bb", []),
        ("NoDevFiles", []),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_does(setting, expected):
    assert chosen(setting, [[uuid] for uuid in UUIDS]) == expected


class TestFlatFields:
    def test_they_are_of_the_first_card_in_the_order_of_the_process(self):
        assert flat_fields(read(FakeNvml(), CUDA_VISIBLE_DEVICES="2,0")) == {
            "gpu_util_pct": 30.0, "gpu_mem_mb": 3000, "gpu_mem_total_mb": 80_000, "gpu_temp_c": 42,
            "proc_gpu_mem_mb": 0,
        }  # fmt: skip

    def test_a_card_on_which_the_run_holds_memory_comes_before_an_idle_one(self):
        cards = read(FakeNvml())
        cards[1]["proc_mem_mb"] = 200
        assert flat_fields(cards)["gpu_util_pct"] == 20.0

    def test_of_no_visible_card_they_tell_the_machines_first_and_of_none_nothing(self):
        assert flat_fields(read(FakeNvml(), CUDA_VISIBLE_DEVICES=""))["gpu_util_pct"] == 10.0
        assert flat_fields([]) == {}


class TestMissing:
    def test_a_library_that_is_not_there_is_looked_for_once(self, monkeypatch):
        tried = []

        def absent():
            tried.append(1)
            raise ImportError

        monkeypatch.setattr(_gpu, "_libraries", {})
        monkeypatch.setattr(_gpu, "_import_pynvml", absent)
        monkeypatch.setattr(_gpu, "_AMD_DRIVER", "/no/such/driver")
        assert [open_gpus() for _ in range(3)] == [None, None, None]
        assert tried == [1]

    def test_a_library_without_its_driver_is_no_gpu(self, monkeypatch):
        class Driverless(FakeNvml):
            def nvmlInit(self):
                raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

        monkeypatch.setattr(_gpu, "_libraries", {"pynvml": Driverless(), "amdsmi": None})
        assert open_gpus() is None

    def test_amdsmi_is_not_imported_where_the_kernel_has_no_amd_driver(self, tmp_path):
        (tmp_path / "amdsmi.py").write_text("raise SystemExit('imported')")
        code = "from argus import _gpu; _gpu._AMD_DRIVER = '/no/such'; print(_gpu.amd_library())"
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"]
        assert subprocess.check_output(command, text=True).strip() == "None"


def test_the_record_of_a_run_has_the_cards_and_versions(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    facts = Gpus([NvmlReader(FakeNvml(cards=2))]).facts()
    assert facts["driver_version"] == "580.65.06"
    assert facts["gpu_names"] == ["Card", "Card"]
    assert facts["gpus"][1] == {
        "index": 1, "vendor": "nvidia", "uuid": "GPU-bbbb-2", "name": "Card", "mem_total_mb": 80_000,
        "power_limit_w": 300.0, "visible": True, "ordinal": 0,
    }  # fmt: skip
